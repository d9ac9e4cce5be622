#include "core/queries.h"

#include <algorithm>
#include <queue>

#include "base/assert.h"

namespace nowthen::core {
namespace {

const Live* find(const PartitionState& state, InvocationId id) {
  const auto it = state.live.find(id);
  return it == state.live.end() ? nullptr : &it->second;
}

OpenWait wait_of(const Entry& entry) {
  OpenWait wait;
  wait.path = entry.path;
  wait.kind = entry.kind;
  wait.running = entry.stage == Stage::running;
  wait.tries = entry.tries;
  wait.since = entry.since;
  wait.due = entry.due == kAtOnce ? entry.since : entry.due;
  wait.child = entry.child;
  wait.failure = entry.outcome.data;
  return wait;
}

}  // namespace

std::optional<Status> status(const PartitionState& state, InvocationId id) {
  const Live* live = find(state, id);
  if (live == nullptr) return std::nullopt;
  Status status;
  status.id = id;
  status.operation = live->operation->name;
  status.state = live->state;
  status.priority = static_cast<std::uint8_t>(9 - live->rank);
  status.row_needed = !live->loaded;
  status.stored = !live->loaded || live->loaded->stored;
  if (!live->loaded) return status;
  const Invocation& inv = *live->loaded;
  status.version = inv.version;
  status.mode = inv.mode;
  status.order = inv.order;
  status.accepted = inv.accepted;
  status.attempt = inv.attempt;
  status.failures = inv.failures;
  status.done = static_cast<std::uint32_t>(inv.done.size());
  status.cancelling = inv.cancel_seq != 0;
  status.park_reason = inv.park_reason;
  status.note = inv.note;
  for (const Entry& entry : inv.open) status.waits.push_back(wait_of(entry));
  return status;
}

LivePage search_live(const PartitionState& state, const LiveFilter& filter, InvocationId cursor,
                     std::size_t limit) {
  NT_ASSERT(limit > 0);
  std::priority_queue<InvocationId> lowest;  // the highest of them on top; one more than asked for
  for (const auto& [id, live] : state.live) {
    if (id <= cursor) continue;
    if (filter.state && live.state != *filter.state) continue;
    if (!filter.operation.empty() && live.operation->name != filter.operation) continue;
    if (lowest.size() > limit && lowest.top() < id) continue;
    lowest.push(id);
    if (lowest.size() > limit + 1) lowest.pop();
  }
  LivePage page;
  page.more = lowest.size() > limit;
  if (page.more) lowest.pop();
  for (; !lowest.empty(); lowest.pop()) {
    const Live& live = *find(state, lowest.top());
    page.matches.push_back({lowest.top(), live.operation->name, live.state});
  }
  std::ranges::reverse(page.matches);
  return page;
}

}  // namespace nowthen::core
