// What time, other invocations and the engine bring.

#include <algorithm>

#include "base/planted.h"
#include "core/application.h"

namespace nowthen::core {
namespace {

/// A `now` call is past its time: the caller is told, and the work is cancelled or goes on.
/// True if the invocation has ended by it.
bool answer_timed_out(Application& app, Subject s) {
  Invocation& inv = s.inv;
  inv.answer_due = kNever;
  app.header_changed(inv);
  if (inv.on_timeout == OnTimeout::finish) {
    app.store(inv);  // first: its caller is told an id under which it is found again
    return false;
  }
  app.hand_over(s, Decision::Kind::timed_out);
  const InvocationId id = inv.id;
  app.cancel(s, "not answered within answer_within");
  return app.state.find(id) == nullptr;
}

/// The first entry that is due, or none. An entry is not looked at again once it was acted on.
Entry* due_entry(Invocation& inv, WallTime now) {
  const auto due = std::ranges::find_if(
      inv.open, [now](const Entry& entry) { return entry.due != kAtOnce && entry.due <= now; });
  return due == inv.open.end() ? nullptr : &*due;
}

void fire_entry(Application& app, Subject s, Entry& entry) {
  if (entry.kind == EntryKind::sleep) {
    app.complete(s, std::string(entry.path), {});
  } else if (entry.kind == EntryKind::signal) {
    app.complete(s, std::string(entry.path), {ErrorCode::timed_out, "no signal came in time"});
  } else if (entry.stage == Stage::running) {
    entry.due = after(app.now, s.op.policy.step_timeout);
    app.emit(Gate::none, EndTry{{s.inv.id, s.inv.epoch}, entry.path, entry.tries});
  } else if (entry.stage == Stage::asked && !app.stopped(s.inv, entry.kind)) {
    app.run_step(s, entry);
  } else {
    entry.due = kAtOnce;  // it may run as soon as the code asks for it
    app.header_changed(s.inv);
    if (s.inv.state == State::suspended && !s.inv.resident) app.make_ready(s);
  }
}

void fire_entries(Application& app, Subject s) {
  const InvocationId id = s.inv.id;
  const std::uint32_t attempt = s.inv.attempt;
  std::size_t left = s.inv.open.size();  // each at most once
  while (left-- > 0) {
    Entry* entry = due_entry(s.inv, app.now);
    if (entry == nullptr) return;
    fire_entry(app, s, *entry);
    if (app.state.find(id) == nullptr || s.inv.attempt != attempt) return;
    if (s.inv.state == State::parked) return;
  }
}

/// True if the invocation has ended by it.
bool fire_waits(Application& app, Subject s) {
  Invocation& inv = s.inv;
  if (inv.answer_due <= app.now && answer_timed_out(app, s)) return true;
  app.hand_over(s, Decision::Kind::handed_over);
  if (inv.cleanup_due <= app.now) {
    // The time in which no process lived does not count.
    inv.cleanup_due =
        std::max(inv.cleanup_due, after(app.state.recovered, s.op.policy.cleanup_within));
    if (inv.cleanup_due <= app.now) {
      app.end(s, State::cancelled, {ErrorCode::cancelled, inv.cancel_note});
      return true;
    }
    app.header_changed(inv);
  }
  if (inv.attempt == 0 && inv.start_due <= app.now) {
    app.end(s, State::expired, {ErrorCode::expired, "not started within start_within"});
    return true;
  }
  return false;
}

}  // namespace

void act(Application& app, Subject s, FireTimers&) {
  const InvocationId id = s.inv.id;
  if (fire_waits(app, s)) return;
  Invocation& inv = s.inv;
  if (inv.state == State::scheduled && inv.not_before <= app.now) {
    app.state.last_accepted =
        static_cast<AcceptSeq>(std::to_underlying(app.state.last_accepted) + 1);
    inv.accepted_seq = app.state.last_accepted;  // its place in line is given out now
    app.state.find(id)->accepted_seq = inv.accepted_seq;
    app.enter_line(s);
  } else if (inv.state == State::backing_off && inv.backoff_due <= app.now) {
    inv.backoff_due = kNever;
    app.make_ready(s);
  } else if (inv.state == State::running &&
             after(inv.attempt_started, s.op.policy.attempt_timeout) <= app.now) {
    app.fail_attempt(s, {.error = {ErrorCode::timed_out, "attempt_timeout passed"}});
  } else if (inv.state != State::parked) {
    fire_entries(app, s);
  }
  if (app.state.find(id) != nullptr) app.state.wake_at(id, next_due(inv, s.op.policy));
}

void act(Application& app, Subject s, ChildEnded& command) {
  Entry* entry = s.inv.find_open(command.parent.path);
  if (planted(Bug::child_result_twice) && entry == nullptr) {
    const Entry* done = s.inv.find_done(command.parent.path);
    if (done != nullptr) app.record(s, Entry(*done));
    return;
  }
  if (entry == nullptr || entry->child != command.parent.call) return;  // told twice, or restarted
  Outcome outcome = std::move(command.outcome);
  if (entry->kind == EntryKind::send && outcome.ok()) {  // an older one may have its key
    if (const auto id = parse_invocation_id(outcome.data)) entry->child = *id;
  }
  app.complete(s, command.parent.path, std::move(outcome));
}

std::optional<Missing> act(Application& app, StartLoaded& command) {
  Live* live = app.state.find(command.id);
  if (live != nullptr && !live->loaded) return NeedsInvocation{command.id};
  if (app.state.loading.erase(command.id) == 0) return std::nullopt;  // no place is kept for it
  --app.state.running;
  const bool taken = app.state.taken.erase(command.id) != 0;
  if (live != nullptr && live->state == State::ready) {
    const Subject s{*live->loaded, *live->operation};
    if (taken && s.op.pulled && !app.state.draining) {
      if (app.begin_taken(s)) return std::nullopt;
    } else {
      app.make_ready(s);
    }
  } else {
    app.fill_places();  // it ended or was parked in the meantime
  }
  if (taken) app.emit(Gate::none, DropAttempt{{command.id, {}}});  // its worker waits in vain
  return std::nullopt;
}

void act(Application& app, Recover& command) {
  PartitionState& state = app.state;
  state.recovered = app.now;
  for (auto& [order, line] : state.order_lines) {
    std::ranges::sort(line, {}, [&state](InvocationId id) { return state.find(id)->accepted_seq; });
  }
  std::vector<ReadyPlace> places;  // the order of `live` must not reach an effect
  for (const auto& [id, live] : state.live) {
    if (live.state == State::running || live.state == State::ready) {
      places.push_back({live.rank, live.accepted_seq, id});
    }
  }
  std::ranges::sort(places);
  std::vector<Live*> crash_loops;
  std::vector<Live*> cancelled;
  for (const ReadyPlace& place : places) {
    Live& live = *state.find(place.id);
    if (live.state == State::running) {
      Invocation& inv = *live.loaded;
      app.trace_attempt(inv, inv.attempt_started, ErrorCode::unavailable,
                        "the process died while it ran");
      if (inv.last_seq > inv.done_at_start) inv.crashes = 0;  // it got on in the meantime
      const bool suspect = std::ranges::count(command.suspects, place.id) != 0;
      if (suspect || planted(Bug::innocent_blamed)) ++inv.crashes;
      live.state = inv.state = State::ready;
      inv.cleanup_due = kNever;  // from anew, once the next attempt was told of the cancel
      app.header_changed(inv);
      if (inv.crashes >= state.limits.crashes_max) {
        crash_loops.push_back(&live);
        continue;
      }
      if (inv.cancel_seq != 0 && live.operation->pulled) {
        cancelled.push_back(&live);
        continue;
      }
    }
    state.line_of(*live.operation).insert(place);
  }
  for (const auto& [order, line] : state.order_lines) {  // only the first of a line may run
    for (std::size_t i = 1; i < line.size(); ++i) {
      const Live& live = *state.find(line[i]);
      state.line_of(*live.operation).erase({live.rank, live.accepted_seq, line[i]});
    }
  }
  for (Live* live : crash_loops) {  // only now: what is parked frees a place
    Invocation& inv = *live->loaded;
    app.park({inv, *live->operation}, ParkReason::crash_loop,
             "the process died " + std::to_string(inv.crashes) +
                 " times while its code ran, without progress");
  }
  for (Live* live : cancelled) {  // its worker was the one to tell
    const Subject s{*live->loaded, *live->operation};
    app.end(s, State::cancelled, {ErrorCode::cancelled, s.inv.cancel_note});
  }
  for (auto& [name, op] : state.operations) app.tell_of_work(*op);
  app.fill_places();
}

void act(Application& app, Configure& command) {
  Operation& op = app.state.operation_named(command.operation);
  op.policy = command.policy;
  op.key_scope = std::move(command.key_scope);
  op.versions = std::move(command.versions);
  std::ranges::sort(op.versions);
  app.change_line(op, command.pulled);
}

}  // namespace nowthen::core
