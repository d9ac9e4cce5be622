#include "base/wire.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "base/prng.h"

namespace nowthen {
namespace {

TEST(Wire, numbers_come_back_and_use_the_bytes_promised) {
  const std::vector<std::pair<std::uint64_t, std::size_t>> sizes = {
      {0, 1}, {127, 1}, {128, 2}, {16'383, 2}, {16'384, 3}, {~std::uint64_t{0}, 10}};
  for (const auto& [value, size] : sizes) {
    std::string out;
    Writer(out).varint(value);
    EXPECT_EQ(out.size(), size);
    Reader in(out);
    EXPECT_EQ(in.varint(), value);
    EXPECT_TRUE(in.finished());
  }
  using Limits64 = std::numeric_limits<std::int64_t>;
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{63},
                                   std::int64_t{-64}, Limits64::min(), Limits64::max()}) {
    std::string out;
    Writer(out).zigzag(value);
    if (value >= -64 && value <= 63) {
      EXPECT_EQ(out.size(), 1u);
    }
    Reader in(out);
    EXPECT_EQ(in.zigzag(), value);
    EXPECT_TRUE(in.finished());
  }
}

TEST(Wire, fixed_numbers_sort_as_bytes) {
  std::string a, b;
  Writer(a).be32(255);
  Writer(b).be32(256);
  EXPECT_LT(a, b);
  std::string out;
  Writer writer(out);
  writer.u8(1);
  writer.be16(0x0203);
  writer.be32(0x04050607);
  writer.be64(0x08090a0b0c0d0e0f);
  EXPECT_EQ(out, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f");
  Reader in(out);
  EXPECT_EQ(in.u8(), 1);
  EXPECT_EQ(in.be16(), 0x0203);
  EXPECT_EQ(in.be32(), 0x04050607u);
  EXPECT_EQ(in.be64(), 0x08090a0b0c0d0e0fu);
  EXPECT_TRUE(in.finished());
}

TEST(Wire, longer_forms_of_a_number_are_refused) {
  using namespace std::string_view_literals;
  for (const std::string_view form :
       {"\x80\x00"sv, "\xff\x80\x00"sv, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"sv,
        "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"sv, "\x80"sv, ""sv}) {
    Reader in(form);
    in.varint();
    EXPECT_TRUE(in.failed());
  }
  Reader in("\xff\xff\xff\xff\x1f"sv);
  EXPECT_EQ(in.varint32(), 0u);
  EXPECT_TRUE(in.failed());
}

TEST(Wire, failure_sticks_and_reads_nothing_more) {
  std::string out;
  Writer writer(out);
  writer.varint(100);  // a length without its bytes
  writer.raw("abc");
  Reader in(out);
  EXPECT_EQ(in.bytes(), "");
  EXPECT_TRUE(in.failed());
  EXPECT_EQ(in.u8(), 0);
  EXPECT_EQ(in.varint(), 0u);
  EXPECT_EQ(in.raw(1), "");
  EXPECT_EQ(in.remaining(), 0u);
  EXPECT_FALSE(in.finished());
}

TEST(Wire, a_count_beyond_the_bytes_is_refused) {
  std::string out;
  Writer writer(out);
  writer.varint(1'000'000);
  writer.raw("abc");
  Reader in(out);
  EXPECT_EQ(in.count(), 0u);
  EXPECT_TRUE(in.failed());
}

TEST(Wire, random_sequences_come_back) {
  Prng random(1);
  for (int round = 0; round < 2'000; ++round) {
    const std::uint64_t a = random.next() >> random.below(64);
    const auto b = static_cast<std::int64_t>(random.next() << random.below(64));
    const std::string text(random.below(40), 'x');
    std::string out;
    Writer writer(out);
    writer.varint(a);
    writer.zigzag(b);
    writer.bytes(text);
    for (std::size_t cut = 0; cut < out.size(); ++cut) {
      Reader torn(std::string_view(out).substr(0, cut));
      torn.varint();
      torn.zigzag();
      torn.bytes();
      ASSERT_TRUE(torn.failed());
    }
    Reader in(out);
    ASSERT_EQ(in.varint(), a);
    ASSERT_EQ(in.zigzag(), b);
    ASSERT_EQ(in.bytes(), text);
    ASSERT_TRUE(in.finished());
  }
}

}  // namespace
}  // namespace nowthen
