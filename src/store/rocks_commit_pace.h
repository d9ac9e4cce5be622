#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace nowthen::store {

/// Follows the median duration of commits and says whether they are quick enough to be waited for.
/// Moves a fixed share towards each sample, so that single slow ones (a flush, a large turn) do
/// not count more than quick ones; a larger one towards those that are far too slow, since each
/// that is waited for stops a loop. Thread-safe: a sample lost in a race does no harm.
class CommitPace {
 public:
  explicit CommitPace(std::chrono::nanoseconds inline_max)
      : inline_max_ns_(inline_max.count()), inline_(inline_max.count() > 0) {}

  void add(std::chrono::nanoseconds taken) {
    const std::int64_t median = median_ns_.load(std::memory_order_relaxed);
    const bool far = taken.count() > 4 * inline_max_ns_;
    const std::int64_t step = std::max<std::int64_t>(median / (far ? 4 : 16), 1);
    const std::int64_t next = taken.count() > median ? median + step : median - step;
    median_ns_.store(next, std::memory_order_relaxed);
    // Back only when clearly under the bound, so that it does not go to and fro.
    if (next > inline_max_ns_) inline_.store(false, std::memory_order_relaxed);
    if (next < inline_max_ns_ - inline_max_ns_ / 4) inline_.store(true, std::memory_order_relaxed);
  }
  bool is_inline() const { return inline_.load(std::memory_order_relaxed); }
  std::chrono::nanoseconds median() const {
    return std::chrono::nanoseconds(median_ns_.load(std::memory_order_relaxed));
  }

 private:
  const std::int64_t inline_max_ns_;
  std::atomic<std::int64_t> median_ns_ = 100'000;
  std::atomic<bool> inline_;
};

}  // namespace nowthen::store
