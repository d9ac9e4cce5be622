// What the code of an attempt asks for, until it is answered or abandoned.

#include <algorithm>
#include <exception>
#include <iterator>
#include <string>
#include <utility>

#include <nowthen/failure.h>

#include "base/limits.h"
#include "sdk/attempt.h"

namespace nowthen::sdk {
namespace {

constexpr std::string_view kAbandoned = "the code does not wait for it any more";

}  // namespace

Request::Request(Attempt& of) : attempt(&of) { of.count_request(); }
Request::~Request() {
  withdraw();
  attempt->uncount_request();
}

void Attempt::count_request() {
  constexpr std::size_t kMost = Limits{}.journal_entries_max;
  if (requests_ >= kMost)
    throw Permanent(ErrorCode::too_large, "the code has asked for more than journal_entries_max (" +
                                              std::to_string(kMost) + ") things at once");
  ++requests_;
}

void Attempt::write_state(std::string_view name, std::optional<std::string> value) {
  const auto same = std::ranges::find(writes_, name, &core::StateWrite::name);
  if (same != writes_.end()) {
    same->value = std::move(value);
    return;
  }
  if (writes_.size() >= Limits{}.state_names_max)
    throw Permanent(ErrorCode::too_large, "more than state_names_max (" +
                                              std::to_string(Limits{}.state_names_max) +
                                              ") names of state are set at once");
  writes_.push_back({std::string(name), std::move(value)});
}

void Attempt::open(PendingBase& pending, RequestPtr owned, Branch& branch) {
  if (owned->path.empty()) owned->path = branch.path(owned->name);
  if (cancelled_ && owned->kind != core::EntryKind::cleanup) {
    pending.error = std::make_exception_ptr(Cancelled());
    pending.then->ready();
    return;
  }
  if (owned->value_of == ValueOf::state) {
    // What this code has set and nothing has committed yet, the core cannot know.
    const auto set = std::ranges::find(writes_, owned->subject, &core::StateWrite::name);
    if (set != writes_.end()) return answer_state(pending, *set);
  } else {
    owned->writes = std::exchange(writes_, {});
  }
  if (owned->value_of == ValueOf::race) owned->losers = std::exchange(losers_, {});
  owned->pending = &pending;
  pending.opened_ = owned.get();
  Request& request = waiting_.add(std::move(owned));
  request.stage = Stage::held;
  suspended_ = false;
  if (live_) submit(request);
}

void Attempt::answer_state(PendingBase& pending, const core::StateWrite& set) {
  const std::string data = set.value ? "=" + *set.value : std::string();
  try {
    if (const auto fits = pending.accept({ErrorCode::none, data, {}}); !fits)
      pending.error = std::make_exception_ptr(CodecFailed(fits.error().message));
  } catch (...) {
    pending.error = std::current_exception();
  }
  pending.then->ready();
}

void Attempt::abandon(Request& request) {
  request.pending->opened_ = nullptr;
  request.pending = nullptr;
  RequestPtr owned = waiting_.take(request);
  if (closing_) return;
  if (request.withdraw()) complete_unrun(request);
  owned->writes.clear();
  if (owned->kind == core::EntryKind::sleep || owned->kind == core::EntryKind::signal)
    losers_.push_back(owned->path);
  std::ranges::move(owned->losers, std::back_inserter(losers_));  // nobody was told of them
  owned->losers.clear();
  abandoned_.add(std::move(owned));
}

// ---- to the core ----------------------------------------------------------------------------

void Attempt::submit_held() {
  for (Request* each = waiting_.oldest(); each != nullptr; each = each->younger)
    if (each->stage == Stage::held) submit(*each);
}

void Attempt::submit(Request& request) {
  request.stage = Stage::submitted;
  if (is_step(request.kind) || request.kind == core::EntryKind::value ||
      request.kind == core::EntryKind::send)
    count(request);
  if (std::ranges::binary_search(open_, std::pair(request.path, request.kind)))
    request.writes.clear();
  if (request.kind == core::EntryKind::value) {
    submit_value(request);
  } else {
    submit_entry(request);
  }
}

void Attempt::submit_entry(Request& request) {
  core::OpenEntry command;
  static_cast<core::Lease&>(command) = lease_;
  command.path = request.path;
  command.kind = request.kind;
  command.writes = std::move(request.writes);
  if (request.kind == core::EntryKind::sleep && !request.by_time)
    request.due = after(port_.now(), request.wait);
  if (request.kind == core::EntryKind::signal) {
    command.signal = request.subject;
    if (request.timed) request.due = after(port_.now(), request.wait);
  }
  command.due = request.due;
  if (request.child != nullptr) command.child = std::move(*request.child);
  request.child.reset();
  port_.submit(std::move(command));
}

void Attempt::submit_value(Request& request) {
  if (request.value_of == ValueOf::state) {
    core::ReadState command;
    static_cast<core::Lease&>(command) = lease_;
    command.path = request.path;
    command.name = request.subject;
    port_.submit(std::move(command));
    return;
  }
  core::RecordValue command;
  static_cast<core::Lease&>(command) = lease_;
  command.path = request.path;
  command.value =
      request.value_of == ValueOf::time ? Codec<WallTime>::encode(port_.now()) : request.subject;
  command.writes = std::move(request.writes);
  command.withdrawn = std::move(request.losers);
  port_.submit(std::move(command));
}

void Attempt::count(Request& request) {
  if (!std::exchange(request.counted, true)) ++active_;
}

void Attempt::uncount(Request& request) {
  if (std::exchange(request.counted, false)) --active_;
}

// ---- steps ----------------------------------------------------------------------------------

/// Awaited, or abandoned since.
Request* Attempt::find(std::string_view path) const {
  Request* request = waiting_.find(path);
  return request != nullptr ? request : abandoned_.find(path);
}

Request* Attempt::find_step(std::string_view path) const {
  Request* request = find(path);
  return request != nullptr && is_step(request->kind) ? request : nullptr;
}

std::shared_ptr<const Job> Attempt::start_step(std::string_view path, std::uint32_t tries) {
  suspended_ = false;
  Request* request = find_step(path);
  if (request == nullptr) return nullptr;
  count(*request);
  request->withdraw();  // the try before it, if that still waits
  request->stage = Stage::running;
  request->late = false;
  request->tries = tries;
  if (request->pending != nullptr) return request->job;
  complete_unrun(*request);  // no further step of an abandoned branch starts
  return nullptr;
}

std::shared_ptr<Try> Attempt::queue_step(std::string_view path) {
  return find_step(path)->queued = std::make_shared<Try>();
}

void Attempt::step_began(std::string_view path, std::uint32_t tries) {
  Request* request = find_step(path);
  if (request != nullptr && request->stage == Stage::running && request->tries == tries)
    request->late = true;
}

Attempt::Next Attempt::end_try(std::string_view path, std::uint32_t tries) {
  Request* request = find_step(path);
  if (request == nullptr || request->stage != Stage::running || request->tries != tries)
    return advance();
  const bool waits = request->queued != nullptr && request->queued->waits();
  if (waits || std::exchange(request->late, false)) return Next::wait;
  StepEnd end;
  end.outcome = {ErrorCode::timed_out, "step_timeout passed"};
  complete_step(*request, std::move(end));
  return advance();
}

Attempt::Next Attempt::step_ended(std::string_view path, std::uint32_t tries, StepEnd end) {
  Request* request = find_step(path);
  const bool late = request == nullptr || request->stage != Stage::running ||
                    request->tries != tries;  // another try runs, or has ended
  if (!late) complete_step(*request, std::move(end));
  return advance();
}

/// Its function did not run, and will not.
void Attempt::complete_unrun(Request& request) {
  StepEnd end;
  end.outcome = {ErrorCode::cancelled, std::string(kAbandoned)};
  end.permanent = true;
  complete_step(request, std::move(end));
}

void Attempt::complete_step(Request& request, StepEnd end) {
  const bool failed = !end.outcome.ok();
  const bool again = failed && !end.permanent && request.pending != nullptr;
  core::CompleteStep command;
  static_cast<core::Lease&>(command) = lease_;
  command.path = request.path;
  command.tries = request.tries;
  command.outcome = std::move(end.outcome);
  command.permanent = failed && !again;
  port_.submit(std::move(command));
  request.stage = again ? Stage::retrying : Stage::submitted;
  if (again) uncount(request);
}

}  // namespace nowthen::sdk
