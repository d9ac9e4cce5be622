#include "sdk/stall_watch.h"

#include <utility>

namespace nowthen::sdk {

StallWatch::StallWatch(Duration interval, Log log)
    : interval_(interval), log_(std::move(log)), thread_([this] { run(); }) {}

StallWatch::~StallWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

LoopActivity& StallWatch::add() {
  const std::lock_guard lock(mutex_);
  return loops_.emplace_back().activity;
}

void StallWatch::look(Seen& loop) {
  const std::uint64_t runs = loop.activity.runs.load(std::memory_order_acquire);
  const std::string* operation = loop.activity.operation.load(std::memory_order_acquire);
  const bool same = operation != nullptr && runs == loop.runs;
  if (same && !std::exchange(loop.reported, true)) {
    log_({.level = LogLevel::error,
          .message = "it has held its loop for more than " + format_duration(interval_) +
                     " and does not return: nothing else of that loop moves",
          .operation = *operation});
  }
  if (!same) loop.reported = false;
  loop.runs = runs;
}

void StallWatch::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, interval_, [this] { return stopping_; })) {
    for (Seen& loop : loops_) look(loop);
  }
}

}  // namespace nowthen::sdk
