#include "base/checksum.h"

#include <string>

#include <gtest/gtest.h>

#include "base/prng.h"

namespace nowthen {
namespace {

// RFC 3720 B.4; the bytes of its results are in little-endian order there.
TEST(Crc32c, matches_the_vectors_of_rfc_3720) {
  std::string ascending, descending;
  for (int i = 0; i < 32; ++i) {
    ascending.push_back(static_cast<char>(i));
    descending.push_back(static_cast<char>(31 - i));
  }
  const std::string zeros(32, '\0'), ones(32, '\xff');
  for (const auto crc : {crc32c, crc32c_software}) {
    EXPECT_EQ(crc(zeros, 0), 0x8a9136aau);
    EXPECT_EQ(crc(ones, 0), 0x62a8ab43u);
    EXPECT_EQ(crc(ascending, 0), 0x46dd794eu);
    EXPECT_EQ(crc(descending, 0), 0x113fdb5cu);
    EXPECT_EQ(crc("123456789", 0), 0xe3069283u);
    EXPECT_EQ(crc("", 0), 0u);
  }
}

TEST(Crc32c, instruction_and_table_agree_at_every_length_and_alignment) {
  Prng random(7);
  std::string data;
  for (int i = 0; i < 300; ++i) data.push_back(static_cast<char>(random.next()));
  for (std::size_t from = 0; from < 9; ++from) {
    for (std::size_t size = 0; size <= 280; ++size) {
      const std::string_view part = std::string_view(data).substr(from, size);
      ASSERT_EQ(crc32c(part, 5), crc32c_software(part, 5)) << from << '+' << size;
    }
  }
}

TEST(Crc32c, pieces_one_after_the_other_equal_the_whole) {
  const std::string_view whole = "key and value, one after the other";
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    EXPECT_EQ(crc32c(whole.substr(cut), crc32c(whole.substr(0, cut))), crc32c(whole));
  }
}

}  // namespace
}  // namespace nowthen
