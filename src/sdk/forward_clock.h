#pragma once

#include <algorithm>
#include <chrono>
#include <mutex>

#include "base/clock.h"

namespace nowthen::sdk {

/// Wall time that never goes back. While the machine's clock is behind what was shown already (it
/// was stepped back), time goes on at half its speed until the clock has caught up: timeouts come
/// late then, but they come. Thread-safe.
class ForwardClock : public Clock {
 public:
  WallTime now() const override {
    const std::lock_guard lock(mutex_);  // first: the clocks are read in the order of showing
    const Duration steady = steady_now();
    shown_ = std::max(wall_now(), shown_ + (steady - seen_) / 2);
    seen_ = steady;
    return shown_;
  }

 protected:
  virtual WallTime wall_now() const {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
  }
  virtual Duration steady_now() const {
    return std::chrono::floor<Duration>(std::chrono::steady_clock::now().time_since_epoch());
  }

 private:
  mutable std::mutex mutex_;
  mutable WallTime shown_{};
  mutable Duration seen_{};
};

}  // namespace nowthen::sdk
