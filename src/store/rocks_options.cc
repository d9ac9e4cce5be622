#include "store/rocks_options.h"

#include <algorithm>
#include <memory>

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

namespace nowthen::store {
namespace {

/// Groups the keys of rows that come in nearly ascending order: by range and partition.
class PlaceHints : public rocksdb::SliceTransform {
 public:
  const char* Name() const override { return "nowthen.range-and-partition"; }
  bool InDomain(const rocksdb::Slice& key) const override {
    return has_place_hint({key.data(), key.size()});
  }
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override { return {key.data(), 3}; }
};

/// RocksDB would keep a log in the folder, and end the process where the disk is too full for it.
/// What goes wrong comes back as a status.
class Silence final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

}  // namespace

bool has_place_hint(std::string_view key) {
  if (key.empty()) return false;
  switch (key.front()) {
    case 'L':
      return key.size() == 19;
    case 'J':
      return key.size() == 23;
    case 'F':
      return key.size() == 24;
    default:
      return false;
  }
}

rocksdb::DBOptions rocks_db_options(const RocksOptions& options) {
  rocksdb::DBOptions db;
  db.env = options.env != nullptr ? options.env : rocksdb::Env::Default();
  db.create_if_missing = true;
  db.create_missing_column_families = true;

  // Durability. Sync on each write is not enough: without the check of the logs against the
  // manifest, a simulated power cut lost the middle of the log and nobody noticed.
  db.paranoid_checks = true;
  db.track_and_verify_wals_in_manifest = true;
  // Anything wrong before the last record refuses to open; see rocks_wal.h for a torn last record.
  // Recycling of logs would need a mode that skips damage, so there is none.
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  db.recycle_log_file_num = 0;
  db.manual_wal_flush = false;
  db.unordered_write = false;
  db.max_bgerror_resume_count = 0;  // the first error is final, nothing is tried again

  // Waiting writers block instead of spinning: with a sync of 100 us the spin never wins, and on
  // two cores it takes the processor from the one that writes.
  db.enable_write_thread_adaptive_yield = false;
  db.allow_concurrent_memtable_write = false;  // concurrent inserts do not use the place hints
  db.max_background_jobs = 2;
  db.bytes_per_sync = 1u << 20;  // spread the writing of tables, so that it does not delay syncs
  db.avoid_unnecessary_blocking_io = true;  // files are deleted in the background
  // A table that is seldom written to must not keep logs for ever.
  db.max_total_wal_size = std::max<std::uint64_t>(8 * options.memtable_bytes, 1u << 20);

  // Memory and noise of an idle process.
  db.max_open_files = 256;
  db.info_log = std::make_shared<Silence>();
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  return db;
}

rocksdb::ColumnFamilyOptions rocks_table_options(const RocksOptions& options) {
  rocksdb::ColumnFamilyOptions table;
  table.write_buffer_size = options.memtable_bytes;
  table.max_write_buffer_number = 3;  // one is filled, two are written out
  // Remembering the last place for each saves a third of the processor time of a commit.
  table.memtable_insert_with_hint_prefix_extractor = std::make_shared<PlaceHints>();
  table.target_file_size_base = 16u << 20;
  table.max_bytes_for_level_base = 64u << 20;
  table.compression_per_level = {rocksdb::kNoCompression, rocksdb::kNoCompression,
                                 rocksdb::kLZ4Compression};

  rocksdb::BlockBasedTableOptions blocks;
  blocks.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  blocks.cache_index_and_filter_blocks = true;  // so that the cache size bounds them too
  blocks.pin_l0_filter_and_index_blocks_in_cache = true;
  blocks.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  blocks.whole_key_filtering = true;  // a lookup by id asks every bucket: misses must be cheap
  blocks.block_size = 16u << 10;
  blocks.checksum = rocksdb::kXXH3;
  blocks.format_version = 5;
  table.table_factory.reset(rocksdb::NewBlockBasedTableFactory(blocks));
  return table;
}

}  // namespace nowthen::store
