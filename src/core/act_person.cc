// What callers and operators say about an invocation that is live.

#include <algorithm>

#include "base/planted.h"
#include "core/application.h"

namespace nowthen::core {
namespace {

void leave_park(Application& app, Subject s) {
  s.inv.park_reason = ParkReason::none;
  s.inv.note.clear();
  s.inv.failures = 0;
  s.inv.crashes = 0;
  app.make_ready(s);
  app.state.wake_at(s.inv.id, next_due(s.inv, s.op.policy));  // it did not look while it was parked
}

}  // namespace

void act(Application& app, Subject s, Signal& command) {
  const Limits& limits = app.state.limits;
  if (!is_name(command.name, limits.name_bytes_max)) {
    app.refuse(command.waiter, Gate::none, ErrorCode::invalid_argument,
               "the name of the signal: " + name_rule(limits.name_bytes_max));
    return;
  }
  if (command.payload.size() > limits.result_bytes_max) {
    app.refuse(command.waiter, Gate::none, ErrorCode::too_large,
               "the signal is larger than result_bytes_max (" +
                   std::to_string(limits.result_bytes_max) + ")");
    return;
  }
  if (find_wait(s.inv, command.name) == nullptr) {
    std::size_t bytes = command.payload.size();
    for (const BufferedSignal& kept : s.inv.signals) bytes += kept.payload.size();
    if (s.inv.signals.size() >= limits.signals_max || bytes > limits.signals_bytes_max) {
      app.refuse(command.waiter, Gate::commit, ErrorCode::overloaded,
                 "signals_max (" + std::to_string(limits.signals_max) +
                     ") signals, or signals_bytes_max (" +
                     std::to_string(limits.signals_bytes_max) + ") bytes, wait to be read");
      return;
    }
  }
  app.store(s.inv);
  app.acknowledge(command.waiter, s.inv);
  app.give_signal(s, {std::move(command.name), std::move(command.payload)});
}

void act(Application& app, Subject s, Cancel& command) {
  const InvocationId id = s.inv.id;
  const bool lost = planted(Bug::cancel_lost) && s.inv.state == State::running;
  if (!lost) app.cancel(s, command.reason.empty() ? "cancelled" : std::move(command.reason));
  app.tell_state(command.waiter, id);
}

void act(Application& app, Subject s, Park& command) {
  app.park(s, ParkReason::operator_, std::move(command.reason));
  app.acknowledge(command.waiter, s.inv);
}

void act(Application& app, Subject s, Resume& command) {
  leave_park(app, s);
  app.acknowledge(command.waiter, s.inv);
}

void act(Application& app, Subject s, Restart& command) {
  Invocation& inv = s.inv;
  app.cancel_children(inv, "its caller was restarted");
  if (inv.rows > 0) app.out.rows.push_back(JournalErased{inv.id, inv.rows});
  inv.rows = 0;
  inv.done.clear();
  inv.done_index.clear();
  inv.open.clear();
  inv.last_seq = 0;
  inv.journal_bytes = 0;
  inv.cancel_seq = 0;  // it was a place in the journal that is gone
  inv.cancel_note.clear();
  inv.cleanup_due = kNever;
  leave_park(app, s);
  app.acknowledge(command.waiter, inv);
}

void act(Application& app, Subject s, ResolveStep& command) {
  const auto entry = std::ranges::find(s.inv.open, command.path, &Entry::path);
  if (entry == s.inv.open.end() || !is_step(entry->kind)) {
    app.refuse(command.waiter, Gate::commit, ErrorCode::not_found,
               "no step '" + command.path + "' waits to be resolved");
    return;
  }
  if (command.outcome) {
    const InvocationId id = s.inv.id;
    app.complete(s, command.path, std::move(*command.outcome));
    if (app.state.find(id) == nullptr) {
      app.refuse(command.waiter, Gate::commit, ErrorCode::too_large,
                 "the result passes a limit of the journal; the invocation has failed by it");
      return;
    }
  } else {
    s.inv.open.erase(entry);
  }
  leave_park(app, s);
  app.acknowledge(command.waiter, s.inv);
}

}  // namespace nowthen::core
