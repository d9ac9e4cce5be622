// The moves of Application on lines: who stands where, and what workers take from there.

#include <utility>

#include "base/assert.h"
#include "base/planted.h"
#include "core/application.h"

namespace nowthen::core {

void Application::line_up(Operation& op, const ReadyPlace& place) {
  state.line_of(op).insert(place);
  if (op.pulled) tell_of_work(op);
}

void Application::tell_of_work(Operation& op) {
  if (op.told || op.line.empty()) return;
  if (state.running >= state.limits.running_max) {
    state.cut_short.insert(op.name);  // told when a Take would begin something
    return;
  }
  op.told = true;
  emit(Gate::none, WorkWaits{op.name});
}

void Application::change_line(Operation& op, bool pulled) {
  if (op.pulled == pulled) return;
  std::set<ReadyPlace> places;
  if (op.pulled) {
    places.swap(op.line);
  } else {
    std::erase_if(state.ready, [&](const ReadyPlace& place) {
      const bool moves = state.find(place.id)->operation == &op;
      if (moves) places.insert(place);
      return moves;
    });
  }
  op.pulled = pulled;
  op.told = false;
  state.cut_short.erase(op.name);
  for (const ReadyPlace& place : places) line_up(op, place);
  fill_places();
}

std::vector<InvocationId> Application::take(Operation& op, std::uint32_t count) {
  std::vector<InvocationId> ids;
  if (state.draining) return ids;
  while (count-- > 0 && !op.line.empty() && state.running < state.limits.running_max) {
    const InvocationId id = op.line.begin()->id;
    Live* live = state.find(id);
    NT_ASSERT(live != nullptr);
    if (!live->loaded) {
      op.line.erase(op.line.begin());
      state.loading.insert(id);
      state.taken.insert(id);
      ++state.running;  // its place is kept while it is loaded
      emit(Gate::none, Load{id});
    } else if (!begin_taken({*live->loaded, op})) {
      continue;
    }
    ids.push_back(id);
  }
  return ids;
}

bool Application::begin_taken(Subject s) {
  if (!planted(Bug::taken_unstored))
    store(s.inv);  // so that it leaves after its commit: its worker is no part of this process
  begin_attempt(s);
  return s.inv.state == State::running;
}

}  // namespace nowthen::core
