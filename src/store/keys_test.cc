#include "store/keys.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/prng.h"

namespace nowthen::store {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using namespace std::string_view_literals;

const InvocationId kId = InvocationId::make(0x0123456789ab, 0x0203, 0x1122334455667788);

bool in(const KeyRange& range, const std::string& key) {
  return range.from <= key && key < range.to;
}

TEST(Keys, bytes_are_those_of_the_format_page) {
  EXPECT_EQ(live_key(kId),
            "L\x02\x03\x01\x23\x45\x67\x89\xab\x02\x03\x11\x22\x33\x44\x55\x66\x77\x88"sv);
  EXPECT_EQ(entry_key(kId, 258), "J" + live_key(kId).substr(1) + std::string("\0\0\x01\x02", 4));
  EXPECT_EQ(input_key(kId), "P" + live_key(kId).substr(1));
  EXPECT_EQ(finished_key(kId, Bucket{0x04050607}, Aux::rows),
            "F\x02\x03\x04\x05\x06\x07\x01" + live_key(kId).substr(3));
  EXPECT_EQ(result_key(kId, Bucket{0x04050607}),
            "R\x02\x03\x04\x05\x06\x07" + live_key(kId).substr(3));
  EXPECT_EQ(state_key(1, {"s", std::string("a\0b", 3)}, "n"),
            "K\0\x01s\0\x01"
            "a\0\xff"
            "b\0\x01n"sv);
  EXPECT_EQ(outbox_key(1, 2), "O\0\x01\0\0\0\0\0\0\0\x02"sv);
  EXPECT_EQ(epoch_key(1), "E\0\x01"sv);
  EXPECT_EQ(meta_key("partitions"), "Mpartitions");
}

TEST(Keys, parse_gives_back_what_went_in) {
  EXPECT_EQ(invocation_of_key(live_key(kId)), kId);
  EXPECT_EQ(invocation_of_key(input_key(kId)), kId);
  EXPECT_EQ(invocation_of_key(result_key(kId, Bucket{9})), kId);
  const auto entry = parse_entry_key(entry_key(kId, 70'000));
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->id, kId);
  EXPECT_EQ(entry->index, 70'000u);
  const auto finished = parse_finished_key(finished_key(kId, Bucket{77}, Aux::rows));
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->id, kId);
  EXPECT_EQ(finished->bucket, Bucket{77});
  EXPECT_EQ(finished->aux, Aux::rows);
  const core::OrderKey order{std::string("s\0\x01t", 4), std::string("\0", 1)};
  const auto state = parse_state_key(state_key(5, order, "na\0me"));
  ASSERT_TRUE(state);
  EXPECT_EQ(state->partition, 5);
  EXPECT_EQ(state->order, order);
  EXPECT_EQ(parse_outbox_key(outbox_key(3, 99)), 99u);
  EXPECT_EQ(parse_policy_key(declaration_key("op"))->row, PolicyRow::declaration);
  EXPECT_EQ(parse_policy_key(override_key("op"))->row, PolicyRow::override_);
  const auto history = parse_policy_key(policy_history_key("op", 8));
  ASSERT_TRUE(history);
  EXPECT_EQ(history->operation, "op");
  EXPECT_EQ(history->seq, 8u);
}

TEST(Keys, other_bytes_are_no_key) {
  for (const std::string& key : {live_key(kId), entry_key(kId, 1), outbox_key(1, 1),
                                 finished_key(kId, Bucket{1}, Aux::none), override_key("op")}) {
    for (const std::string& wrong : {key.substr(0, key.size() - 1), key + "x", std::string()}) {
      EXPECT_FALSE(invocation_of_key(wrong));
      EXPECT_FALSE(parse_entry_key(wrong));
      EXPECT_FALSE(parse_finished_key(wrong));
      EXPECT_FALSE(parse_outbox_key(wrong));
      EXPECT_FALSE(parse_policy_key(wrong));
      EXPECT_NE(describe_key(wrong), "");
    }
  }
  // An id in the range of a partition that is not its own.
  for (std::string key :
       {live_key(kId), entry_key(kId, 1), finished_key(kId, Bucket{1}, Aux::none)}) {
    key[2] ^= 1;
    EXPECT_FALSE(invocation_of_key(key));
  }
  EXPECT_FALSE(parse_state_key("K\0\x01no-end"sv));
  EXPECT_EQ(describe_key(live_key(kId)), "live header of " + to_string(kId));
  EXPECT_EQ(describe_key(entry_key(kId, 3)), "journal entry 3 of " + to_string(kId));
}

TEST(Keys, ranges_hold_their_rows_and_no_others) {
  const InvocationId next = InvocationId::make(0x0123456789ab, 0x0203, 0x1122334455667789);
  EXPECT_TRUE(in(live_keys(0x0203), live_key(kId)));
  EXPECT_FALSE(in(live_keys(0x0204), live_key(kId)));
  EXPECT_FALSE(in(live_keys(0x0203), entry_key(kId, 0)));
  EXPECT_TRUE(in(entry_keys(kId), entry_key(kId, 0)));
  EXPECT_TRUE(in(entry_keys(kId), entry_key(kId, 0xffffffff)));
  EXPECT_FALSE(in(entry_keys(kId), entry_key(next, 0)));
  const std::string plain = finished_key(kId, Bucket{100}, Aux::none);
  const std::string aux = finished_key(kId, Bucket{100}, Aux::rows);
  EXPECT_TRUE(in(finished_keys(0x0203, Bucket{100}), plain));
  EXPECT_TRUE(in(finished_keys(0x0203, Bucket{100}), aux));
  EXPECT_TRUE(in(finished_keys(0x0203, Bucket{100}, Aux::none), plain));
  EXPECT_FALSE(in(finished_keys(0x0203, Bucket{100}, Aux::none), aux));
  EXPECT_FALSE(in(finished_keys(0x0203, Bucket{101}), aux));
  EXPECT_TRUE(in(finished_keys_after(0x0203, Bucket{99}), plain));
  EXPECT_FALSE(in(finished_keys_after(0x0203, Bucket{100}), aux));
  EXPECT_TRUE(
      in(finished_keys(0xffff, Bucket{0xffffffff}),
         finished_key(InvocationId::make(1, 0xffff, ~0ull), Bucket{0xffffffff}, Aux::rows)));
  EXPECT_TRUE(in(state_keys(1, {"a", "b"}), state_key(1, {"a", "b"}, "")));
  EXPECT_FALSE(in(state_keys(1, {"a", "b"}), state_key(1, {"a", "bb"}, "")));
  EXPECT_FALSE(in(state_keys(1, {"a", "b"}), state_key(1, {"ab", ""}, "")));
  EXPECT_TRUE(in(policy_keys("op"), policy_history_key("op", ~0ull)));
  EXPECT_FALSE(in(policy_keys("op"), declaration_key("op2")));
  EXPECT_TRUE(in(policy_keys(), declaration_key("\xff\xff")));
}

TEST(Keys, state_keys_sort_as_scope_key_and_name_do_and_never_collide) {
  Prng random(3);
  const auto text = [&random] {
    std::string out;
    for (auto size = random.below(4); size > 0; --size) {
      out.push_back(
          "\x00\x01\xff"
          "a"[random.below(4)]);
    }
    return out;
  };
  for (int round = 0; round < 20'000; ++round) {
    const core::OrderKey a{text(), text()}, b{text(), text()};
    const std::string a_name = text(), b_name = text();
    const auto left = std::tie(a.scope, a.key, a_name), right = std::tie(b.scope, b.key, b_name);
    ASSERT_EQ(left < right, state_key(1, a, a_name) < state_key(1, b, b_name));
    ASSERT_EQ(left == right, state_key(1, a, a_name) == state_key(1, b, b_name));
  }
}

TEST(Buckets, sixteen_to_thirty_two_cover_a_retention) {
  EXPECT_EQ(bucket_width_s(seconds(1)), 1u);
  EXPECT_EQ(bucket_width_s(seconds(31)), 1u);
  EXPECT_EQ(bucket_width_s(seconds(32)), 2u);
  EXPECT_EQ(bucket_width_s(hours(24)), 4'096u);
  EXPECT_EQ(bucket_width_s(hours(24 * 30)), 131'072u);
  for (std::int64_t s = 16; s < 400'000'000; s = s * 5 / 4) {
    const std::int64_t width = bucket_width_s(seconds(s));
    EXPECT_GE(s / width, 16) << s;
    EXPECT_LE(s / width, 32) << s;
  }
}

TEST(Buckets, nothing_is_dropped_early_nor_kept_a_width_longer) {
  Prng random(9);
  for (int round = 0; round < 10'000; ++round) {
    const WallTime ended =
        from_us(1'790'000'000'000'000 + static_cast<std::int64_t>(random.below(1ull << 40)));
    const Duration retain{1'000'000 + static_cast<std::int64_t>(random.below(1ull << 45))};
    const std::int64_t bucket_us =
        static_cast<std::int64_t>(static_cast<std::uint32_t>(bucket_of(ended, retain))) * 1'000'000;
    const std::int64_t due = to_us(ended + retain);
    ASSERT_GE(bucket_us, due);
    ASSERT_LT(bucket_us, due + (bucket_width_s(retain) + 1) * std::int64_t{1'000'000});
  }
  EXPECT_EQ(bucket_of(kNever, hours(1)), Bucket{0xffffffff});
  EXPECT_EQ(bucket_of(WallTime::min(), hours(1)), bucket_of(WallTime{}, hours(1)));
}

}  // namespace
}  // namespace nowthen::store
