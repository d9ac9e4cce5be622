#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

namespace nowthen::sdk {

inline constexpr std::size_t kPoolThreadsMax = 1'024;

/// Which thread of its BlockingPool the calling thread is, from 0; none if it is of no pool.
std::optional<std::size_t> pool_thread();

/// Where the functions of steps run. One for all loops. Any thread.
class Pool {
 public:
  virtual ~Pool() = default;
  /// Runs `work`, which does not throw, now or later, on any thread; drops it when closing.
  virtual void submit(std::string_view operation, std::move_only_function<void()> work) = 0;
};

/// Runs everything at once on the caller's thread: for simulation and tests.
class InlinePool final : public Pool {
 public:
  void submit(std::string_view operation, std::move_only_function<void()> work) override;
};

struct PoolOptions {
  std::size_t threads = 16;  ///< 1..kPoolThreadsMax
};

/// Threads for functions that may block. An operation has at most three quarters of them (at least
/// one), so that a slow one leaves room for the others; whoever waits takes turns by operation. How
/// many wait is bounded by the attempts that run, and what each may have open.
class BlockingPool final : public Pool {
 public:
  explicit BlockingPool(PoolOptions options = {});
  /// Drops what waits and waits for what runs. The loops must still take posts.
  ~BlockingPool() override;
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  void submit(std::string_view operation, std::move_only_function<void()> work) override;

 private:
  struct Line {
    std::deque<std::move_only_function<void()>> waiting;
    std::size_t running = 0;
    bool in_turn = false;  // stands in turns_
  };
  void run(std::size_t thread);
  void take_place(Line& line);
  bool should_wake();

  const std::size_t share_;  // threads that one operation may have
  std::mutex mutex_;
  std::condition_variable work_;
  std::unordered_map<std::string, Line> lines_;
  std::deque<Line*> turns_;  // lines with work and room, each once
  std::size_t asleep_ = 0;   // threads
  bool waking_ = false;      // one of them has been called and has not come yet
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace nowthen::sdk
