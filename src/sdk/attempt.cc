// The life of an attempt: it begins, runs, rests and ends. What waits is in attempt_requests.cc,
// what comes from the journal in attempt_journal.cc.

#include "sdk/attempt.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <nowthen/failure.h>

#include "base/prng.h"
#include "sdk/step_run.h"

namespace nowthen::sdk {
namespace {

/// Resumptions in a row before other attempts have their turn.
constexpr int kBurst = 256;

}  // namespace

Attempt::Attempt(engine::LoopPort& port, const core::Invocation& invocation,
                 std::shared_ptr<const sdk::Operation> operation, Duration evict_after)
    : port_(port),
      operation_(std::move(operation)),
      lease_{invocation.id, invocation.epoch},
      number_(invocation.attempt),
      evict_after_(evict_after),
      context_(*this) {
  branch_.attempt = this;
}

Attempt::~Attempt() {
  closing_ = true;
  sdk::abandon(branch_, nullptr);
  root_.reset();  // before what destructors in the frames may use
}

template <class Command>
Command Attempt::under_lease() const {
  Command command;
  static_cast<core::Lease&>(command) = lease_;
  return command;
}

Attempt::Next Attempt::begin(const core::Invocation& invocation) {
  for (const core::Entry& entry : invocation.open) open_.emplace_back(entry.path, entry.kind);
  std::ranges::sort(open_);
  inbox_.borrow(invocation);
  try {
    root_.emplace(operation_->handler->start(context_, invocation.input));
  } catch (...) {
    return finish_with(std::current_exception());
  }
  if (root_->task().frame() == nullptr)
    return finish_with(std::make_exception_ptr(Permanent("the handler returned an empty task")));
  root_->task().frame()->start(root_->task(), branch_, *this);
  const Next next = advance();
  inbox_.keep();  // `invocation` is valid during the call only
  return next;
}

Attempt::Next Attempt::resume() { return advance(); }

Attempt::Next Attempt::deliver(const core::Entry& entry) {
  suspended_ = false;
  if (!queue_.empty() || !inbox_.empty()) {  // in the order of the journal, each after a rest
    inbox_.push(entry);
    return Next::resume;
  }
  settle({&entry, entry.done_seq});
  return advance();
}

Attempt::Next Attempt::deliver_cancel() {
  suspended_ = false;
  if (!queue_.empty() || !inbox_.empty()) {
    inbox_.push_cancel();
    return Next::resume;
  }
  settle_cancel(seen_ + 1);
  return advance();
}

Attempt::Next Attempt::advance() {
  for (int left = kBurst;;) {
    while (!queue_.empty()) {
      if (left-- == 0) return Next::resume;
      queue_.pop().handle.resume();
    }
    if (mismatch_) {
      auto command = under_lease<core::ParkAttempt>();
      command.reason = core::ParkReason::journal_mismatch;
      command.detail = std::move(*mismatch_);
      port_.submit(std::move(command));
      return Next::end;
    }
    if (root_ended_) return finish();
    if (!inbox_.empty()) {
      settle(inbox_.pop());
    } else if (!live_) {
      check_open("the code does not ask for it");
      if (mismatch_) continue;
      live_ = true;
      submit_held();
    } else {
      return rest();
    }
  }
}

/// Every branch waits.
Attempt::Next Attempt::rest() {
  if (waiting_.empty()) {
    auto command = under_lease<core::FailAttempt>();
    command.error = Error(ErrorCode::failed, "the handler waits for nothing that can come");
    port_.submit(std::move(command));
    return Next::end;
  }
  if (active_ != 0 || suspended_) return suspended_ ? Next::keep : Next::wait;
  suspended_ = true;
  auto command = under_lease<core::Suspend>();
  command.seen = seen_;
  command.kept = suspend_kept();
  port_.submit(std::move(command));
  return command.kept ? Next::keep : Next::end;
}

/// Whether it may go on so soon that its frames are worth their memory.
bool Attempt::suspend_kept() const {
  const WallTime soon = after(port_.now(), evict_after_);
  for (const Request* each = waiting_.oldest(); each != nullptr; each = each->younger)
    if (each->kind != core::EntryKind::sleep || each->due <= soon) return true;
  return false;
}

void Attempt::evict() {
  auto command = under_lease<core::Suspend>();
  command.seen = seen_;
  command.kept = false;
  port_.submit(std::move(command));
}

void Attempt::say_finish(ErrorCode code, std::string data) {
  auto command = under_lease<core::Finish>();
  command.outcome.code = code;
  command.outcome.data = std::move(data);
  command.writes = std::move(writes_);
  port_.submit(std::move(command));
}

/// The handler has returned or thrown.
Attempt::Next Attempt::finish() {
  std::string result;
  try {
    result = root_->result();
  } catch (...) {
    return finish_with(std::current_exception());
  }
  if (!fits_journal("the code has ended")) return advance();
  say_finish(ErrorCode::none, std::move(result));
  return Next::end;
}

Attempt::Next Attempt::finish_with(std::exception_ptr error) {
  ErrorCode code = ErrorCode::failed;
  std::string what = "an exception that is no std::exception";
  bool again = true;
  try {
    std::rethrow_exception(std::move(error));
  } catch (const Cancelled&) {
    code = ErrorCode::cancelled;
    what = "cancelled";
    again = false;
  } catch (const StepFailed& failed) {
    what = failed.what();
    again = false;
  } catch (const Permanent& failed) {
    if (failed.code() != ErrorCode::none) code = failed.code();
    what = failed.what();
    again = false;
  } catch (const std::exception& failed) {
    what = text_of(failed);
  } catch (...) {
  }
  if (again) {
    auto command = under_lease<core::FailAttempt>();
    command.error = Error(code, std::move(what));
    port_.submit(std::move(command));
    return Next::end;
  }
  if (!fits_journal("the code has ended: " + what)) return advance();
  say_finish(code, std::move(what));
  return Next::end;
}

std::uint64_t Attempt::random() {
  const std::uint64_t seed = mix64(lease_.id.high) ^ lease_.id.low;
  return mix64(mix64(seed) + ++randoms_);
}

}  // namespace nowthen::sdk
