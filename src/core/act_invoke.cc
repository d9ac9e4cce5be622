// Accepting a call: checks, idempotency, mode, and its place in line.

#include <algorithm>

#include "core/application.h"

namespace nowthen::core {
namespace {

/// Tells the journal that waits for this call, if one does, what came of it.
void tell_parent(Application& app, const Invoke& call, Outcome outcome) {
  if (!call.parent) return;
  app.emit(Gate::commit,
           Message{call.parent->id.partition(), ChildEnded{*call.parent, std::move(outcome)}});
}

/// Says no to a call, to whoever asked: a caller, or the journal of a parent.
void refuse_call(Application& app, const Invoke& call, Gate gate, ErrorCode code,
                 std::string message) {
  app.refuse(call.waiter, gate, code, message);
  tell_parent(app, call, {code, std::move(message)});
}

/// What was sent has an invocation: new, or that which has its idempotency key.
void tell_sender(Application& app, const Invoke& call, InvocationId id) {
  tell_parent(app, call, {ErrorCode::none, nowthen::to_string(id)});
}

std::string over_limit(std::string_view what, std::string_view limit, std::size_t most) {
  return std::string(what) + " is larger than " + std::string(limit) + " (" + std::to_string(most) +
         ")";
}

}  // namespace

Error check_call(const Application& app, const Invoke& call) {
  const Limits& limits = app.state.limits;
  const auto op = app.state.operations.find(call.operation);
  if (!is_name(call.operation, limits.name_bytes_max))
    return {ErrorCode::invalid_argument, "the operation: " + name_rule(limits.name_bytes_max)};
  if (op == app.state.operations.end()) {
    return {ErrorCode::not_found, "there is no operation '" + call.operation + "'"};
  }
  if (op->second->versions.empty() || (call.version != 0 && !op->second->runs(call.version))) {
    return {ErrorCode::unavailable,
            "nothing here runs operation '" + call.operation + "'" +
                (call.version == 0 ? "" : " version " + std::to_string(call.version))};
  }
  if (call.input.size() > limits.input_bytes_max) {
    return {ErrorCode::too_large,
            over_limit("the input", "input_bytes_max", limits.input_bytes_max)};
  }
  if (call.options.order_key.size() > limits.key_bytes_max ||
      call.options.idempotency_key.size() > limits.key_bytes_max) {
    return {ErrorCode::too_large,
            over_limit("an order key or idempotency key", "key_bytes_max", limits.key_bytes_max)};
  }
  if (call.options.trace.size() > kTraceBytesMax) {
    return {ErrorCode::invalid_argument, "a traceparent has at most " +
                                             std::to_string(kTraceBytesMax) +
                                             " characters (W3C Trace Context, version 00)"};
  }
  if (call.options.callback.size() > kCallbackBytesMax) {
    return {ErrorCode::invalid_argument,
            over_limit("the URL of a callback", "callback_bytes_max", kCallbackBytesMax)};
  }
  if (call.options.priority > 9) {
    return {ErrorCode::invalid_argument, "a priority is 0 to 9 (9 first)"};
  }
  if (call.options.delay < Duration::zero()) {
    return {ErrorCode::invalid_argument, "a delay is not negative"};
  }
  if (call.depth > limits.depth_max) {
    return {ErrorCode::too_large,
            over_limit("the depth of calls within calls", "depth_max", limits.depth_max)};
  }
  return {};
}

Error overloaded(const Application& app) {
  const Limits& limits = app.state.limits;
  if (app.state.live.size() < limits.waiting_max) return {};
  return {ErrorCode::overloaded, "waiting_max (" + std::to_string(limits.waiting_max) +
                                     ") invocations are live in this partition"};
}

namespace {

/// Mode and patience of this call: the policy, as far as the caller's preference is allowed.
struct Terms {
  Mode mode = Mode::auto_;
  Duration answer_within{};
  Applied applied;
};

Terms terms(const Policy& policy, const Invoke& call) {
  Terms terms{policy.mode, policy.answer_within, {}};
  if (call.sent || call.options.delay > Duration::zero()) terms.mode = Mode::later;
  if (call.options.prefer == Mode::later && terms.mode == Mode::auto_) terms.mode = Mode::later;
  const Duration wait =
      std::clamp(call.options.wait.value_or(Duration::zero()), Duration::zero(), policy.wait_max);
  if (terms.mode == Mode::later) {
    terms.answer_within = wait;
  } else if (call.options.wait) {
    terms.answer_within = terms.mode == Mode::now ? std::min(wait, policy.answer_within) : wait;
  }
  terms.applied.respond_async = call.options.prefer == Mode::later && terms.mode == Mode::later;
  if (call.options.wait) terms.applied.wait = terms.answer_within;
  return terms;
}

std::string too_many_waiters(const Application& app) {
  return "waiters_max (" + std::to_string(app.state.limits.waiters_max) +
         ") callers wait for this invocation";
}

/// A caller waits for the end, or until its own time has come.
void wait_for(Application& app, Subject s, const Waiter& waiter) {
  if (s.inv.waiters.size() >= app.state.limits.waiters_max) {
    app.refuse(waiter.id, app.gate(s.inv), ErrorCode::overloaded, too_many_waiters(app));
    return;
  }
  s.inv.waiters.push_back(waiter);
  if (waiter.due <= app.now) {
    app.hand_over(s, Decision::Kind::attached);
  } else {
    app.state.wake_at(s.inv.id, waiter.due);
  }
}

/// A caller waits for an invocation that is there already.
void attach(Application& app, Subject s, Invoke& call) {
  if (call.parent) {
    if (std::ranges::find(s.inv.parents, *call.parent) != s.inv.parents.end())
      return;  // told twice
    if (s.inv.parents.size() >= app.state.limits.waiters_max) {
      refuse_call(app, call, Gate::commit, ErrorCode::overloaded, too_many_waiters(app));
      return;
    }
    s.inv.parents.push_back(std::move(*call.parent));
    app.header_changed(s.inv);
  } else if (call.waiter != WaiterId::none) {
    const Terms agreed = terms(s.op.policy, call);
    wait_for(app, s,
             {call.waiter, after(app.now, agreed.answer_within), agreed.mode, agreed.applied});
  }
}

std::uint64_t fingerprint_of(const Invoke& call) {
  return fingerprint(call.operation, call.options.order_key, call.input, call.options.callback);
}

/// The call repeats an idempotency key that is taken.
std::optional<Missing> repeat(Application& app, Invoke& call, const IdempotencyRecord& record,
                              bool& fresh) {
  Live* live = app.state.find(record.id);
  const auto fetched = app.state.fetched_finished.find(record.id);
  if (live == nullptr && fetched == app.state.fetched_finished.end()) {
    return NeedsInvocation{record.id};
  }
  if (live == nullptr && fetched->second.absent) {
    fresh = true;  // the record lives exactly as long as its invocation
    return std::nullopt;
  }
  if (record.fingerprint != fingerprint_of(call)) {
    refuse_call(app, call, Gate::commit, ErrorCode::conflict,
                "idempotency key '" + call.options.idempotency_key +
                    "' was used with another input or callback, by invocation " +
                    nowthen::to_string(record.id));
    return std::nullopt;
  }
  if (call.sent) {
    tell_sender(app, call, record.id);
  } else if (live != nullptr) {
    if (!live->loaded) return NeedsInvocation{record.id};
    attach(app, {*live->loaded, *live->operation}, call);
  } else if (call.parent) {
    tell_parent(app, call, fetched->second.outcome);
  } else {
    Applied applied = terms(app.state.operation_named(call.operation).policy, call).applied;
    applied.respond_async = false;  // it has its answer at once
    app.answer_finished(call.waiter, record.id, fetched->second, Decision::Kind::attached, applied);
  }
  return std::nullopt;
}

OrderKey order_of(const Application& app, const Invoke& call) {
  if (call.options.order_key.empty()) return {};
  const auto op = app.state.operations.find(call.operation);
  const bool own = op == app.state.operations.end() || op->second->key_scope.empty();
  return {own ? call.operation : op->second->key_scope, call.options.order_key};
}

std::unique_ptr<Invocation> make_invocation(Application& app, const Operation& op, Invoke& call,
                                            const OrderKey& order, const Terms& terms) {
  auto inv = std::make_unique<Invocation>();
  inv->id = call.id;
  inv->operation = op.name;
  const std::uint32_t highest = op.versions.empty() ? 1 : op.versions.back();
  inv->version = call.version != 0 ? call.version : highest;
  inv->mode = terms.mode;
  inv->priority = call.options.priority;
  inv->order = order;
  inv->idempotency_key = std::move(call.options.idempotency_key);
  if (!inv->idempotency_key.empty()) inv->fingerprint = fingerprint_of(call);
  inv->held_above = std::move(call.held_above);
  inv->depth = call.depth;
  inv->trace = std::move(call.options.trace);
  inv->callback = std::move(call.options.callback);
  if (call.parent && !call.sent) inv->parents.push_back(std::move(*call.parent));
  app.state.last_accepted = static_cast<AcceptSeq>(std::to_underlying(app.state.last_accepted) + 1);
  inv->accepted_seq = app.state.last_accepted;
  inv->accepted = app.now;
  inv->not_before = after(app.now, call.options.delay);
  inv->on_timeout = op.policy.on_timeout;
  inv->state = State::scheduled;
  inv->input = std::move(call.input);
  return inv;
}

}  // namespace

std::optional<Missing> act(Application& app, Invoke& call) {
  PartitionState& state = app.state;
  if (state.find(call.id) != nullptr) return std::nullopt;  // a message delivered twice
  if (!call.sent) {  // what was sent was checked then, and is taken whatever has changed since
    if (Error error = check_call(app, call); error.code != ErrorCode::none) {
      refuse_call(app, call, Gate::none, error.code, std::move(error.message));
      return std::nullopt;
    }
  }
  const OrderKey order = order_of(app, call);
  const auto held = [&call](const OrderKey& key) {
    return std::ranges::find(call.held_above, key) != call.held_above.end();
  };
  if (!order.empty() && held(order)) {
    refuse_call(app, call, Gate::none, ErrorCode::deadlock,
                "order key '" + order.key + "' of scope '" + order.scope +
                    "' is held by a caller of this call");
    return std::nullopt;
  }
  std::string record;
  if (!call.options.idempotency_key.empty()) {
    record =
        idempotency_record(call.operation, call.options.order_key, call.options.idempotency_key);
    if (held(as_held(record))) {
      refuse_call(app, call, Gate::none, ErrorCode::deadlock,
                  "idempotency key '" + call.options.idempotency_key +
                      "' is that of a caller of this call, which would wait for itself");
      return std::nullopt;
    }
    const auto fetched = state.fetched_keys.find(record);
    if (fetched == state.fetched_keys.end()) return NeedsIdempotencyKey{std::move(record)};
    bool fresh = !fetched->second.has_value();
    if (!fresh) {
      auto missing = repeat(app, call, *fetched->second, fresh);
      if (missing || !fresh) return missing;
    }
  }
  if (call.redelivered) {
    const auto fetched = state.fetched_finished.find(call.id);
    if (fetched == state.fetched_finished.end()) return NeedsInvocation{call.id};
    if (!fetched->second.absent) return std::nullopt;
  }
  Operation& op = state.operation_named(call.operation);
  const Terms agreed = terms(op.policy, call);
  if (Error full = overloaded(app); full.code != ErrorCode::none && !call.sent) {
    refuse_call(app, call, Gate::none, full.code, std::move(full.message));  // at once
    return std::nullopt;
  }
  const bool takes_place = agreed.mode == Mode::now && !call.parent && !op.pulled;
  if (takes_place && state.running >= state.limits.running_max) {
    refuse_call(app, call, Gate::none, ErrorCode::overloaded,
                "running_max (" + std::to_string(state.limits.running_max) +
                    ") attempts are running in this partition");
    return std::nullopt;
  }

  Subject s{*state.add(make_invocation(app, op, call, order, agreed), op).loaded, op};
  Invocation& inv = s.inv;
  const bool deferred = agreed.mode == Mode::later;
  if (deferred || !record.empty() || !inv.parents.empty() || !inv.callback.empty() ||
      op.policy.durable == Durable::from_start) {
    app.store(inv);
  }
  if (call.sent) tell_sender(app, call, inv.id);
  if (!record.empty()) {
    app.out.rows.push_back(IdempotencyKeyTaken{std::move(record), inv.id, inv.fingerprint});
  }
  if (deferred && op.policy.start_within > Duration::zero()) {
    inv.start_due = after(inv.accepted, op.policy.start_within);
    state.wake_at(inv.id, inv.start_due);
  }
  if (call.waiter != WaiterId::none) {
    const WallTime due = after(app.now, agreed.answer_within);
    inv.waiters.push_back({call.waiter, due, agreed.mode, agreed.applied});
    if (agreed.mode == Mode::now) inv.answer_due = due;
    if (due > app.now || !deferred) state.wake_at(inv.id, due);
  }
  if (inv.not_before > app.now) {
    state.wake_at(inv.id, inv.not_before);
  } else {
    app.enter_line(s);
  }
  if (deferred && agreed.answer_within == Duration::zero() && state.find(call.id) != nullptr) {
    app.hand_over(s, Decision::Kind::deferred);
  }
  return std::nullopt;
}

void act(Application& app, Subject s, Await& await) {
  wait_for(app, s, {.id = await.waiter, .due = after(app.now, await.wait)});
}

}  // namespace nowthen::core
