#pragma once

#include <condition_variable>
#include <mutex>

#include "engine/reactor.h"

namespace nowthen::engine {

/// The reactor of a loop that serves nothing else: it only sleeps.
class Sleeper final : public Reactor {
 public:
  bool poll() override { return false; }
  void wait(Duration wait) override {
    std::unique_lock lock(mutex_);
    awake_.wait_for(lock, wait, [this] { return woken_; });
    woken_ = false;
  }
  void wake() override {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    awake_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable awake_;
  bool woken_ = false;
};

}  // namespace nowthen::engine
