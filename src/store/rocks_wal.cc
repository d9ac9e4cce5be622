#include "store/rocks_wal.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <string_view>
#include <system_error>
#include <vector>

#include <rocksdb/env.h>

#include "base/checksum.h"

namespace nowthen::store {
namespace {

// The log format of RocksDB, db/log_format.h: blocks of 32 KiB; in them fragments of checksum (4
// bytes, masked CRC-32C of type and data), length (2) and type (1), little-endian, then the data.
constexpr std::size_t kBlock = 32u << 10;
constexpr std::size_t kFragmentHeader = 7;
enum FragmentType : std::uint8_t { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    number = (number << 8) | static_cast<unsigned char>(bytes[i]);
  }
  return number;
}

std::uint32_t unmask(std::uint32_t masked) {
  const std::uint32_t rotated = masked - 0xa282ead8u;
  return (rotated >> 17) | (rotated << 15);
}

// The type of the intact fragment at the start of `block`, and its whole size; 0 for none.
struct Fragment {
  std::uint8_t type = 0;
  std::size_t size = 0;
};
Fragment fragment_at(std::string_view block) {
  if (block.size() < kFragmentHeader) return {};
  const auto type = static_cast<std::uint8_t>(block[6]);
  const std::size_t size = kFragmentHeader + little_endian(block.substr(4, 2));
  if (type < kFull || type > kLast || size > block.size()) return {};
  const auto masked = static_cast<std::uint32_t>(little_endian(block.substr(0, 4)));
  if (crc32c(block.substr(6, size - 6)) != unmask(masked)) return {};
  return {type, size};
}

// Reads logs in order and tells a tear that cost nothing from damage to what was acknowledged.
class LogReader {
 public:
  // Whether the last log ends in a tear, and nothing that follows a tear anywhere was lost.
  bool torn_at_the_end() const { return torn_ && !lost_; }

  void read(std::string_view log) {
    for (; !log.empty(); log.remove_prefix(std::min(kBlock, log.size()))) {
      read_block(log.substr(0, kBlock));
    }
    if (in_write_) tear();  // the rest of it was never written
  }

 private:
  void read_block(std::string_view block) {
    while (!block.empty()) {
      const Fragment fragment = fragment_at(block);
      if (fragment.size != 0) {
        add(fragment.type, block.substr(kFragmentHeader, fragment.size - kFragmentHeader));
        block.remove_prefix(fragment.size);
        continue;
      }
      // Less than a header at the end of a block is zero padding. Anything else is damage: the
      // length cannot be trusted either, so the next fragment is looked for at every byte.
      const bool padding = block.size() < kFragmentHeader &&
                           std::ranges::all_of(block, [](char byte) { return byte == 0; });
      if (!padding) tear();
      block.remove_prefix(1);
    }
  }
  void add(std::uint8_t type, std::string_view data) {
    const bool begins = type == kFull || type == kFirst;
    if (begins == in_write_) tear();
    if (begins) {
      in_write_ = true;
      head_.clear();
    }
    if (!in_write_) return;  // the middle of a write whose beginning is damaged
    head_.append(data.substr(0, kWriteHead - std::min(kWriteHead, head_.size())));
    if (type == kFull || type == kLast) end_write();
  }
  // A write begins with its sequence number (8 bytes) and how many it takes (4).
  void end_write() {
    in_write_ = false;
    if (head_.size() < kWriteHead) return tear();
    const std::uint64_t first = little_endian(std::string_view(head_).substr(0, 8));
    const std::uint64_t count = little_endian(std::string_view(head_).substr(8, 4));
    if (count == 0) return;  // RocksDB notes so where it goes on after a tear
    if (torn_) {
      // Going on with the number after the last intact write means that the tear was found and
      // dropped when the database was opened then. Any other number means that writes are missing.
      if (first != next_) lost_ = true;
      torn_ = false;
    }
    next_ = first + count;
  }
  void tear() {
    torn_ = true;
    in_write_ = false;
  }

  static constexpr std::size_t kWriteHead = 12;
  bool torn_ = false;
  bool lost_ = false;
  bool in_write_ = false;
  std::string head_;        // of the write being read
  std::uint64_t next_ = 0;  // the sequence number after the last intact write
};

// Oldest first.
std::vector<std::string> logs_in(rocksdb::Env& env, const std::string& folder) {
  std::vector<std::string> names;
  if (!env.GetChildren(folder, &names).ok()) return {};
  std::map<std::uint64_t, std::string> logs;
  for (const std::string& name : names) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && std::string_view(end) == ".log") {
      logs[number] = folder + "/" + name;
    }
  }
  std::vector<std::string> paths;
  for (const auto& [number, path] : logs) paths.push_back(path);
  return paths;
}

}  // namespace

bool is_torn_at_the_end(rocksdb::Env& env, const std::string& folder) {
  LogReader reader;
  for (const std::string& path : logs_in(env, folder)) {
    std::string log;
    if (!rocksdb::ReadFileToString(&env, path, &log).ok()) return false;
    reader.read(log);
  }
  return reader.torn_at_the_end();
}

}  // namespace nowthen::store
