#include "sdk/coroutine_executor.h"

#include <chrono>
#include <ctime>
#include <string>
#include <utility>

#include <nowthen/policy.h>

namespace nowthen::sdk {
namespace {

/// A steady clock that ticks every few milliseconds, and costs a tenth of a fine one.
Duration coarse_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return std::chrono::floor<Duration>(std::chrono::seconds(now.tv_sec) +
                                      std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace

CoroutineExecutor::CoroutineExecutor(engine::LoopPort& port,
                                     std::shared_ptr<const Handlers> handlers, Pool& pool,
                                     ExecutorOptions options)
    : port_(port),
      handlers_(std::move(handlers)),
      pool_(pool),
      options_(options),
      place_(options.black_box != nullptr ? options.black_box->add_loop() : 0),
      link_(std::make_shared<Link>(Link{this})) {}

CoroutineExecutor::~CoroutineExecutor() { link_->executor = nullptr; }

Attempt* CoroutineExecutor::find(const core::Lease& lease) const {
  const auto found = attempts_.find(lease.id);
  if (found == attempts_.end() || found->second->lease().epoch != lease.epoch) return nullptr;
  return found->second.get();
}

void CoroutineExecutor::erase(Attempt& attempt) {
  unkeep(attempt);
  // Out of the table first: destructors in the frames may run anything.
  const BlackBox::Scope scope(options_.black_box, place_, attempt.lease().id);
  const auto node = attempts_.extract(attempt.lease().id);
}

template <class Code>
auto CoroutineExecutor::watched(InvocationId id, const Operation& operation, Code code) {
  const BlackBox::Scope scope(options_.black_box, place_, id);
  const Duration began = coarse_now();
  if (options_.activity != nullptr) {
    options_.activity->runs.fetch_add(1, std::memory_order_relaxed);
    options_.activity->operation.store(&operation.name, std::memory_order_release);
  }
  auto result = code();
  if (options_.activity != nullptr)
    options_.activity->operation.store(nullptr, std::memory_order_release);
  const Duration held = coarse_now() - began;
  if (held >= options_.stalled_after) {
    options_.log({.level = LogLevel::warning,
                  .message = "it held its loop for " + format_duration(held) +
                             ": what blocks or computes for long belongs in a step of the pool",
                  .operation = operation.name,
                  .invocation = id});
  }
  return result;
}

void CoroutineExecutor::follow(Attempt& attempt, Attempt::Next next) {
  switch (next) {
    case Attempt::Next::wait:
      unkeep(attempt);
      break;
    case Attempt::Next::keep:
      keep(attempt);
      break;
    case Attempt::Next::end:
      erase(attempt);
      break;
    case Attempt::Next::resume:
      unkeep(attempt);
      post_resume(attempt);
      break;
  }
}

void CoroutineExecutor::post_resume(Attempt& attempt) {
  if (std::exchange(attempt.resume_posted, true)) return;
  port_.post([link = link_, lease = attempt.lease()] {
    if (link->executor == nullptr) return;
    Attempt* found = link->executor->find(lease);
    if (found == nullptr) return;
    found->resume_posted = false;
    CoroutineExecutor& here = *link->executor;
    here.advance(*found, [found] { return found->resume(); });
  });
}

void CoroutineExecutor::begin(const core::Invocation& invocation) {
  if (const auto old = attempts_.find(invocation.id); old != attempts_.end()) erase(*old->second);
  std::shared_ptr<const Operation> operation =
      handlers_->find(invocation.operation, invocation.version);
  if (operation == nullptr) {
    core::ParkAttempt command;
    command.id = invocation.id;
    command.epoch = invocation.epoch;
    command.reason = core::ParkReason::no_executor;
    command.detail = "nothing here runs " + invocation.operation + " version " +
                     std::to_string(invocation.version);
    port_.submit(std::move(command));
    return;
  }
  auto made =
      std::make_unique<Attempt>(port_, invocation, std::move(operation), options_.evict_after);
  Attempt& attempt = *made;
  attempts_.emplace(invocation.id, std::move(made));
  advance(attempt, [&] { return attempt.begin(invocation); });
}

void CoroutineExecutor::run_step(core::Lease lease, std::string_view path, std::uint32_t tries) {
  Attempt* attempt = find(lease);
  if (attempt == nullptr) return;
  std::shared_ptr<const Job> job = attempt->start_step(path, tries);
  if (job == nullptr) {
    advance(*attempt, [&] { return attempt->resume(); });
    return;
  }
  unkeep(*attempt);
  if (attempt->operation().non_blocking) {
    const std::string own_path(path);  // the function may do what it likes meanwhile
    const auto end = [&] { return run(*job, lease.id, own_path); };
    step_ended(lease, own_path, tries, watched(lease.id, attempt->operation(), end));
  } else {
    run_on_pool(*attempt, std::move(job), path, tries);
  }
}

void CoroutineExecutor::run_on_pool(Attempt& attempt, std::shared_ptr<const Job> job,
                                    std::string_view path, std::uint32_t tries) {
  const core::Lease lease = attempt.lease();
  const std::string operation = attempt.operation().name;
  auto work = [link = link_, &port = port_, box = options_.black_box, place = place_, lease,
               job = std::move(job), path = std::string(path), tries,
               queued = QueuedTry(attempt.queue_step(path)), since = coarse_now(),
               late_after = options_.late_after]() mutable {
    if (!queued.begin()) return;
    if (coarse_now() - since >= late_after) {
      port.post([link, lease, path, tries] {
        Attempt* of = link->executor != nullptr ? link->executor->find(lease) : nullptr;
        if (of != nullptr) of->step_began(path, tries);
      });
    }
    StepEnd end;
    {
      const BlackBox::Scope scope(box, place, lease.id);
      end = run(*job, lease.id, path);
      job.reset();  // the last owner of the arguments may be this thread
    }
    port.post([link = std::move(link), lease, path = std::move(path), tries,
               end = std::move(end)]() mutable {
      if (link->executor != nullptr) link->executor->step_ended(lease, path, tries, std::move(end));
    });
  };
  pool_.submit(operation, std::move(work));  // if it closes, the engine stops
}

void CoroutineExecutor::step_ended(const core::Lease& lease, std::string_view path,
                                   std::uint32_t tries, StepEnd end) {
  if (Attempt* attempt = find(lease))
    advance(*attempt, [&] { return attempt->step_ended(path, tries, std::move(end)); });
}

void CoroutineExecutor::end_try(core::Lease lease, std::string_view path, std::uint32_t tries) {
  if (Attempt* attempt = find(lease))
    advance(*attempt, [&] { return attempt->end_try(path, tries); });
}

void CoroutineExecutor::deliver(core::Lease lease, const core::Entry& entry) {
  if (Attempt* attempt = find(lease)) advance(*attempt, [&] { return attempt->deliver(entry); });
}

void CoroutineExecutor::deliver_cancel(core::Lease lease) {
  if (Attempt* attempt = find(lease)) advance(*attempt, [&] { return attempt->deliver_cancel(); });
}

void CoroutineExecutor::drop(core::Lease lease) {
  if (Attempt* attempt = find(lease)) erase(*attempt);
}

// ---- frames of suspended attempts -------------------------------------------------------------

void CoroutineExecutor::keep(Attempt& attempt) {
  if (attempt.kept) return;
  attempt.kept = true;
  attempt.kept_since = port_.now();
  attempt.kept_before = last_kept_;
  attempt.kept_after = nullptr;
  (last_kept_ != nullptr ? last_kept_->kept_after : longest_kept_) = &attempt;
  last_kept_ = &attempt;
  if (++kept_ > options_.frames_max) evict_oldest();
}

void CoroutineExecutor::unkeep(Attempt& attempt) {
  if (!attempt.kept) return;
  attempt.kept = false;
  (attempt.kept_before != nullptr ? attempt.kept_before->kept_after : longest_kept_) =
      attempt.kept_after;
  (attempt.kept_after != nullptr ? attempt.kept_after->kept_before : last_kept_) =
      attempt.kept_before;
  --kept_;
}

void CoroutineExecutor::evict_oldest() {
  Attempt& attempt = *longest_kept_;
  attempt.evict();
  erase(attempt);
}

void CoroutineExecutor::evict_idle(WallTime now) {
  while (longest_kept_ != nullptr && after(longest_kept_->kept_since, options_.evict_after) <= now)
    evict_oldest();
}

}  // namespace nowthen::sdk
