#include "store/rocks_verify.h"

#include <memory>
#include <optional>
#include <utility>

#include <rocksdb/env.h>

#include "store/keys.h"
#include "store/rocks_folder.h"
#include "store/rocks_log_env.h"
#include "store/rocks_options.h"
#include "store/rocks_tables.h"
#include "store/rocks_wal.h"

namespace nowthen::store {
namespace {

/// Where the next file begins whose rows are all after `key`.
std::optional<std::string> next_file(const Tables& tables, rocksdb::ColumnFamilyHandle* table,
                                     const std::string& key) {
  std::vector<rocksdb::LiveFileMetaData> files;
  tables.db->GetLiveFilesMetaData(&files);
  std::optional<std::string> next;
  for (const rocksdb::LiveFileMetaData& file : files) {
    if (file.column_family_name != table->GetName() || file.smallestkey <= key) continue;
    if (!next || file.smallestkey < *next) next = file.smallestkey;
  }
  return next;
}

/// Where a block is damaged, it goes on at the next file.
void see_all(const Tables& tables, rocksdb::ColumnFamilyHandle* table, RowCheck& check) {
  rocksdb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = false;
  std::string at;  // all rows up to it were seen, or are given up
  std::unique_ptr<rocksdb::Iterator> row(tables.db->NewIterator(options, table));
  row->SeekToFirst();
  for (;;) {
    for (; row->Valid(); row->Next()) {
      at.assign(row->key().data(), row->key().size());
      check.see(at, {row->value().data(), row->value().size()});
    }
    if (row->status().ok()) return;
    const std::optional<std::string> next = next_file(tables, table, at);
    check.add_problem("the rows " +
                      (at.empty() ? std::string("at the start") : "after " + describe_key(at)) +
                      (next ? ", before " + describe_key(*next) : std::string()) + ": " +
                      row->status().ToString());
    if (!next) return;
    at = *next;
    row.reset(tables.db->NewIterator(options, table));
    row->Seek(at);
  }
}

Result<Tables> open_tables(const RocksOptions& options, rocksdb::Env& env) {
  rocksdb::DBOptions db_options = rocks_db_options(options);
  db_options.env = &env;
  const rocksdb::ColumnFamilyOptions table_options = rocks_table_options(options);
  const std::string rows = options.folder + "/rows";
  Result<Tables> tables = Tables::open_to_read(db_options, table_options, rows);
  if (tables || tables.error().code != ErrorCode::corruption || !is_torn_at_the_end(env, rows))
    return tables;
  // As when a server opens it: what follows the tear was never acknowledged.
  db_options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  return Tables::open_to_read(db_options, table_options, rows);
}

}  // namespace

Result<FolderReport> verify_rocks_folder(const std::string& folder, CheckOpaque check_opaque) {
  RocksOptions options;
  options.folder = folder;
  LogEnv env(*rocksdb::Env::Default());
  const Result<FolderLock> lock = FolderLock::share(folder);
  if (!lock) return lock.error();
  const Result<bool> made = check_format_file(env, folder);
  if (!made) return made.error();
  if (!*made) return Error{ErrorCode::invalid_argument, folder + " is no data folder: no FORMAT"};
  const Result<Tables> tables = open_tables(options, env);
  if (!tables) return tables.error();
  const auto format = tables->fact("format", 0);
  const auto partitions = tables->fact("partitions", 0);
  if (format && *format > kFolderFormat) {
    return Error{ErrorCode::newer_version, "the rows in " + folder + " have format " +
                                               std::to_string(*format) + ", this program knows " +
                                               std::to_string(kFolderFormat)};
  }
  const bool known = format && partitions && *format != 0 && *partitions != 0;
  RowCheck check(known ? static_cast<std::uint16_t>(*partitions) : UINT16_MAX,
                 std::move(check_opaque));
  if (!known) check.add_problem("how many partitions the folder has cannot be read");
  see_all(*tables, tables->live.get(), check);
  see_all(*tables, tables->finished.get(), check);
  return check.finish();
}

}  // namespace nowthen::store
