#include "core/why.h"

#include <algorithm>
#include <iterator>

#include "base/assert.h"

namespace nowthen::core {
namespace {

using Kind = Cause::Kind;

/// What of it waits or runs, from its header and open entries.
class Causes {
 public:
  explicit Causes(const Invocation& inv) : inv_(inv) {}

  Cause& add(Kind kind) {
    found.emplace_back().kind = kind;
    return found.back();
  }

  void backing_off() {
    Cause& cause = add(Kind::backing_off);
    cause.until = inv_.backoff_due;
    cause.number = inv_.attempt + 1;
    cause.note = inv_.note;
  }
  void parked() {
    Cause& cause = add(Kind::parked);
    cause.reason = inv_.park_reason;
    cause.note = inv_.note;
    for (const Entry& entry : inv_.open) {
      if (is_step(entry.kind)) cause.answers.push_back("resolve '" + entry.path + "'");
    }
    for (const char* answer : {"resume", "restart", "cancel"}) cause.answers.push_back(answer);
  }
  void attempt() {
    Cause& cause = add(Kind::attempt);
    cause.number = inv_.attempt;
    cause.since = inv_.attempt_started;
  }
  void wait(const Entry& entry) {
    Cause& cause = add(kind_of(entry));
    cause.name = entry.path;
    cause.since = entry.since;
    cause.until = entry.due;
    cause.holder = entry.child;
    cause.note = entry.outcome.data;
    if (is_step(entry.kind)) cause.number = entry.tries + 1;
  }
  void cancelling() {
    Cause& cause = add(Kind::cancelling);
    cause.note = inv_.cancel_note;
    cause.until = inv_.cleanup_due;
  }

  std::vector<Cause> found;

 private:
  static Kind kind_of(const Entry& entry) {
    switch (entry.kind) {
      case EntryKind::sleep:
        return Kind::timer;
      case EntryKind::call:
      case EntryKind::send:
        return Kind::child;
      case EntryKind::signal:
        return Kind::signal;
      default:
        return entry.stage == Stage::running ? Kind::step_running : Kind::step_retry;
    }
  }

  const Invocation& inv_;
};

/// Why one that is ready does not run. `order` is null when only its row knows its order key: then
/// its line is found by its id.
Cause ready_cause(const PartitionState& state, InvocationId id, const Live& live,
                  const OrderKey* order) {
  Cause cause;
  const std::set<ReadyPlace>& ready = state.line_of(std::as_const(*live.operation));
  const auto place = ready.find({live.rank, live.accepted_seq, id});
  if (state.loading.contains(id)) {
    cause.kind = Kind::loading;
  } else if (place == ready.end()) {
    const auto holds_it = [id](const auto& each) {
      return std::ranges::find(each.second, id) != each.second.end();
    };
    const auto line = order != nullptr ? state.order_lines.find(*order)
                                       : std::ranges::find_if(state.order_lines, holds_it);
    NT_ASSERT(line != state.order_lines.end());
    cause.kind = Kind::order_key;
    cause.scope = line->first.scope;
    cause.name = line->first.key;
    cause.holder = line->second.front();
    cause.position = static_cast<std::size_t>(
        std::distance(line->second.begin(), std::ranges::find(line->second, id)));
    cause.of = line->second.size() - 1;
  } else if (state.draining) {
    cause.kind = Kind::stopping;
  } else {
    cause.kind = live.operation->pulled ? Kind::worker : Kind::place;
    cause.position = 1 + static_cast<std::size_t>(std::distance(ready.begin(), place));
    cause.of = ready.size();
    if (cause.kind == Kind::worker) cause.name = live.operation->name;
    if (cause.kind == Kind::place) cause.number = state.limits.running_max;
  }
  return cause;
}

const Live* find(const PartitionState& state, InvocationId id) {
  const auto it = state.live.find(id);
  return it == state.live.end() ? nullptr : &it->second;
}

}  // namespace

std::vector<Cause> causes(const PartitionState& state, const Invocation& inv) {
  const Live* live = find(state, inv.id);
  NT_ASSERT(live != nullptr);
  Causes causes(inv);
  switch (live->state) {
    case State::scheduled:
      causes.add(Kind::not_due).until = inv.not_before;
      break;
    case State::ready:
      causes.found.push_back(ready_cause(state, inv.id, *live, &inv.order));
      break;
    case State::backing_off:
      causes.backing_off();
      break;
    case State::parked:
      causes.parked();
      break;
    default:
      if (live->state == State::running) causes.attempt();
      for (const Entry& entry : inv.open) causes.wait(entry);
  }
  if (inv.cancel_seq != 0) causes.cancelling();
  if (causes.found.empty()) causes.attempt();
  return std::move(causes.found);
}

std::vector<Cause> causes(const PartitionState& state, InvocationId id) {
  const Live* live = find(state, id);
  if (live == nullptr) return {};
  if (live->loaded) return causes(state, *live->loaded);
  std::vector<Cause> known;
  if (live->state == State::ready) {
    known.push_back(ready_cause(state, id, *live, nullptr));
  }
  known.emplace_back().kind = Kind::row_needed;
  return known;
}

}  // namespace nowthen::core
