#pragma once

#include <cstdint>
#include <mutex>
#include <set>

namespace nowthen::engine {

/// The outbox rows that are not erased durably, of the whole engine, numbered as they are written.
///
/// While a row is there, a crash delivers its message again, and only what its receiver has kept
/// tells that it was applied before: retention waits for it. Thread-safe.
class Outbox {
 public:
  /// A row is written; gives its number.
  std::uint64_t add() {
    const std::lock_guard lock(mutex_);
    rows_.insert(rows_.end(), ++last_);
    return last_;
  }
  /// Its erasure is durable.
  void remove(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    rows_.erase(number);
  }
  /// The number of the last row so far.
  std::uint64_t last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }
  /// Whether every row up to this number is gone.
  bool gone_up_to(std::uint64_t number) const {
    const std::lock_guard lock(mutex_);
    return rows_.empty() || *rows_.begin() > number;
  }

 private:
  mutable std::mutex mutex_;
  std::uint64_t last_ = 0;
  std::set<std::uint64_t> rows_;
};

}  // namespace nowthen::engine
