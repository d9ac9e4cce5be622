#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"
#include "engine/executor.h"
#include "sdk/attempt.h"
#include "sdk/black_box.h"
#include "sdk/handlers.h"
#include "sdk/pool.h"
#include "sdk/stall_watch.h"

namespace nowthen::sdk {

struct ExecutorOptions {
  Duration evict_after =
      std::chrono::seconds(1);               ///< how long a suspended attempt keeps its frames
  std::size_t frames_max = 10'000;           ///< suspended attempts that keep their frames
  Duration late_after = Duration::max();     ///< functions that waited so long have their time anew
  Duration stalled_after = Duration::max();  ///< code that holds its loop so long is reported
  Log log = [](const LogLine&) {};
  LoopActivity* activity = nullptr;  ///< where it says what it runs
  BlackBox* black_box = nullptr;     ///< where it says for whom
};

/// Runs handlers as coroutines of this process. One per loop, on its thread. Port and pool must
/// outlive it. Steps may still run in the pool when it goes: what they tell is lost.
class CoroutineExecutor final : public engine::Executor {
 public:
  CoroutineExecutor(engine::LoopPort& port, std::shared_ptr<const Handlers> handlers, Pool& pool,
                    ExecutorOptions options = {});
  ~CoroutineExecutor() override;
  CoroutineExecutor(const CoroutineExecutor&) = delete;
  CoroutineExecutor& operator=(const CoroutineExecutor&) = delete;

  void begin(const core::Invocation& invocation) override;
  void run_step(core::Lease lease, std::string_view path, std::uint32_t tries) override;
  void end_try(core::Lease lease, std::string_view path, std::uint32_t tries) override;
  void deliver(core::Lease lease, const core::Entry& entry) override;
  void deliver_cancel(core::Lease lease) override;
  void drop(core::Lease lease) override;

  /// Drops the frames of attempts that have been suspended for `evict_after`. Call it about as
  /// often.
  void evict_idle(WallTime now) override;
  /// New operations for attempts to come.
  void use(std::shared_ptr<const Handlers> handlers) { handlers_ = std::move(handlers); }

  std::size_t attempts() const { return attempts_.size(); }
  std::size_t kept() const { return kept_; }

 private:
  /// Finds the executor from a job that was posted to its loop; null once it is gone.
  struct Link {
    CoroutineExecutor* executor;
  };

  Attempt* find(const core::Lease& lease) const;
  void follow(Attempt& attempt, Attempt::Next next);
  /// Lets code of the operation run on the loop, and reports it when it was there for too long.
  template <class Code>
  auto watched(InvocationId id, const Operation& operation, Code code);
  /// Lets the attempt run on, and does what it says is next.
  template <class Code>
  void advance(Attempt& attempt, Code code) {
    follow(attempt, watched(attempt.lease().id, attempt.operation(), code));
  }
  void post_resume(Attempt& attempt);
  void run_on_pool(Attempt& attempt, std::shared_ptr<const Job> job, std::string_view path,
                   std::uint32_t tries);
  void step_ended(const core::Lease& lease, std::string_view path, std::uint32_t tries,
                  StepEnd end);
  void keep(Attempt& attempt);
  void unkeep(Attempt& attempt);
  void evict_oldest();
  void erase(Attempt& attempt);

  engine::LoopPort& port_;
  std::shared_ptr<const Handlers> handlers_;
  Pool& pool_;
  const ExecutorOptions options_;
  const std::size_t place_;  ///< of this loop in the black box
  std::shared_ptr<Link> link_;
  std::unordered_map<InvocationId, std::unique_ptr<Attempt>> attempts_;
  Attempt* longest_kept_ = nullptr;
  Attempt* last_kept_ = nullptr;
  std::size_t kept_ = 0;
};

}  // namespace nowthen::sdk
