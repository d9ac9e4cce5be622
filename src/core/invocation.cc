#include "core/invocation.h"

#include <algorithm>
#include <functional>

namespace nowthen::core {

std::string_view to_string(State state) {
  static constexpr std::array<std::string_view, kStates> kWords = {
      "scheduled", "ready",     "running", "suspended", "backing_off",
      "parked",    "succeeded", "failed",  "cancelled", "expired"};
  return kWords[static_cast<std::size_t>(state)];
}

std::string_view to_string(ParkReason reason) {
  switch (reason) {
    case ParkReason::none:
      return "none";
    case ParkReason::journal_mismatch:
      return "journal_mismatch";
    case ParkReason::outcome_unknown:
      return "outcome_unknown";
    case ParkReason::crash_loop:
      return "crash_loop";
    case ParkReason::exhausted:
      return "exhausted";
    case ParkReason::operator_:
      return "operator";
    case ParkReason::no_executor:
      return "no_executor";
  }
  return "unknown";
}

std::string_view to_string(EntryKind kind) {
  switch (kind) {
    case EntryKind::step:
      return "step";
    case EntryKind::step_once:
      return "step_once";
    case EntryKind::cleanup:
      return "cleanup";
    case EntryKind::sleep:
      return "sleep";
    case EntryKind::call:
      return "call";
    case EntryKind::send:
      return "send";
    case EntryKind::signal:
      return "signal";
    case EntryKind::value:
      return "value";
  }
  return "unknown";
}

const Entry* Invocation::find_done(std::string_view path) const {
  constexpr std::size_t kFew = 64;
  if (done.size() <= kFew) {
    const auto it = std::ranges::find(done, path, &Entry::path);
    return it == done.end() ? nullptr : &*it;
  }
  const std::hash<std::string_view> hash;
  for (std::size_t i = done_index.size(); i < done.size(); ++i)
    done_index.emplace(hash(done[i].path), static_cast<std::uint32_t>(i));
  for (auto [it, end] = done_index.equal_range(hash(path)); it != end; ++it)
    if (done[it->second].path == path) return &done[it->second];
  return nullptr;
}

Entry* Invocation::find_open(std::string_view path) {
  const auto it = std::ranges::find(open, path, &Entry::path);
  return it == open.end() ? nullptr : &*it;
}

bool is_stored(const Entry& open) {
  const bool repeatable = open.kind == EntryKind::step || open.kind == EntryKind::cleanup;
  return !repeatable || open.tries > 0 || open.wrote;
}

State stored_state(const Invocation& invocation) {
  return invocation.resident ? State::running : invocation.state;
}

WallTime next_due(const Invocation& invocation, const Policy& policy) {
  WallTime due = std::min({invocation.answer_due, invocation.cleanup_due});
  for (const Waiter& waiter : invocation.waiters) due = std::min(due, waiter.due);
  if (invocation.attempt == 0) due = std::min(due, invocation.start_due);
  if (invocation.state == State::parked) return due;
  if (invocation.state == State::scheduled) due = std::min(due, invocation.not_before);
  if (invocation.state == State::backing_off) due = std::min(due, invocation.backoff_due);
  if (invocation.state == State::running) {
    due = std::min(due, after(invocation.attempt_started, policy.attempt_timeout));
  }
  for (const Entry& entry : invocation.open) {
    if (entry.due != kAtOnce) due = std::min(due, entry.due);
  }
  return due;
}

}  // namespace nowthen::core
