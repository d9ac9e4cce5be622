#pragma once

#include <chrono>
#include <cstdint>
#include <fstream>
#include <mutex>
#include <string>

#include <sys/resource.h>
#include <sys/types.h>
#include <time.h>

#include "load/latencies.h"

namespace nowthen::bench {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// User and system time of a process so far, in seconds; 0: of this one.
inline double cpu_seconds(pid_t pid = 0) {
  clockid_t clock = CLOCK_PROCESS_CPUTIME_ID;
  timespec time{};
  if (pid != 0 && ::clock_getcpuclockid(pid, &clock) != 0) return 0;
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// Resident memory of a process now, in bytes; 0: of this one.
inline std::uint64_t resident_bytes(pid_t pid = 0) {
  std::ifstream statm("/proc/" + (pid == 0 ? "self" : std::to_string(pid)) + "/statm");
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
    values_.add(seconds);
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    values_.clear();
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return values_.count();
  }
  /// The exact percentile, in milliseconds; 0 when nothing was added.
  double percentile_ms(double percent) {
    const std::lock_guard lock(mutex_);
    return values_.percentile_ms(percent);
  }

 private:
  std::mutex mutex_;
  load::Latencies values_;
};

}  // namespace nowthen::bench
