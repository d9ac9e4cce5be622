// Goal: no torn, changed or misplaced row is ever taken for a good one.
// Method: real rows of every kind, then every truncation, every single-byte change of key and
// value, and random bytes in between.

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/checksum.h"
#include "base/wire.h"
#include "store/codec.h"
#include "store/sample_rows.h"

namespace nowthen::store {
namespace {

struct Case {
  RowWrite row;
  std::function<Result<void>(std::string_view, std::string_view)> decode;
};

template <class Decode>
auto without_value(Decode decode) {
  return [decode](std::string_view key, std::string_view value) -> Result<void> {
    const auto result = decode(key, value);
    if (!result) return result.error();
    return {};
  };
}

std::vector<Case> cases() {
  SampleRows sample(11);
  core::Invocation it = sample.invocation(30);
  it.outcome.data = std::string(2'000, 'r');
  core::Entry entry = sample.entry();
  entry.done_seq = 4;
  std::vector<RowWrite> finished;
  encode_finished(it, bucket_of(it.ended, std::chrono::hours(1)), finished);
  std::vector<Case> all;
  all.push_back({encode_header(it), without_value(decode_header)});
  all.push_back({encode_entry(it.id, 3, entry), without_value(decode_entry)});
  all.push_back({finished[0], without_value(decode_finished)});
  all.push_back({finished[1], without_value(decode_result)});
  all.push_back({encode_input(it.id, "input"), without_value(decode_input)});
  all.push_back({encode_message(1, 2, sample.message()), without_value(decode_message)});
  all.push_back({encode_idempotency(1, "record", {it.id, 5}), without_value(decode_idempotency)});
  all.push_back({encode_state(1, {"s", "k"}, "n", "bytes"), without_value(decode_state)});
  all.push_back({encode_epoch(1, OwnerEpoch{3}), without_value(decode_epoch)});
  all.push_back({encode_opaque(meta_key("x"), "fact"), without_value(decode_opaque)});
  return all;
}

TEST(DamagedRow, every_truncation_is_corruption) {
  for (const Case& each : cases()) {
    ASSERT_TRUE(each.decode(each.row.key, *each.row.value)) << describe_key(each.row.key);
    for (std::size_t size = 0; size < each.row.value->size(); ++size) {
      const auto result = each.decode(each.row.key, each.row.value->substr(0, size));
      ASSERT_EQ(result.error().code, ErrorCode::corruption) << size;
    }
    EXPECT_EQ(each.decode(each.row.key, *each.row.value + "x").error().code, ErrorCode::corruption);
  }
}

TEST(DamagedRow, every_changed_byte_of_key_or_value_is_corruption) {
  Prng random(2);
  for (const Case& each : cases()) {
    std::string key = each.row.key, value = *each.row.value;
    for (std::string* bytes : {&key, &value}) {
      for (char& byte : *bytes) {
        const char good = byte;
        for (int bit = 0; bit < 8; ++bit) {
          byte = static_cast<char>(good ^ (1 << bit));
          ASSERT_EQ(each.decode(key, value).error().code, ErrorCode::corruption);
        }
        byte = static_cast<char>(good + 1 + static_cast<int>(random.below(255)));
        ASSERT_EQ(each.decode(key, value).error().code, ErrorCode::corruption);
        byte = good;
      }
    }
  }
}

TEST(DamagedRow, the_error_names_row_and_invocation) {
  const Case header = std::move(cases()[0]);
  const Error error = header.decode(header.row.key, "").error();
  EXPECT_NE(error.message.find("live header of " + to_string(*invocation_of_key(header.row.key))),
            std::string::npos)
      << error.message;
}

// With a right checksum, so that the payload decoders are reached.
std::string sealed(std::string_view key, std::string value) {
  Writer(value).be32(crc32c(value, crc32c(key)));
  return value;
}

TEST(DamagedRow, a_later_version_is_named_as_such) {
  for (const Case& each : cases()) {
    std::string value = each.row.value->substr(0, each.row.value->size() - 4);
    value[0] = 2;
    EXPECT_EQ(each.decode(each.row.key, sealed(each.row.key, value)).error().code,
              ErrorCode::newer_version);
    value[0] = 0;
    EXPECT_EQ(each.decode(each.row.key, sealed(each.row.key, value)).error().code,
              ErrorCode::corruption);
  }
}

TEST(DamagedRow, payload_decoders_survive_any_bytes) {
  Prng random(5);
  for (const Case& each : cases()) {
    const std::string good = each.row.value->substr(0, each.row.value->size() - 4);
    for (int round = 0; round < 3'000; ++round) {
      std::string value = good.substr(0, 1 + random.below(good.size()));
      for (auto n = random.below(4); n > 0 && value.size() > 1; --n) {
        value[1 + random.below(value.size() - 1)] = static_cast<char>(random.next());
      }
      // Either way is right; it must neither crash nor read beyond the bytes.
      (void)each.decode(each.row.key, sealed(each.row.key, value)).has_value();
    }
  }
}

}  // namespace
}  // namespace nowthen::store
