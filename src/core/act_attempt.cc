// What executors say under the lease of an attempt.

#include <algorithm>
#include <ranges>

#include "base/assert.h"
#include "base/planted.h"
#include "core/application.h"
#include "core/callback.h"

namespace nowthen::core {
namespace {

/// The entry is there already: opened by a former attempt, or twice.
void reopen(Application& app, Subject s, Entry& entry) {
  if (entry.stage != Stage::left) return;
  entry.stage = Stage::asked;
  if (!is_step(entry.kind)) return;
  if (entry.kind == EntryKind::step_once && entry.tries == 0) {
    app.park(s, ParkReason::outcome_unknown,
             "step '" + entry.path + "' runs at most once; it began and never reported");
    return;
  }
  if (entry.due <= app.now) app.run_step(s, entry);  // else its retry has its time
}

/// What is sent with an idempotency key may be there already: only its partition knows.
bool waits_for_answer(EntryKind kind, const Invoke& child) {
  return kind == EntryKind::call || !child.options.idempotency_key.empty();
}

/// Sends off the call of another operation, or says what is wrong with it.
Error open_call(Application& app, Subject s, OpenEntry& command, Entry& entry) {
  Invoke call = std::move(*command.child);
  call.sent = entry.kind == EntryKind::send;
  call.depth = call.sent ? 0 : s.inv.depth + 1;
  if (Error error = check_call(app, call); error.code != ErrorCode::none) return error;
  if (is_reserved_name(call.operation))
    return {ErrorCode::invalid_argument, reserved_name_rule(call.operation)};
  if (call.sent) {  // it is taken wherever it arrives, so a full partition is refused here
    if (Error error = overloaded(app); error.code != ErrorCode::none) return error;
  }
  const Operation& op = app.state.operation_named(call.operation);
  // Without a key the child stays with its parent: what passes between them needs no outbox.
  std::uint16_t partition = app.state.partition;
  if (!call.options.order_key.empty() || !call.options.idempotency_key.empty()) {
    partition = partition_of(app.state.partitions, call.operation, op.key_scope, call.options, 0);
  }
  call.id = app.new_id(partition);
  entry.child = call.id;
  if (call.options.trace.empty()) {
    const auto trace = app.traced(s.inv);
    call.options.trace = trace ? to_traceparent(trace->trace, call_span(call.id)) : s.inv.trace;
  }
  if (waits_for_answer(entry.kind, call)) call.parent = ParentLink{s.inv.id, entry.path, call.id};
  if (!call.sent) {
    call.held_above = s.inv.held_above;
    if (!s.inv.order.empty()) call.held_above.push_back(s.inv.order);
    if (!s.inv.idempotency_key.empty()) {
      call.held_above.push_back(
          as_held(idempotency_record(s.inv.operation, s.inv.order.key, s.inv.idempotency_key)));
    }
  }
  app.emit(Gate::commit, Message{partition, std::move(call)});
  return {};
}

/// A wait that lost its race is there no more. A message that it took in the meantime is for the
/// next wait: the code will never see it otherwise.
void withdraw(Application& app, Subject s, std::string_view path) {
  if (planted(Bug::signal_lost)) return;
  if (const Entry* entry = s.inv.find_open(path)) {
    if (entry->kind != EntryKind::sleep && entry->kind != EntryKind::signal) return;
    s.inv.open.erase(s.inv.open.begin() + (entry - s.inv.open.data()));
    app.header_changed(s.inv);
  } else if (const Entry* done = s.inv.find_done(path)) {
    if (done->kind == EntryKind::signal && done->outcome.ok())
      app.give_signal(s, {std::string(signal_of(path)), done->outcome.data}, true);
  }
}

/// A wait for a signal takes the oldest message of its name that is there.
bool take_signal(Application& app, Subject s, std::string_view path, std::string_view name) {
  const auto found = std::ranges::find(s.inv.signals, name, &BufferedSignal::name);
  if (found == s.inv.signals.end()) return false;
  Bytes payload = std::move(found->payload);
  s.inv.signals.erase(found);
  app.header_changed(s.inv);
  app.complete(s, path, {ErrorCode::none, std::move(payload)});
  return true;
}

}  // namespace

void act(Application& app, Subject s, OpenEntry& command) {
  Invocation& inv = s.inv;
  const bool wrote = !command.writes.empty();
  if (!app.write_state(s, std::move(command.writes))) return;
  app.store(inv);
  const bool stopped = Application::stopped(inv, command.kind);
  if (stopped || inv.find_done(command.path) != nullptr) return;  // the code will be told
  if (Entry* entry = inv.find_open(command.path)) {
    reopen(app, s, *entry);
    return;
  }
  Entry fresh;
  fresh.path = std::move(command.path);
  fresh.kind = command.kind;
  fresh.since = app.now;
  fresh.stage = Stage::asked;
  fresh.wrote = wrote;
  if (!app.fits(s, fresh)) return;
  Entry& entry = inv.open.emplace_back(std::move(fresh));
  switch (entry.kind) {
    case EntryKind::step:
    case EntryKind::cleanup:
      if (wrote) app.header_changed(inv);
      app.run_step(s, entry);
      return;
    case EntryKind::step_once:
      app.header_changed(inv);  // its start is committed before it runs
      app.run_step(s, entry);
      return;
    case EntryKind::sleep:
      entry.due = std::max(command.due, app.now);
      break;
    case EntryKind::signal:
      if (take_signal(app, s, std::string(entry.path), command.signal)) return;
      entry.due = std::max(command.due, app.now);
      break;
    case EntryKind::call:
    case EntryKind::send: {
      NT_ASSERT(command.child.has_value());
      const bool waits = waits_for_answer(entry.kind, *command.child);
      Error error = open_call(app, s, command, entry);
      if (error.code == ErrorCode::none && waits) break;
      if (error.code == ErrorCode::none) error.message = nowthen::to_string(entry.child);
      app.complete(s, std::string(entry.path), {error.code, std::move(error.message)});
      return;
    }
    case EntryKind::value:
      NT_ASSERT(false);
  }
  app.header_changed(inv);
  app.state.wake_at(inv.id, entry.due);
}

void act(Application& app, Subject s, CompleteStep& command) {
  Entry* entry = s.inv.find_open(command.path);
  if (entry == nullptr || entry->stage != Stage::running || entry->tries != command.tries) {
    return;  // late: it timed out
  }
  if (command.outcome.ok()) {
    app.complete(s, command.path, std::move(command.outcome));
  } else if (command.outcome.code == ErrorCode::timed_out && entry->kind == EntryKind::step_once) {
    app.park(s, ParkReason::outcome_unknown,
             "step '" + entry->path + "' runs at most once; it did not report within step_timeout");
  } else {
    app.step_failed(s, *entry, std::move(command.outcome), command.permanent);
  }
}

void act(Application& app, Subject s, RecordValue& command) {
  Entry entry;
  entry.path = std::move(command.path);
  entry.kind = EntryKind::value;
  entry.outcome.data = std::move(command.value);
  if (!command.writes.empty()) app.store(s.inv);
  if (!app.write_state(s, std::move(command.writes))) return;
  for (const std::string& path :
       std::views::reverse(command.withdrawn)) {  // the first is put first
    withdraw(app, s, path);
    if (app.state.find(command.id) == nullptr) return;
  }
  app.record(s, std::move(entry));
}

std::optional<Missing> act(Application& app, Subject s, ReadState& command) {
  if (s.inv.order.empty()) {
    app.end(s, State::failed,
            {ErrorCode::invalid_argument, "state belongs to an order key, and this call has none"});
    return std::nullopt;
  }
  const auto fetched = app.state.fetched_state.find({s.inv.order, command.name});
  if (fetched == app.state.fetched_state.end()) return NeedsState{s.inv.order, command.name};
  Entry entry;
  entry.path = std::move(command.path);
  entry.kind = EntryKind::value;
  // A recorded read keeps apart "nothing there" (empty) and "this" (a leading '=').
  if (fetched->second) entry.outcome.data = "=" + *fetched->second;
  app.record(s, std::move(entry));
  return std::nullopt;
}

void act(Application& app, Subject s, Suspend& command) {
  Invocation& inv = s.inv;
  if (!inv.resident) return;  // said twice
  const auto any = [&inv](Stage stage) {
    return std::ranges::find(inv.open, stage, &Entry::stage) != inv.open.end();
  };
  // A result is on its way to the code, or a step has been let go at the same time.
  const bool behind = command.seen < inv.last_seq || any(Stage::running);
  if (!behind && !any(Stage::asked)) {
    app.fail_attempt(
        s, {.error = {ErrorCode::invalid_state, "the code waits for nothing that can come"}});
    return;
  }
  if (command.kept) {
    if (behind || inv.state == State::suspended) return;
    app.move(s, State::suspended);
  } else {
    app.trace_attempt(inv, inv.attempt_begun, ErrorCode::none, {});
    app.let_go(inv);
    if (behind) {
      app.make_ready(s);
      return;
    }
    app.move(s, State::suspended);
    app.store(inv);
    app.header_changed(inv);
    app.state.set_due(inv.id, next_due(inv, s.op.policy));  // the attempt's timeout is over
  }
  app.fill_places();
}

namespace {

void finish(Application& app, Subject s, Finish& command) {
  if (!app.write_state(s, std::move(command.writes))) return;
  if (s.inv.cancel_seq != 0) {
    app.end(s, State::cancelled, {ErrorCode::cancelled, s.inv.cancel_note});
    return;
  }
  Outcome outcome = std::move(command.outcome);
  if (!outcome.ok() && outcome.code != ErrorCode::rejected) {
    cut(outcome.data, app.state.limits.error_bytes_max);
  }
  const State terminal = outcome.ok() ? State::succeeded : State::failed;
  app.end(s, terminal, std::move(outcome));
}

}  // namespace

void act(Application& app, Subject s, Finish& command) {
  finish(app, s, command);
  app.tell_state(command.waiter, command.id);
}

void act(Application& app, Subject s, FailAttempt& command) {
  app.fail_attempt(s, {.error = std::move(command.error),
                       .permanent = command.permanent,
                       .retry_after = command.retry_after});
  app.tell_state(command.waiter, command.id);
}

void act(Application& app, Subject s, ParkAttempt& command) {
  app.park(s, command.reason, std::move(command.detail));
}

}  // namespace nowthen::core
