#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <rocksdb/db.h>

#include <nowthen/result.h>

#include "store/store.h"

namespace nowthen::store {

/// The database and its two tables. Finished rows and results are apart from the rest: those are
/// appended and dropped by range, these are overwritten and erased soon, and neither makes the
/// compaction of the other dearer. Room-internal; thread-safe but for moving.
struct Tables {
  /// `corruption` or `store_failed`. The database must be closed before its folder is unlocked.
  static Result<Tables> open(const rocksdb::DBOptions& db,
                             const rocksdb::ColumnFamilyOptions& table, const std::string& folder);

  /// The same, without changing anything in the folder.
  static Result<Tables> open_to_read(const rocksdb::DBOptions& db,
                                     const rocksdb::ColumnFamilyOptions& table,
                                     const std::string& folder);

  rocksdb::ColumnFamilyHandle* of(std::string_view key) const;
  /// The tables that a range touches; null for those it does not.
  std::array<rocksdb::ColumnFamilyHandle*, 2> of(std::string_view from, std::string_view to) const;

  Result<std::optional<std::string>> get(const std::string& key) const;
  /// A fact that is a number; `missing` where there is none.
  Result<std::uint64_t> fact(const std::string& name, std::uint64_t missing) const;
  rocksdb::Status scan(const Scan& scan, Page& page) const;
  /// About how much a range takes in files, and in memory until it is there.
  std::uint64_t bytes(std::string_view from, std::string_view to, bool with_memory) const;
  /// Whether a range of finished rows lies in files enough to drop them whole.
  bool worth_dropping(std::string_view from, std::string_view to) const;

  using Table = std::unique_ptr<rocksdb::ColumnFamilyHandle,
                                std::function<void(rocksdb::ColumnFamilyHandle*)>>;
  std::unique_ptr<rocksdb::DB> db;
  Table live;  // handles go before the database
  Table finished;
};

}  // namespace nowthen::store
