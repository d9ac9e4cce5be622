#include "core/application.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "base/planted.h"
#include "core/callback.h"

namespace nowthen::core {

Gate Application::gate(const Invocation& inv) {
  return inv.stored || !inv.order.empty() ? Gate::commit : Gate::none;
}

void Application::refuse(WaiterId waiter, Gate gate, ErrorCode code, std::string message) {
  if (waiter == WaiterId::none) return;
  Reply reply;
  reply.waiter = waiter;
  reply.refused = true;
  reply.outcome = {code, std::move(message)};
  reply.decision.kind = Decision::Kind::refused;
  emit(gate, std::move(reply));
}

void Application::acknowledge(WaiterId waiter, const Invocation& inv) {
  if (waiter == WaiterId::none) return;
  Reply reply;
  reply.waiter = waiter;
  if (inv.stored) reply.id = inv.id;
  reply.state = inv.state;
  reply.cancelling = inv.cancel_seq != 0;
  emit(gate(inv), std::move(reply));
}

void Application::answer_finished(WaiterId waiter, InvocationId id, const Finished& finished,
                                  Decision::Kind kind, Applied applied) {
  if (waiter == WaiterId::none) return;
  Reply reply;
  reply.waiter = waiter;
  reply.id = id;
  reply.state = finished.state;
  reply.outcome = finished.outcome;
  reply.decision = {.kind = kind, .after = {}, .done = finished.done, .reason = {}};
  reply.applied = applied;
  emit(Gate::commit, std::move(reply));
}

void Application::tell_state(WaiterId waiter, InvocationId id) {
  if (waiter == WaiterId::none) return;
  Reply reply;
  reply.waiter = waiter;
  if (const Live* live = state.find(id)) {
    if (live->loaded->stored) reply.id = id;
    reply.state = live->state;
    reply.cancelling = live->loaded->cancel_seq != 0;
  } else if (!state.unstored.empty() && state.unstored.back().id == id) {
    reply.state = state.unstored.back().state;
  } else {
    for (const RowChange& change : out.rows) {  // it ended by what was said
      const Ended* ended = std::get_if<Ended>(&change);
      if (ended == nullptr || ended->invocation->id != id) continue;
      reply.id = id;
      reply.state = ended->invocation->state;
      reply.cancelling = ended->invocation->cancel_seq != 0;
      if (!ended->invocation->outcome.ok()) reply.outcome = ended->invocation->outcome;
    }
  }
  emit(Gate::commit, std::move(reply));
}

void Application::tell_step(WaiterId waiter, const Invocation& inv, const Entry& done,
                            bool before) {
  if (waiter == WaiterId::none) return;
  Reply reply;
  reply.waiter = waiter;
  if (inv.stored) reply.id = inv.id;
  reply.state = inv.state;
  reply.outcome = done.outcome;
  reply.recorded_before = before;
  reply.cancelling = inv.cancel_seq != 0;
  emit(planted(Bug::step_answered_early) ? Gate::none : Gate::commit, std::move(reply));
}

void Application::refuse_worker(WaiterId waiter, InvocationId id, ErrorCode code,
                                std::string message) {
  if (waiter == WaiterId::none) return;
  Reply reply;
  reply.waiter = waiter;
  const Live* live = state.find(id);
  if (live != nullptr && (!live->loaded || live->loaded->stored)) reply.id = id;
  reply.refused = true;
  reply.outcome = {code, std::move(message)};
  reply.decision.kind = Decision::Kind::refused;
  emit(Gate::commit, std::move(reply));
}

void Application::header_changed(Invocation& inv) {
  if (inv.stored) out.rows.push_back(HeaderChanged{inv.id});
}

void Application::store(Invocation& inv) {
  if (inv.stored) return;
  inv.stored = true;
  out.rows.push_back(HeaderChanged{inv.id});
}

bool Application::write_state(Subject s, std::vector<StateWrite> writes) {
  const Limits& limits = state.limits;
  Outcome wrong;
  if (writes.size() > limits.state_names_max) {
    wrong = {ErrorCode::too_large, "more than state_names_max (" +
                                       std::to_string(limits.state_names_max) +
                                       ") names of state written with one entry"};
  }
  for (const StateWrite& write : writes) {
    if (s.inv.order.empty()) {
      wrong = {ErrorCode::invalid_argument,
               "state belongs to an order key, and this call has none"};
    } else if (write.name.size() > limits.name_bytes_max) {
      wrong = {ErrorCode::too_large, "the name of a state is larger than name_bytes_max (" +
                                         std::to_string(limits.name_bytes_max) + ")"};
    } else if (write.value && write.value->size() > limits.result_bytes_max) {
      wrong = {ErrorCode::too_large, "state '" + write.name +
                                         "' is larger than result_bytes_max (" +
                                         std::to_string(limits.result_bytes_max) + ")"};
    }
  }
  if (!wrong.ok()) {
    end(s, State::failed, std::move(wrong));
    return false;
  }
  for (StateWrite& write : writes) {
    out.rows.push_back(StateChanged{s.inv.order, std::move(write.name), std::move(write.value)});
  }
  return true;
}

// ---- life ----------------------------------------------------------------------------------

void Application::move(Subject s, State to) {
  const State from = s.inv.state;
  if (from == to) return;
  NT_ASSERT(is_legal(from, to));
  if (from == State::ready) state.line_of(s.op).erase(place_of(s.inv));
  if (from == State::running) --state.running;
  if (to == State::running) ++state.running;
  s.inv.state = to;
  Live* live = state.find(s.inv.id);
  NT_ASSERT(live != nullptr);
  live->state = to;
}

void Application::enter_line(Subject s) {
  if (!s.inv.order.empty()) state.order_lines[s.inv.order].push_back(s.inv.id);
  make_ready(s);
}

bool Application::first_in_line(const Invocation& inv) const {
  if (planted(Bug::order_key_released_early)) return true;
  return inv.order.empty() || state.order_lines.find(inv.order)->second.front() == inv.id;
}

void Application::make_ready(Subject s) {
  if (s.inv.state != State::ready) {
    move(s, State::ready);
    header_changed(s.inv);
  }
  if (!first_in_line(s.inv)) return;             // why: its order key is held
  if (state.loading.contains(s.inv.id)) return;  // a place is kept for it
  line_up(s.op, place_of(s.inv));
  fill_places();
}

void Application::fill_places() {
  if (filling_ || state.draining)
    return;  // beginning one may park or end it, which comes here again
  filling_ = true;
  while (state.running < state.limits.running_max && !state.ready.empty()) {
    const InvocationId id = state.ready.begin()->id;
    Live* live = state.find(id);
    NT_ASSERT(live != nullptr);
    if (!live->loaded) {
      state.ready.erase(state.ready.begin());
      state.loading.insert(id);
      ++state.running;  // its place is kept while it is loaded
      emit(Gate::none, Load{id});
      continue;
    }
    begin_attempt({*live->loaded, *live->operation});
  }
  filling_ = false;
  if (state.cut_short.empty() || state.running >= state.limits.running_max) return;
  for (const std::string& name : std::exchange(state.cut_short, {}))
    tell_of_work(state.operation_named(name));
}

void Application::begin_attempt(Subject s) {
  Invocation& inv = s.inv;
  if (!s.op.runs(inv.version)) {
    park(s, ParkReason::no_executor,
         "nothing here runs " + inv.operation + " version " + std::to_string(inv.version));
    return;
  }
  go_on(s);
  ++inv.attempt;
  inv.epoch = next(inv.epoch);
  inv.done_at_start = inv.last_seq;
  inv.backoff_due = kNever;
  inv.resident = true;
  inv.attempt_begun = now;
  header_changed(inv);
  limit_cleanup(s);
  Dispatch dispatch;
  dispatch.id = inv.id;
  dispatch.epoch = inv.epoch;
  emit(gate(inv), dispatch);
}

void Application::go_on(Subject s) {
  if (s.inv.state == State::running) return;
  move(s, State::running);
  s.inv.attempt_started = now;  // attempt_timeout is of running, not of waiting
  state.wake_at(s.inv.id, after(now, s.op.policy.attempt_timeout));
}

void Application::let_go(Invocation& inv) {
  inv.resident = false;
  inv.crashes = 0;  // it ended, and the process lives
  std::erase_if(inv.open, [](const Entry& entry) { return !is_stored(entry); });
  for (Entry& entry : inv.open) {
    if (entry.stage == Stage::running) entry.due = kAtOnce;  // its time was of that try
    entry.stage = Stage::left;
  }
}

void Application::drop_attempt(Invocation& inv, ErrorCode code, std::string_view why) {
  if (!inv.resident) return;
  trace_attempt(inv, inv.attempt_begun, code, why);
  let_go(inv);
  DropAttempt drop;
  drop.id = inv.id;
  drop.epoch = inv.epoch;
  emit(Gate::none, drop);
}

void Application::park(Subject s, ParkReason reason, std::string note) {
  const bool asked_for = reason == ParkReason::operator_;
  drop_attempt(s.inv, asked_for ? ErrorCode::none : ErrorCode::failed, note);
  store(s.inv);  // a parked call waits for a person, so it must survive
  move(s, State::parked);
  s.inv.park_reason = reason;
  cut(note, state.limits.error_bytes_max);
  s.inv.note = std::move(note);
  header_changed(s.inv);
  emit(Gate::commit,
       GivenUp{s.inv.id, s.inv.operation, s.inv.trace, State::parked, reason, s.inv.note});
  fill_places();
}

void Application::fail_attempt(Subject s, Failure failure) {
  Invocation& inv = s.inv;
  std::string message = std::move(failure.error.message);
  cut(message, state.limits.error_bytes_max);
  drop_attempt(inv, failure.error.code, message);
  const Retry& retry = s.op.policy.retry;
  if (inv.cancel_seq != 0) {
    end(s, State::cancelled, {ErrorCode::cancelled, inv.cancel_note});
    return;
  }
  ++inv.failures;
  const bool exhausted = inv.failures >= retry.attempts_max;
  if (exhausted && !failure.permanent && s.op.policy.on_exhausted == OnExhausted::park) {
    park(s, ParkReason::exhausted, std::move(message));
    return;
  }
  if (exhausted || failure.permanent) {
    end(s, State::failed, {ErrorCode::failed, std::move(message)});
    return;
  }
  inv.note = std::move(message);
  inv.backoff_due = after(now, std::max(backoff(retry, inv.failures, random), failure.retry_after));
  move(s, State::backing_off);
  header_changed(inv);
  state.wake_at(inv.id, inv.backoff_due);
  fill_places();
}

void Application::end(Subject s, State terminal, Outcome outcome) {
  Invocation& inv = s.inv;
  drop_attempt(inv, outcome.code, outcome.ok() ? std::string_view() : outcome.data);
  const bool whole = outcome.ok() || outcome.code == ErrorCode::rejected;  // errors are cut
  if (whole && outcome.data.size() > state.limits.result_bytes_max) {
    outcome = {ErrorCode::too_large, "the result is larger than result_bytes_max (" +
                                         std::to_string(state.limits.result_bytes_max) + ")"};
    terminal = State::failed;
  }
  move(s, terminal);
  inv.ended = now;
  inv.outcome = std::move(outcome);
  // What the operation itself refused, and what was only ever in memory, its caller was told.
  if (terminal == State::failed && inv.stored && inv.outcome.code != ErrorCode::rejected)
    emit(Gate::commit, GivenUp{inv.id, inv.operation, inv.trace, terminal, {}, inv.outcome.data});
  trace_end(inv);
  cancel_children(inv, "its caller has ended");
  answer_waiters(inv);
  if (!inv.callback.empty()) call_back(inv);
  for (ParentLink& parent : inv.parents) {
    const std::uint16_t to = parent.id.partition();
    emit(Gate::commit, Message{to, ChildEnded{std::move(parent), inv.outcome}});
  }
  leave_line(inv);
  const Policy& policy = s.op.policy;
  const Duration retain = terminal == State::failed ? policy.retain_failed : policy.retain;
  const auto it = state.live.find(inv.id);
  std::unique_ptr<Invocation> ended = std::move(it->second.loaded);
  state.live.erase(it);
  if (ended->stored) {
    out.rows.push_back(Ended{std::move(ended), retain});
  } else {
    if (state.unstored.size() == PartitionState::kUnstoredKept) state.unstored.pop_front();
    std::string note = terminal == State::failed ? std::move(ended->outcome.data) : "";
    cut(note, state.limits.error_bytes_max);
    state.unstored.push_back(
        {ended->id, std::move(ended->operation), terminal, ended->accepted, now, std::move(note)});
  }
  fill_places();
}

void Application::leave_line(const Invocation& inv) {
  if (inv.order.empty()) return;
  const auto found = state.order_lines.find(inv.order);
  if (found == state.order_lines.end()) return;  // was scheduled: never in line
  std::deque<InvocationId>& line = found->second;
  const auto place = std::ranges::find(line, inv.id);
  if (place == line.end()) return;
  const bool held = place == line.begin();
  line.erase(place);
  if (line.empty()) {
    state.order_lines.erase(found);
  } else if (held) {
    const Live* next = state.find(line.front());
    NT_ASSERT(next != nullptr);
    if (next->state != State::ready) return;  // parked where it waited: it has the key now
    line_up(*next->operation, {next->rank, next->accepted_seq, line.front()});
  }
}

void Application::answer_waiters(Invocation& inv) {
  for (const Waiter& waiter : inv.waiters) {
    Reply reply;
    reply.waiter = waiter.id;
    reply.id = inv.stored ? inv.id : InvocationId{};
    reply.state = inv.state;
    const bool last = &waiter == &inv.waiters.back() && !inv.stored && inv.outcome.ok();
    reply.outcome = last ? std::move(inv.outcome) : inv.outcome;
    reply.decision.after = now - inv.accepted;
    reply.decision.done = inv.last_seq;
    reply.applied = waiter.applied;
    emit(gate(inv), std::move(reply));
  }
  inv.waiters.clear();
}

void Application::cancel_children(Invocation& inv, std::string_view why) {
  for (const Entry& entry : inv.open) {
    if (entry.kind != EntryKind::call) continue;
    emit(Gate::commit,
         Message{entry.child.partition(), Cancel{entry.child, std::string(why), WaiterId::none}});
  }
}

void Application::call_back(Invocation& inv) {
  if (planted(Bug::callback_forgotten) && inv.state == State::cancelled) return;
  Invoke call;
  call.id = inv.told_by = new_id(state.partition);
  call.operation = kCallbackOperation;
  call.input = callback_input(inv);
  call.options.priority = inv.priority;
  call.options.trace = inv.trace;
  call.sent = true;
  emit(Gate::commit, Message{state.partition, std::move(call)});
}

InvocationId Application::new_id(std::uint16_t partition) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch();
  return InvocationId::make(static_cast<std::uint64_t>(ms.count()), partition, random.next());
}

void Application::limit_cleanup(Subject s) {
  if (s.inv.cancel_seq == 0 || s.inv.cleanup_due != kNever) return;
  const auto holds_up = [](const Entry& entry) {
    return entry.stage == Stage::running && entry.kind != EntryKind::cleanup;
  };
  if (std::ranges::any_of(s.inv.open, holds_up)) return;
  s.inv.cleanup_due = after(now, s.op.policy.cleanup_within);
  state.wake_at(s.inv.id, s.inv.cleanup_due);
  header_changed(s.inv);
}

void Application::cancel(Subject s, std::string note) {
  Invocation& inv = s.inv;
  if (inv.cancel_seq != 0 && inv.state != State::parked) return;
  cut(note, state.limits.error_bytes_max);
  // What workers run has no clean-up of its own: without an attempt there is nobody to tell.
  const bool begun = inv.attempt > 0 && inv.stored && (inv.resident || !s.op.pulled);
  if (!begun || inv.state == State::parked) {
    end(s, State::cancelled, {ErrorCode::cancelled, std::move(note)});
    return;
  }
  inv.cancel_seq = ++inv.last_seq;
  inv.cancel_note = std::move(note);
  header_changed(inv);
  if (inv.resident) {
    limit_cleanup(s);
    go_on(s);
    DeliverCancel told;
    told.id = inv.id;
    told.epoch = inv.epoch;
    emit(Gate::none, told);
  } else if (inv.state != State::ready) {
    inv.backoff_due = kNever;
    make_ready(s);
  }
  // After the code was told: the end of a child must not come to it as a failure of that child.
  cancel_children(inv, "its caller was cancelled");
}

void cut(std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return;
  const auto continues = [&text](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
  };
  std::size_t size = bytes_max;
  while (size > 0 && continues(size)) --size;
  text.resize(size);
}

Duration backoff(const Retry& retry, std::uint32_t failures, Prng& random) {
  const double most = static_cast<double>(retry.interval_max.count());
  double wait = static_cast<double>(retry.interval.count());
  wait *= std::min(std::pow(retry.factor, std::min(failures - 1, 1'000u)), 1e15);  // 0 * inf
  wait = std::min(wait, most);
  wait *= 1.0 + retry.jitter * (2.0 * random.unit() - 1.0);
  return Duration{static_cast<Duration::rep>(std::max(wait, 0.0))};
}

}  // namespace nowthen::core
