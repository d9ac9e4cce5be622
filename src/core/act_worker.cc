// What workers ask for and say: processes elsewhere that pull attempts.

#include "core/application.h"

namespace nowthen::core {

void act(Application& app, Take& command) {
  PartitionState& state = app.state;
  Took took;
  const auto found = state.operations.find(command.operation);
  if (found != state.operations.end() && found->second->pulled) {
    Operation& op = *found->second;
    took.ids = app.take(op, command.count);
    const bool full = state.running >= state.limits.running_max;
    took.more = !op.line.empty() && !full && !state.draining;
    op.told = took.more;
    if (full && !op.line.empty()) state.cut_short.insert(op.name);
  }
  took.operation = std::move(command.operation);
  app.emit(Gate::none, std::move(took));
}

void act(Application& app, Subject s, Release&) {
  Invocation& inv = s.inv;
  app.let_go(inv);
  if (inv.cancel_seq != 0) {
    app.end(s, State::cancelled, {ErrorCode::cancelled, inv.cancel_note});
    return;
  }
  --inv.attempt;  // the epoch stays: it is that of the attempt that nobody has seen
  app.make_ready(s);
  if (app.state.find(s.inv.id) != nullptr)
    app.state.wake_at(inv.id, next_due(inv, s.op.policy));  // it may have to start in time again
}

void act(Application& app, Subject s, RecordStep& command) {
  Invocation& inv = s.inv;
  const Limits& limits = app.state.limits;
  if (!is_name(command.path, limits.name_bytes_max)) {
    app.refuse_worker(command.waiter, inv.id, ErrorCode::invalid_argument,
                      "the name of the step: " + name_rule(limits.name_bytes_max));
    return;
  }
  if (const Entry* done = inv.find_done(command.path)) {
    app.tell_step(command.waiter, inv, *done, true);
    return;
  }
  const Entry* open = inv.find_open(command.path);
  // A step at most once is its executor's own: nobody else can say what came of it.
  const bool others =
      open != nullptr && (!is_step(open->kind) || open->kind == EntryKind::step_once);
  if (others) {
    app.refuse_worker(command.waiter, inv.id, ErrorCode::invalid_state,
                      "'" + command.path + "' is a " + std::string(to_string(open->kind)) +
                          " of its journal, not a step of a worker");
    return;
  }
  if (command.outcome.data.size() > limits.result_bytes_max) {
    app.refuse_worker(command.waiter, inv.id, ErrorCode::too_large,
                      "the result of '" + command.path + "' is larger than result_bytes_max (" +
                          std::to_string(limits.result_bytes_max) + ")");
    return;
  }
  const InvocationId id = inv.id;
  app.store(inv);
  if (open != nullptr) {  // code that ran here before had begun it
    app.complete(s, command.path, std::move(command.outcome));
  } else {
    Entry entry;
    entry.path = command.path;
    entry.outcome = std::move(command.outcome);
    app.record(s, std::move(entry));
  }
  if (app.state.find(id) == nullptr) {
    app.refuse_worker(command.waiter, id, ErrorCode::too_large,
                      "step '" + command.path +
                          "' passes a limit of the journal; the invocation has failed by it");
    return;
  }
  app.tell_step(command.waiter, inv, inv.done.back(), false);
}

void act(Application& app, Subject s, ReadStep& command) {
  if (const Entry* done = s.inv.find_done(command.path)) {
    app.tell_step(command.waiter, s.inv, *done, true);
    return;
  }
  app.refuse_worker(command.waiter, s.inv.id, ErrorCode::not_found,
                    "no step '" + command.path + "' is recorded");
}

void act(Application& app, Subject s, Heartbeat& command) {
  app.store(s.inv);
  app.tell_state(command.waiter, s.inv.id);
}

}  // namespace nowthen::core
