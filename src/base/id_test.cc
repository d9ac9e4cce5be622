#include <string>
#include <unordered_set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nowthen/id.h>

#include "base/prng.h"

namespace nowthen {
namespace {

constexpr std::uint64_t kMax = ~std::uint64_t{0};

struct Pair {
  InvocationId id;
  std::string text;
};

// Worked out by hand: 26 digits of 5 bits, the first two bits of the first one being no part of it.
const std::vector<Pair> kKnown = {
    {{0, 0}, "00000000000000000000000000"},    {{0, 1}, "00000000000000000000000001"},
    {{0, 31}, "0000000000000000000000000z"},   {{0, 32}, "00000000000000000000000010"},
    {{0, kMax}, "0000000000000fzzzzzzzzzzzz"}, {{1, 0}, "0000000000000g000000000000"},
    {{kMax, 0}, "7zzzzzzzzzzzzg000000000000"}, {{kMax, kMax}, "7zzzzzzzzzzzzzzzzzzzzzzzzz"},
};

TEST(InvocationId, parts_are_where_they_were_put) {
  constexpr InvocationId id = InvocationId::make(1'700'000'000'123, 513, 42);
  static_assert(id.created_ms() == 1'700'000'000'123);
  static_assert(id.partition() == 513);
  static_assert(id.low == 42);
  static_assert(!id.is_null());
  static_assert(InvocationId{}.is_null());
  static_assert(!InvocationId::make(0, 0, 1).is_null());
}

TEST(InvocationId, sorts_by_creation_time_before_all_else) {
  EXPECT_LT(InvocationId::make(1, 65535, kMax), InvocationId::make(2, 0, 0));
  EXPECT_LT(InvocationId::make(1, 0, kMax), InvocationId::make(1, 1, 0));
}

TEST(InvocationId, known_ids_have_known_texts) {
  for (const Pair& known : kKnown) {
    EXPECT_EQ(to_string(known.id), known.text);
    const Result<InvocationId> parsed = parse_invocation_id(known.text);
    ASSERT_TRUE(parsed) << known.text;
    EXPECT_EQ(*parsed, known.id) << known.text;
  }
}

TEST(InvocationId, text_round_trips_and_sorts_as_the_id_does) {
  Prng prng{1};
  InvocationId last;
  for (int i = 0; i < 10'000; ++i) {
    // Every second one shares its first bits with the last, so that late digits decide too.
    const InvocationId id = i % 2 == 0 ? InvocationId{prng.next(), prng.next()}
                                       : InvocationId{last.high, last.low ^ prng.below(1 << 20)};
    const Result<InvocationId> parsed = parse_invocation_id(to_string(id));
    ASSERT_TRUE(parsed);
    ASSERT_EQ(*parsed, id);
    ASSERT_EQ(id <=> last, to_string(id) <=> to_string(last));
    last = id;
  }
}

// Goal: nothing but the output of to_string is accepted. Method: put each byte in each place.
TEST(InvocationId, no_second_text_of_an_id_is_accepted) {
  const std::string text =
      to_string(InvocationId::make(1'700'000'000'123, 513, 0x9e3779b97f4a7c15));
  for (std::size_t place = 0; place < text.size(); ++place) {
    int accepted = 0;
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = text;
      changed[place] = static_cast<char>(byte);
      const Result<InvocationId> parsed = parse_invocation_id(changed);
      if (!parsed) {
        EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
        continue;
      }
      ++accepted;
      EXPECT_EQ(to_string(*parsed), changed);
    }
    EXPECT_EQ(accepted, place == 0 ? 8 : 32) << place;
  }
}

TEST(InvocationId, text_of_another_length_is_refused_with_its_length) {
  const std::string text = to_string(InvocationId{1, 2});
  for (const std::string& wrong :
       {std::string{}, text.substr(1), text + "0", " " + text, std::string(1'000'000, '0')}) {
    const Result<InvocationId> parsed = parse_invocation_id(wrong);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(parsed.error().message, testing::EndsWith(" " + std::to_string(wrong.size())));
  }
}

TEST(InvocationId, refusal_names_the_first_wrong_character) {
  const Result<InvocationId> parsed = parse_invocation_id("01hf7yat3x0g1o00000000000u");
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().message, testing::HasSubstr("character 14 "));
}

TEST(InvocationId, ids_made_in_one_millisecond_hash_apart) {
  std::unordered_set<std::size_t> hashes;
  Prng prng{7};
  for (std::uint16_t partition = 0; partition < 1'000; ++partition) {
    hashes.insert(std::hash<InvocationId>{}(InvocationId::make(1, partition, prng.next())));
  }
  EXPECT_EQ(hashes.size(), 1'000U);
}

}  // namespace
}  // namespace nowthen
