#include "store/rocks_wal.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <rocksdb/env.h>
#include <stdlib.h>

#include "base/checksum.h"

namespace nowthen::store {
namespace {

// Logs written by hand, in the format of RocksDB.
class Logs : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/logs-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static std::string little_endian(std::uint64_t number, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text.push_back(static_cast<char>(number >> (8 * i)));
    return text;
  }
  static std::string fragment(char type, const std::string& data) {
    const std::uint32_t crc = crc32c(data, crc32c(std::string(1, type)));
    const std::uint32_t masked = ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
    return little_endian(masked, 4) + little_endian(data.size(), 2) + type + data;
  }
  // A whole write that takes the sequence numbers first .. first + count - 1.
  static std::string write_data(std::uint64_t first, std::uint64_t count, std::size_t size = 50) {
    return little_endian(first, 8) + little_endian(count, 4) +
           std::string(count > 0 ? size : 0, 'x');
  }
  static std::string write(std::uint64_t first, std::uint64_t count) {
    return fragment(1, write_data(first, count));
  }
  static std::string damaged(std::string fragment, std::size_t at = 30) {
    fragment[at] = static_cast<char>(fragment[at] ^ 1);
    return fragment;
  }
  void log(int number, const std::string& bytes) {
    std::ofstream(folder_ + "/00000" + std::to_string(number) + ".log", std::ios::binary) << bytes;
  }
  bool torn() { return is_torn_at_the_end(*rocksdb::Env::Default(), folder_); }

  std::string folder_;
};

TEST_F(Logs, that_are_intact_or_missing_are_not_torn) {
  EXPECT_FALSE(torn());
  log(1, write(1, 2) + write(3, 1));
  log(2, write(4, 2));
  EXPECT_FALSE(torn());
}

TEST_F(Logs, a_damaged_or_short_last_write_is_a_tear) {
  const std::string last = write(3, 1);
  log(1, write(1, 2) + damaged(last));
  EXPECT_TRUE(torn());
  log(1, write(1, 2) + damaged(last, 5));  // its length
  EXPECT_TRUE(torn());
  for (std::size_t size = 1; size < last.size(); ++size) {
    log(1, write(1, 2) + last.substr(0, size));
    EXPECT_TRUE(torn()) << size;
  }
  log(1, write(1, 2) + std::string(300, '\0'));  // blocks that were never written
  EXPECT_TRUE(torn());
}

TEST_F(Logs, an_intact_write_after_the_damage_means_loss) {
  log(1, write(1, 2) + damaged(write(3, 1)) + write(4, 1));
  EXPECT_FALSE(torn());
  log(1, write(1, 2) + damaged(write(3, 1), 4) + write(4, 1));  // its length: found all the same
  EXPECT_FALSE(torn());
  log(1, write(1, 2) + damaged(write(3, 1)));
  log(2, write(4, 1));
  EXPECT_FALSE(torn());
}

// Found by cutting the power a second time, during recovery: the new log was there already, with
// the mark of where it goes on.
TEST_F(Logs, a_later_log_with_only_the_mark_of_recovery_keeps_the_tear_harmless) {
  log(1, write(1, 2) + damaged(write(3, 1)));
  log(2, write(3, 0));
  EXPECT_TRUE(torn());
}

TEST_F(Logs, a_tear_that_was_recovered_from_does_not_hide_a_new_one) {
  log(1, write(1, 2) + damaged(write(3, 1)));
  log(2, write(3, 0) + write(3, 2));
  EXPECT_FALSE(torn());
  log(2, write(3, 0) + write(3, 2) + damaged(write(5, 1)));
  EXPECT_TRUE(torn());
  log(2, write(3, 0) + write(3, 2) + damaged(write(5, 1)) + write(6, 1));
  EXPECT_FALSE(torn());
}

TEST_F(Logs, writes_in_several_blocks_count_once) {
  constexpr std::size_t kBlock = 32u << 10, kHeader = 7;
  const std::string data = write_data(1, 5, 70'000);
  const std::string first = fragment(2, data.substr(0, kBlock - kHeader));
  const std::string middle = fragment(3, data.substr(kBlock - kHeader, kBlock - kHeader));
  const std::string last = fragment(4, data.substr(2 * (kBlock - kHeader)));
  log(1, first + middle + last + write(6, 1));
  EXPECT_FALSE(torn());
  log(1, first + middle + last + damaged(write(6, 1)));
  EXPECT_TRUE(torn());
  log(1, first + damaged(middle) + last);  // torn in its middle, the rest reached the disk
  EXPECT_TRUE(torn());
  log(1, damaged(first) + middle + last);
  EXPECT_TRUE(torn());
  log(1, first + damaged(middle) + last + write(6, 1));
  EXPECT_FALSE(torn());
  log(1, first + middle);
  EXPECT_TRUE(torn());
}

}  // namespace
}  // namespace nowthen::store
