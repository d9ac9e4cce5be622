#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include <nowthen/log.h>
#include <nowthen/policy.h>

namespace nowthen::sdk {

/// What a loop runs of a user's code at the moment. Written by the loop, read by the watch.
struct LoopActivity {
  std::atomic<const std::string*> operation = nullptr;  ///< its name, which outlives the watch
  std::atomic<std::uint64_t> runs = 0;                  ///< counts how often code was entered
};

/// Reports code that has not given its loop back while it still runs: once it is there for a whole
/// `interval`, in which nothing else of that loop moves. One thread, which wakes once an interval.
class StallWatch {
 public:
  StallWatch(Duration interval, Log log);
  ~StallWatch();
  StallWatch(const StallWatch&) = delete;
  StallWatch& operator=(const StallWatch&) = delete;

  /// Of one more loop. Valid as long as the watch. Any thread.
  LoopActivity& add();

 private:
  struct Seen {
    LoopActivity activity;
    std::uint64_t runs = 0;
    bool reported = false;
  };
  void look(Seen& loop);
  void run();

  const Duration interval_;
  const Log log_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::deque<Seen> loops_;
  std::thread thread_;
};

}  // namespace nowthen::sdk
