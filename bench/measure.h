#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

#include <sys/resource.h>

namespace nowthen::bench {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// User and system time of this process so far, in seconds.
inline double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

/// Resident memory of this process now, in bytes.
inline std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  statm >> size >> resident;
  return resident * 4096;
}

/// Latencies of one run. Thread-safe.
class Latencies {
 public:
  void add(double seconds) {
    const std::lock_guard lock(mutex_);
    values_.push_back(static_cast<float>(seconds));
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    values_.clear();
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return values_.size();
  }
  /// The exact percentile, in milliseconds; 0 when nothing was added.
  double percentile_ms(double percent) {
    const std::lock_guard lock(mutex_);
    if (values_.empty()) return 0;
    const auto at =
        static_cast<std::size_t>(static_cast<double>(values_.size() - 1) * percent / 100.0);
    std::nth_element(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(at),
                     values_.end());
    return static_cast<double>(values_[at]) * 1e3;
  }

 private:
  std::mutex mutex_;
  std::vector<float> values_;
};

}  // namespace nowthen::bench
