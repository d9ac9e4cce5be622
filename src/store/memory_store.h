#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "store/store.h"

namespace nowthen::store {

/// The store in memory: nothing survives the object. For tests, simulation and benchmarks.
///
/// Completes inline unless told to hold commits. Held commits are not visible; they are checked
/// against the epochs when they are released, as a store does that writes them only then.
/// Thread-safe; completions run on the thread of the call that causes them, with no lock held.
class MemoryStore final : public Store {
 public:
  Result<OwnerEpoch> claim(std::uint16_t partition) override;
  void commit(Turn turn, Completion<Result<CommitSeq>> done) override;
  void read(std::vector<std::string> keys,
            Completion<Result<std::vector<std::optional<std::string>>>> done) override;
  void scan(Scan scan, Completion<Result<Page>> done) override;
  /// Exact, and takes time with each row.
  std::uint64_t bytes(std::string_view from, std::string_view to) const override;

  /// Commits wait for `release` from now on.
  void hold_commits();
  /// Commits complete inline again; those that are held still wait for `release`.
  void stop_holding();
  std::size_t held() const;
  /// Completes up to `count` held commits, the oldest first. Returns how many there were.
  std::size_t release(std::size_t count = SIZE_MAX);
  /// As when the process dies: held commits are gone and never complete.
  void crash();
  /// Every later call fails with `store_failed`; so do the held commits, at once.
  void fail(std::string reason);

  std::size_t rows() const;

 private:
  using Rows = std::map<std::string, std::string, std::less<>>;
  struct Held {
    Turn turn;
    Completion<Result<CommitSeq>> done;
  };

  Result<CommitSeq> write(Turn& turn);
  void put(RowWrite& row);
  void erase(const RangeErase& range);
  void scan_forward(const Scan& scan, Page& page) const;
  void scan_backward(const Scan& scan, Page& page) const;
  Error failure() const;

  mutable std::mutex mutex_;
  // One tree for each range letter and partition: rows of the same kind come in nearly ascending
  // order, so most of them go in at the end of a tree, and a bucket is a small part of it.
  std::map<std::uint32_t, Rows> trees_;
  std::map<std::uint16_t, OwnerEpoch> epochs_;
  std::deque<Held> held_;
  std::uint64_t seq_ = 0;
  std::string failed_;
  bool holding_ = false;
};

}  // namespace nowthen::store
