#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "store/store.h"

namespace rocksdb {
class Env;
}

namespace nowthen::store {

struct RocksOptions {
  std::string folder;             ///< made if it is missing
  std::uint16_t partitions = 64;  ///< of a new folder, 1..65535; an existing one keeps its own
  /// A commit runs on the caller's thread while commits take less than this and no other one is
  /// being written, else on a thread of the store. 0: always on the thread.
  std::chrono::nanoseconds inline_commit_max = std::chrono::microseconds(300);
  std::size_t memtable_bytes = 8u << 20;  ///< of each of two tables; at least 64 KiB
  std::size_t block_cache_bytes = 8u << 20;
  rocksdb::Env* env = nullptr;  ///< not owned; none: the machine's. For fault tests
};

/// Since the store was opened.
struct RocksStats {
  std::uint64_t turns = 0;
  std::uint64_t wal_syncs = 0;               ///< writes of the log, each of one or more turns
  std::uint64_t rows = 0;                    ///< put or erased; a range counts as one
  std::uint64_t bytes = 0;                   ///< of keys and values
  std::chrono::nanoseconds commit_median{};  ///< running estimate
  bool inline_commits = true;                ///< as of now
};

/// The store in a folder on disk, by RocksDB. docs/formats/keys.md says what lies in the folder.
///
/// A commit completes when it is synced. The first write or fsync error is final. One process owns
/// a folder. Completions run on the caller's thread or on the one commit thread. Destroying it
/// waits for commits under way; no call may be running then.
class RocksStore : public Store {
 public:
  /// Fixed when the folder was made.
  virtual std::uint16_t partitions() const = 0;
  virtual RocksStats stats() const = 0;
};

/// Opens a folder, or makes it. Errors: `locked` (names the pid of the owner), `newer_version`,
/// `corruption` (what was acknowledged is damaged; nothing was repaired), `invalid_argument`,
/// `store_failed`. Half a turn at the end of the log, which no one was told of, is dropped.
Result<std::unique_ptr<RocksStore>> open_rocks_store(RocksOptions options);

}  // namespace nowthen::store
