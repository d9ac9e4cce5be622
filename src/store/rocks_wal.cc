#include "store/rocks_wal.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <string_view>
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

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t number = 0;
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
  if (crc32c(block.substr(6, size - 6)) != unmask(little_endian(block.substr(0, 4)))) return {};
  return {type, size};
}

bool begins_a_write(const Fragment& fragment) {
  return fragment.type == kFull || fragment.type == kFirst;
}

std::string newest_log(rocksdb::Env& env, const std::string& folder) {
  std::vector<std::string> names;
  if (!env.GetChildren(folder, &names).ok()) return {};
  std::string newest;
  std::uint64_t newest_number = 0;
  for (const std::string& name : names) {
    if (!name.ends_with(".log") || !std::isdigit(static_cast<unsigned char>(name.front()))) continue;
    const std::uint64_t number = std::stoull(name);
    if (number < newest_number) continue;
    newest_number = number;
    newest = folder + "/" + name;
  }
  return newest;
}

}  // namespace

bool is_torn_at_the_end(rocksdb::Env& env, const std::string& folder) {
  const std::string path = newest_log(env, folder);
  std::string log;
  if (path.empty() || !rocksdb::ReadFileToString(&env, path, &log).ok()) return false;
  bool damaged = false;
  for (std::size_t start = 0; start < log.size(); start += kBlock) {
    std::string_view block = std::string_view(log).substr(start, kBlock);
    while (!block.empty()) {
      const Fragment fragment = fragment_at(block);
      if (fragment.size != 0) {
        if (damaged && begins_a_write(fragment)) return false;
        block.remove_prefix(fragment.size);
        continue;
      }
      // Less than a header at the end of a block is zero padding. Anything else is damage: the
      // length cannot be trusted either, so the next fragment is looked for at every byte.
      damaged = damaged || block.size() >= kFragmentHeader ||
                !std::ranges::all_of(block, [](char byte) { return byte == 0; });
      block.remove_prefix(1);
    }
  }
  return damaged;
}

}  // namespace nowthen::store
