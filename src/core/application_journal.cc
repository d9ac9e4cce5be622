// The moves of Application on the journal: opening, completing and repeating entries.

#include <algorithm>

#include "base/assert.h"
#include "base/planted.h"
#include "core/application.h"

namespace nowthen::core {
namespace {

std::size_t size_of(const Entry& entry) { return entry.path.size() + entry.outcome.data.size(); }

/// "charge running", "waits for signal:approve", "ready": why a caller gets a ticket.
std::string progress(const Invocation& inv) {
  for (const Entry& entry : inv.open) {
    if (entry.stage == Stage::running) return entry.path + " running";
  }
  if (!inv.open.empty()) return "waits for " + inv.open.front().path;
  return std::string(to_string(inv.state));
}

}  // namespace

bool Application::fits(Subject s, const Entry& entry) {
  const Limits& limits = state.limits;
  std::string limit;
  if (s.inv.done.size() + s.inv.open.size() >= limits.journal_entries_max) {
    limit = "journal_entries_max (" + std::to_string(limits.journal_entries_max) + ")";
  } else if (!entry.done() && s.inv.open.size() >= limits.open_entries_max) {
    limit = "open_entries_max (" + std::to_string(limits.open_entries_max) + ")";
  } else if (s.inv.journal_bytes + size_of(entry) > limits.journal_bytes_max) {
    limit = "journal_bytes_max (" + std::to_string(limits.journal_bytes_max) + ")";
  } else {
    return true;
  }
  end(s, State::failed, {ErrorCode::too_large, "entry '" + entry.path + "' passes " + limit});
  return false;
}

void Application::complete(Subject s, std::string_view path, Outcome outcome) {
  const auto open = std::ranges::find(s.inv.open, path, &Entry::path);
  NT_ASSERT(open != s.inv.open.end());
  Entry entry = std::move(*open);
  s.inv.open.erase(open);
  if (outcome.data.size() > state.limits.result_bytes_max) {
    outcome = {ErrorCode::too_large, "the result of '" + entry.path +
                                         "' is larger than result_bytes_max (" +
                                         std::to_string(state.limits.result_bytes_max) + ")"};
  }
  entry.outcome = std::move(outcome);
  record(s, std::move(entry));
}

void Application::record(Subject s, Entry entry) {
  entry.done_seq = s.inv.last_seq + 1;
  if (!fits(s, entry)) return;
  s.inv.last_seq = entry.done_seq;
  trace_entry(s.inv, entry);
  entry.due = kNever;
  entry.since = now;
  entry.stage = Stage::left;
  s.inv.journal_bytes += size_of(entry);
  s.inv.done.push_back(std::move(entry));
  if (s.inv.stored) out.rows.push_back(EntryAdded{s.inv.id});
  deliver_last(s);
}

void Application::deliver_last(Subject s) {
  if (s.inv.resident) {
    limit_cleanup(s);
    go_on(s);
    Deliver deliver;
    deliver.id = s.inv.id;
    deliver.epoch = s.inv.epoch;
    deliver.index = static_cast<std::uint32_t>(s.inv.done.size() - 1);
    emit(Gate::none, deliver);
  } else if (s.inv.state == State::suspended) {
    make_ready(s);
  }
}

std::string_view signal_of(std::string_view path) {
  const std::string_view name = path.substr(path.find(':') + 1);
  return name.substr(0, name.rfind('#'));
}

const Entry* find_wait(const Invocation& inv, std::string_view name) {
  const auto found = std::ranges::find_if(inv.open, [name](const Entry& entry) {
    return entry.kind == EntryKind::signal && signal_of(entry.path) == name;
  });
  return found == inv.open.end() ? nullptr : &*found;
}

void Application::give_signal(Subject s, BufferedSignal signal, bool first) {
  if (const Entry* wait = find_wait(s.inv, signal.name)) {
    complete(s, std::string(wait->path), {ErrorCode::none, std::move(signal.payload)});
    return;
  }
  s.inv.signals.insert(first ? s.inv.signals.begin() : s.inv.signals.end(), std::move(signal));
  header_changed(s.inv);
}

bool Application::stopped(const Invocation& inv, EntryKind kind) {
  return inv.cancel_seq != 0 && kind != EntryKind::cleanup;
}

void Application::run_step(Subject s, Entry& entry) {
  entry.stage = Stage::running;
  entry.due = after(now, s.op.policy.step_timeout);
  state.wake_at(s.inv.id, entry.due);
  go_on(s);
  RunStep run;
  run.id = s.inv.id;
  run.epoch = s.inv.epoch;
  run.path = entry.path;
  run.tries = entry.tries;
  emit(gate(s.inv), std::move(run));
}

void Application::step_failed(Subject s, Entry& entry, Outcome outcome, bool permanent) {
  const Retry& retry = s.op.policy.retry;
  cut(outcome.data, state.limits.error_bytes_max);
  ++entry.tries;
  const bool last = permanent || entry.kind == EntryKind::step_once ||
                    entry.tries >= retry.attempts_max || stopped(s.inv, entry.kind);
  if (last) {
    complete(s, std::string(entry.path), std::move(outcome));
    return;
  }
  entry.outcome = std::move(outcome);
  entry.stage = Stage::asked;
  entry.due = after(now, backoff(retry, entry.tries, random));
  header_changed(s.inv);
  state.wake_at(s.inv.id, entry.due);
}

void Application::hand_over(Subject s, Decision::Kind kind) {
  for (const Waiter& waiter : s.inv.waiters) {
    if (waiter.due > now) continue;
    Reply reply;
    reply.waiter = waiter.id;
    reply.state = s.inv.state;
    reply.decision = {.kind = kind,
                      .after = now - s.inv.accepted,
                      .done = s.inv.last_seq,
                      .reason = progress(s.inv)};
    reply.applied = waiter.applied;
    if (waiter.mode == Mode::now) {
      reply.refused = true;
      reply.outcome = {ErrorCode::deadline_exceeded, "not answered within answer_within"};
      reply.decision.kind = Decision::Kind::timed_out;
    } else {
      store(s.inv);  // a ticket is a promise
    }
    if (s.inv.stored) reply.id = s.inv.id;
    if (s.inv.decision.empty()) s.inv.decision = to_string(reply.decision.kind);
    emit(gate(s.inv), std::move(reply));
  }
  const auto told =
      std::erase_if(s.inv.waiters, [this](const Waiter& waiter) { return waiter.due <= now; });
  if (planted(Bug::step_again_after_hand_over) && told > 0 && s.inv.resident &&
      s.inv.rows == s.inv.done.size() && s.inv.rows > 0) {
    out.rows.push_back(JournalErased{s.inv.id, s.inv.rows});  // begins anew, and forgets
    s.inv.rows = s.inv.last_seq = 0;
    s.inv.done.clear();
    s.inv.done_index.clear();
    drop_attempt(s.inv);
    make_ready(s);
  }
}

}  // namespace nowthen::core
