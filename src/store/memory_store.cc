#include "store/memory_store.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/planted.h"

namespace nowthen::store {
namespace {

// The first three bytes and how many there are: grows with the key, so trees are in key order too.
std::uint32_t tree_of(std::string_view key) {
  constexpr std::size_t kPrefix = 3;
  const std::size_t size = std::min(key.size(), kPrefix);
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < kPrefix; ++i) {
    number = (number << 8) | (i < size ? static_cast<unsigned char>(key[i]) : 0u);
  }
  return (number << 8) | static_cast<std::uint32_t>(size);
}

// Whether `page` is full; the row that passes the byte limit is still in it.
bool full(const Scan& scan, const Page& page, std::size_t bytes) {
  return page.rows.size() >= scan.rows_max || bytes > scan.bytes_max;
}

}  // namespace

Error MemoryStore::failure() const { return {ErrorCode::store_failed, failed_}; }

Result<OwnerEpoch> MemoryStore::claim(std::uint16_t partition) {
  const std::scoped_lock lock(mutex_);
  if (!failed_.empty()) return failure();
  OwnerEpoch& epoch = epochs_[partition];
  epoch = static_cast<OwnerEpoch>(static_cast<std::uint64_t>(epoch) + 1);
  return epoch;
}

void MemoryStore::commit(Turn turn, Completion<Result<CommitSeq>> done) {
  std::unique_lock lock(mutex_);
  if (holding_ && failed_.empty()) {
    held_.push_back({std::move(turn), std::move(done)});
    return;
  }
  Result<CommitSeq> result = write(turn);
  lock.unlock();
  done(std::move(result));
}

Result<CommitSeq> MemoryStore::write(Turn& turn) {
  if (!failed_.empty()) return failure();
  NT_ASSERT(!turn.partitions.empty());
  for (const PartitionWrites& writes : turn.partitions) {
    if (planted(Bug::old_owner_accepted)) break;
    const auto owner = epochs_.find(writes.partition);
    if (owner == epochs_.end() || owner->second != writes.epoch) {
      return Error{ErrorCode::lease_lost,
                   "partition " + std::to_string(writes.partition) + " has another owner by now"};
    }
  }
  for (PartitionWrites& writes : turn.partitions) {
    for (const RangeErase& range : writes.ranges) erase(range);
    for (RowWrite& row : writes.rows) put(row);
  }
  return static_cast<CommitSeq>(++seq_);
}

void MemoryStore::put(RowWrite& row) {
  Rows& rows = trees_[tree_of(row.key)];
  if (!row.value) {
    rows.erase(row.key);
  } else {
    rows.insert_or_assign(rows.end(), std::move(row.key), std::move(*row.value));
  }
}

void MemoryStore::erase(const RangeErase& range) {
  if (range.to <= range.from) return;
  const auto end = trees_.upper_bound(tree_of(range.to));
  for (auto tree = trees_.lower_bound(tree_of(range.from)); tree != end; ++tree) {
    Rows& rows = tree->second;
    rows.erase(rows.lower_bound(range.from), rows.lower_bound(range.to));
  }
}

void MemoryStore::read(std::vector<std::string> keys,
                       Completion<Result<std::vector<std::optional<std::string>>>> done) {
  std::vector<std::optional<std::string>> values(keys.size());
  std::unique_lock lock(mutex_);
  if (!failed_.empty()) {
    Error error = failure();
    lock.unlock();
    return done(std::move(error));
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto tree = trees_.find(tree_of(keys[i]));
    if (tree == trees_.end()) continue;
    const auto row = tree->second.find(keys[i]);
    if (row != tree->second.end()) values[i] = row->second;
  }
  lock.unlock();
  done(std::move(values));
}

void MemoryStore::scan(Scan scan, Completion<Result<Page>> done) {
  Page page;
  std::unique_lock lock(mutex_);
  if (!failed_.empty()) {
    Error error = failure();
    lock.unlock();
    return done(std::move(error));
  }
  if (scan.from < scan.to) {
    scan.newest_first ? scan_backward(scan, page) : scan_forward(scan, page);
  }
  lock.unlock();
  done(std::move(page));
}

std::uint64_t MemoryStore::bytes(std::string_view from, std::string_view to) const {
  std::uint64_t bytes = 0;
  const std::scoped_lock lock(mutex_);
  const auto end = trees_.upper_bound(tree_of(to));
  for (auto tree = trees_.lower_bound(tree_of(from)); tree != end; ++tree) {
    const auto last = tree->second.lower_bound(to);
    for (auto row = tree->second.lower_bound(from); row != last; ++row)
      bytes += row->first.size() + row->second.size();
  }
  return bytes;
}

void MemoryStore::scan_forward(const Scan& scan, Page& page) const {
  std::size_t bytes = 0;
  const auto end = trees_.upper_bound(tree_of(scan.to));
  for (auto tree = trees_.lower_bound(tree_of(scan.from)); tree != end; ++tree) {
    const Rows& rows = tree->second;
    const auto last = rows.lower_bound(scan.to);
    for (auto row = rows.lower_bound(scan.from); row != last; ++row) {
      if (full(scan, page, bytes)) {
        page.more = true;
        return;
      }
      page.rows.push_back({row->first, row->second});
      bytes += row->first.size() + row->second.size();
    }
  }
}

void MemoryStore::scan_backward(const Scan& scan, Page& page) const {
  std::size_t bytes = 0;
  const auto begin = trees_.lower_bound(tree_of(scan.from));
  for (auto tree = trees_.upper_bound(tree_of(scan.to)); tree != begin;) {
    const Rows& rows = (--tree)->second;
    const auto first = rows.lower_bound(scan.from);
    for (auto row = rows.lower_bound(scan.to); row != first;) {
      --row;
      if (full(scan, page, bytes)) {
        page.more = true;
        return;
      }
      page.rows.push_back({row->first, row->second});
      bytes += row->first.size() + row->second.size();
    }
  }
}

void MemoryStore::hold_commits() {
  const std::scoped_lock lock(mutex_);
  holding_ = true;
}

void MemoryStore::stop_holding() {
  const std::scoped_lock lock(mutex_);
  holding_ = false;
}

std::size_t MemoryStore::held() const {
  const std::scoped_lock lock(mutex_);
  return held_.size();
}

std::size_t MemoryStore::release(std::size_t count) {
  std::size_t released = 0;
  // Those that completions add meanwhile wait for the next call.
  for (std::size_t limit = std::min(count, held()); released < limit; ++released) {
    std::unique_lock lock(mutex_);
    if (held_.empty()) break;
    Held held = std::move(held_.front());
    held_.pop_front();
    Result<CommitSeq> result = write(held.turn);
    lock.unlock();
    held.done(std::move(result));
  }
  return released;
}

void MemoryStore::crash() {
  std::deque<Held> dropped;
  const std::scoped_lock lock(mutex_);
  dropped.swap(held_);
}

void MemoryStore::fail(std::string reason) {
  std::unique_lock lock(mutex_);
  failed_ = reason.empty() ? "the store was told to fail" : std::move(reason);
  std::deque<Held> held;
  held.swap(held_);
  const Error error = failure();
  lock.unlock();
  for (Held& each : held) each.done(error);
}

std::size_t MemoryStore::rows() const {
  const std::scoped_lock lock(mutex_);
  std::size_t count = 0;
  for (const auto& [number, rows] : trees_) count += rows.size();
  return count;
}

}  // namespace nowthen::store
