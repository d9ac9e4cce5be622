#include "sdk/pool.h"

#include <algorithm>
#include <utility>

namespace nowthen::sdk {
namespace {

thread_local std::optional<std::size_t> this_pool_thread;

}  // namespace

std::optional<std::size_t> pool_thread() { return this_pool_thread; }

void InlinePool::submit(std::string_view, std::move_only_function<void()> work) { work(); }

BlockingPool::BlockingPool(PoolOptions options)
    : share_(std::max<std::size_t>(1, options.threads - options.threads / 4)) {
  const std::size_t threads = std::clamp<std::size_t>(options.threads, 1, kPoolThreadsMax);
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this, i] { run(i); });
}

BlockingPool::~BlockingPool() {
  std::deque<std::move_only_function<void()>> dropped;  // their destructors run without the lock
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    for (auto& [name, line] : lines_)
      for (auto& work : std::exchange(line.waiting, {})) dropped.push_back(std::move(work));
    turns_.clear();
  }
  work_.notify_all();
  dropped.clear();
  for (std::thread& thread : threads_) thread.join();
}

void BlockingPool::submit(std::string_view operation, std::move_only_function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return;
    Line& line = lines_[std::string(operation)];
    line.waiting.push_back(std::move(work));
    take_place(line);
    if (!should_wake()) return;
  }
  work_.notify_one();
}

/// Holds the lock. One thread is called at a time; it calls the next when there is more to do. So
/// short functions are run by the few that are awake, and one that blocks holds up nobody.
bool BlockingPool::should_wake() {
  if (turns_.empty() || asleep_ == 0 || waking_) return false;
  return waking_ = true;
}

/// Holds the lock.
void BlockingPool::take_place(Line& line) {
  if (line.in_turn || line.waiting.empty() || line.running >= share_) return;
  line.in_turn = true;
  turns_.push_back(&line);
}

void BlockingPool::run(std::size_t thread) {
  this_pool_thread = thread;
  std::unique_lock lock(mutex_);
  for (;;) {
    while (!closing_ && turns_.empty()) {
      ++asleep_;
      work_.wait(lock);
      --asleep_;
      waking_ = false;
    }
    if (closing_) return;
    Line& line = *turns_.front();
    turns_.pop_front();
    line.in_turn = false;
    auto work = std::move(line.waiting.front());
    line.waiting.pop_front();
    ++line.running;
    take_place(line);
    const bool wake = should_wake();
    lock.unlock();
    if (wake) work_.notify_one();
    work();
    work = nullptr;  // its captures go without the lock
    lock.lock();
    --line.running;
    take_place(line);
  }
}

}  // namespace nowthen::sdk
