#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/command.h"
#include "core/effect.h"
#include "core/invocation.h"

namespace nowthen::engine {

/// What an executor needs of its loop. One per loop.
class LoopPort {
 public:
  virtual ~LoopPort() = default;
  /// Queues a command; it is applied on this loop after what is queued already, never inline.
  /// Loop thread only.
  virtual void submit(core::CommandBody command) = 0;
  /// The same for a command that is about no invocation (core::Take). The partition is one of this
  /// loop.
  virtual void submit_to(std::uint16_t partition, core::CommandBody command) = 0;
  /// Runs `job` on the loop. Any thread. Jobs posted after the loop stopped are dropped.
  virtual void post(std::move_only_function<void()> job) = 0;
  /// The time of the current turn.
  virtual WallTime now() const = 0;
};

/// What runs attempts. The engine neither knows nor cares what is behind it. One instance per
/// loop; every call comes on the loop thread. Answers come as commands through `LoopPort`, under
/// the lease of the attempt. What is said about an unknown lease is ignored.
class Executor {
 public:
  virtual ~Executor() = default;
  /// Begins the attempt `invocation.epoch`: code plus the journal recorded so far
  /// (`invocation.done` in order of delivery, `invocation.cancel_seq` among them).
  /// The reference is valid during the call only.
  virtual void begin(const core::Invocation& invocation) = 0;
  /// The step at `path` may run its function now: all that it depends on is durable.
  virtual void run_step(core::Lease lease, std::string_view path, std::uint32_t tries) = 0;
  /// The time of that try is over. If its function has begun, the try has failed: say so
  /// (timed_out); the function may go on. If it still waits, or had to, it has that time once more.
  virtual void end_try(core::Lease lease, std::string_view path, std::uint32_t tries) = 0;
  /// The next result for the code. `entry` is valid during the call only.
  virtual void deliver(core::Lease lease, const core::Entry& entry) = 0;
  /// No further step but cleanup starts; waits end with `Cancelled`.
  virtual void deliver_cancel(core::Lease lease) = 0;
  /// The attempt is over: drop all that is held for it. A running function may end by itself.
  virtual void drop(core::Lease lease) = 0;
  /// What is in force for an operation from now on. `executor`: what runs it, as it was declared;
  /// empty: this process, or nothing.
  virtual void configure(const core::Configure& /*operation*/, const std::string& /*executor*/) {}
  /// Attempts of a pulled operation wait in `partition` for a core::Take. Said once: the next time
  /// after a Take that left nothing to take (`more` false).
  virtual void work_waits(std::uint16_t /*partition*/, const std::string& /*operation*/) {}
  /// What a Take came to. For each of its ids `begin` follows once the attempt is stored, or `drop`
  /// (by its id; its epoch may be unknown), also before it. One that is cancelled already may be
  /// among them.
  virtual void took(std::uint16_t /*partition*/, const core::Took& /*took*/) {}
  /// Lets go of attempts that have waited long. Called about every second; kNever: of all.
  virtual void evict_idle(WallTime now) = 0;
};

}  // namespace nowthen::engine
