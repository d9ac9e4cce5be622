#include "store/rocks_tables.h"

#include <algorithm>
#include <vector>

#include "store/codec.h"
#include "store/keys.h"

namespace nowthen::store {
namespace {

using rocksdb::Slice;
using rocksdb::Status;

constexpr std::size_t kDroppedBytesMin = 16u << 20;

bool is_finished_letter(char letter) { return letter == 'F' || letter == 'R'; }

// The parts of the key space, in order: which table they are in.
struct Part {
  std::string_view from, to;  // `to` empty: no end
  bool finished;
};
constexpr std::array<Part, 5> kParts = {
    {{"", "F", false}, {"F", "G", true}, {"G", "R", false}, {"R", "S", true}, {"S", "", false}}};

// The part of the range in `part`; empty when from >= to.
std::pair<std::string_view, std::string_view> cut(std::string_view from, std::string_view to,
                                                  const Part& part) {
  return {std::max(from, part.from), part.to.empty() ? to : std::min(to, part.to)};
}

Slice slice(std::string_view text) { return {text.data(), text.size()}; }

bool full(const Scan& scan, const Page& page, std::size_t bytes) {
  return page.rows.size() >= scan.rows_max || bytes > scan.bytes_max;
}

/// `open` makes a database and its handles of names of tables.
template <class Open>
Result<Tables> open_by(const Open& open, const rocksdb::ColumnFamilyOptions& table,
                       const std::string& folder) {
  const std::vector<rocksdb::ColumnFamilyDescriptor> names = {
      {rocksdb::kDefaultColumnFamilyName, table}, {"finished", table}};
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const Status status = open(names, &handles, &opened);
  if (!status.ok()) {
    const bool damaged = status.IsCorruption() || status.IsInvalidArgument();
    return Error{damaged ? ErrorCode::corruption : ErrorCode::store_failed,
                 "open " + folder + ": " + status.ToString()};
  }
  const auto close = [opened](rocksdb::ColumnFamilyHandle* handle) {
    opened->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  };
  Tables tables;
  tables.db.reset(opened);
  tables.live = Tables::Table(handles[0], close);
  tables.finished = Tables::Table(handles[1], close);
  return tables;
}

}  // namespace

Result<Tables> Tables::open(const rocksdb::DBOptions& db, const rocksdb::ColumnFamilyOptions& table,
                            const std::string& folder) {
  const auto open = [&](const auto& names, auto* handles, auto* opened) {
    return rocksdb::DB::Open(db, folder, names, handles, opened);
  };
  return open_by(open, table, folder);
}

Result<Tables> Tables::open_to_read(const rocksdb::DBOptions& db,
                                    const rocksdb::ColumnFamilyOptions& table,
                                    const std::string& folder) {
  const auto open = [&](const auto& names, auto* handles, auto* opened) {
    return rocksdb::DB::OpenForReadOnly(db, folder, names, handles, opened);
  };
  return open_by(open, table, folder);
}

rocksdb::ColumnFamilyHandle* Tables::of(std::string_view key) const {
  return !key.empty() && is_finished_letter(key.front()) ? finished.get() : live.get();
}

std::array<rocksdb::ColumnFamilyHandle*, 2> Tables::of(std::string_view from,
                                                       std::string_view to) const {
  std::array<rocksdb::ColumnFamilyHandle*, 2> touched = {};
  for (const Part& part : kParts) {
    const auto [first, last] = cut(from, to, part);
    if (first < last) touched[part.finished ? 1 : 0] = part.finished ? finished.get() : live.get();
  }
  return touched;
}

Result<std::optional<std::string>> Tables::get(const std::string& key) const {
  std::string value;
  const Status status = db->Get(rocksdb::ReadOptions(), of(key), key, &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) {
    return Error{status.IsCorruption() ? ErrorCode::corruption : ErrorCode::store_failed,
                 describe_key(key) + ": " + status.ToString()};
  }
  return std::optional(std::move(value));
}

Result<std::uint64_t> Tables::fact(const std::string& name, std::uint64_t missing) const {
  const std::string key = meta_key(name);
  const auto row = get(key);
  if (!row) return row.error();
  if (!*row) return missing;
  const Result<core::Bytes> text = decode_opaque(key, **row);
  if (!text) return text.error();
  std::uint64_t number = 0;
  for (const char digit : *text) number = number * 10 + static_cast<std::uint64_t>(digit - '0');
  return number;
}

Status Tables::scan(const Scan& scan, Page& page) const {
  // One snapshot, so that a range across tables shows whole turns too.
  rocksdb::ManagedSnapshot snapshot(db.get());
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < kParts.size() && !page.more; ++i) {
    const Part& part = kParts[scan.newest_first ? kParts.size() - 1 - i : i];
    const auto [from, to] = cut(scan.from, scan.to, part);
    if (from >= to) continue;
    const Slice lower = slice(from), upper = slice(to);
    rocksdb::ReadOptions options;
    options.snapshot = snapshot.snapshot();
    options.iterate_lower_bound = &lower;
    options.iterate_upper_bound = &upper;
    options.fill_cache = false;  // a long scan must not drive out what lookups need
    const std::unique_ptr<rocksdb::Iterator> row(
        db->NewIterator(options, part.finished ? finished.get() : live.get()));
    scan.newest_first ? row->SeekToLast() : row->SeekToFirst();
    for (; row->Valid(); scan.newest_first ? row->Prev() : row->Next()) {
      if (full(scan, page, bytes)) {
        page.more = true;
        break;
      }
      page.rows.push_back({row->key().ToString(), row->value().ToString()});
      bytes += row->key().size() + row->value().size();
    }
    if (!row->status().ok()) return row->status();
  }
  return Status::OK();
}

std::uint64_t Tables::bytes(std::string_view from, std::string_view to, bool with_memory) const {
  if (to <= from) return 0;
  const rocksdb::Range range(slice(from), slice(to));
  rocksdb::SizeApproximationOptions options;
  options.include_files = true;
  options.include_memtables = with_memory;
  std::uint64_t sum = 0;
  for (rocksdb::ColumnFamilyHandle* table : of(from, to)) {
    std::uint64_t size = 0;
    if (table != nullptr && db->GetApproximateSizes(options, table, &range, 1, &size).ok())
      sum += size;
  }
  return sum;
}

bool Tables::worth_dropping(std::string_view from, std::string_view to) const {
  return !from.empty() && is_finished_letter(from.front()) &&
         bytes(from, to, false) >= kDroppedBytesMin;
}

}  // namespace nowthen::store
