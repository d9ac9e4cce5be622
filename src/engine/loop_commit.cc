// Closing a turn: one atomic commit, and then what was held for it leaves.

#include <utility>

#include "base/assert.h"
#include "base/planted.h"
#include "engine/loop.h"
#include "store/codec.h"

namespace nowthen::engine {
namespace {

/// Small ones that may run stay in memory up to this many a partition; others are loaded in turn.
constexpr std::size_t kReadyKept = 4'096;

}  // namespace

/// A sync costs more than all that one invocation does: the end of one that nobody waits for goes
/// with the next call.
bool Loop::gathers() {
  if (!open_->effects_held.empty() || !open_->jobs_held.empty() || draining_ || when_idle_)
    return false;
  if (gather_until_ == kNever) gather_until_ = after(now_, seams_.gather);
  return now_ < gather_until_;
}

void Loop::commit() {
  if (in_flight_ || open_->empty() || failure_ || gathers()) return;
  gather_until_ = kNever;
  in_flight_ = std::move(open_);
  open_ = std::make_unique<Turn>(TurnSeq{std::to_underlying(in_flight_->seq()) + 1});
  store::Turn turn = in_flight_->close();
  if (planted(Bug::state_without_step)) {
    store::Turn early;
    for (const store::PartitionWrites& writes : turn.partitions) {
      store::PartitionWrites state{writes.partition, writes.epoch, {}, {}};
      for (const store::RowWrite& row : writes.rows) {
        if (row.key.front() == 'K') state.rows.push_back(row);
      }
      if (!state.rows.empty()) early.partitions.push_back(std::move(state));
    }
    if (!early.partitions.empty()) seams_.store.commit(std::move(early), [](const auto&) {});
  }
  seams_.store.commit(std::move(turn),
                      on_loop<Result<store::CommitSeq>>(
                          [this](const Result<store::CommitSeq>& result) { committed(result); }));
}

void Loop::committed(const Result<store::CommitSeq>& result) {
  if (failure_) return;
  NT_ASSERT(in_flight_ != nullptr);
  if (!result) {
    fail(result.error());
    return;
  }
  const std::unique_ptr<Turn> turn = std::move(in_flight_);
  committed_ = turn->seq();
  for (Turn::Held& held : turn->effects_held) {
    if (!closing_ || std::holds_alternative<core::Reply>(held.effect))
      release(*held.partition, held.effect);
  }
  if (closing_) return;
  for (auto& job : turn->jobs_held) job();
  tell_watchers(*turn);
  for (const auto& [partition, id] : turn->changed()) evict(*partition, id);
}

Loop::WatchId Loop::watch(InvocationId id, std::function<void()> changed) {
  watchers_[id].emplace(++last_watch_, std::move(changed));
  return last_watch_;
}

void Loop::unwatch(InvocationId id, WatchId watch) {
  const auto found = watchers_.find(id);
  if (found == watchers_.end()) return;
  found->second.erase(watch);
  if (found->second.empty()) watchers_.erase(found);
}

void Loop::tell_watchers(const Turn& turn) {
  if (watchers_.empty()) return;
  std::vector<std::function<void()>> changed;
  const auto collect = [this, &changed](InvocationId id) {
    const auto found = watchers_.find(id);
    if (found == watchers_.end()) return;
    for (const auto& [watch, tell] : found->second) changed.push_back(tell);
  };
  for (const auto& [partition, id] : turn.changed()) collect(id);
  for (const InvocationId id : turn.ended()) collect(id);
  for (const auto& tell : changed) tell();
}

/// What is in the rows and will not be needed at once leaves memory.
void Loop::evict(Partition& partition, InvocationId id) {
  const core::Live* live = partition.state.find(id);
  if (live == nullptr || !live->loaded) return;
  const core::Invocation& inv = *live->loaded;
  if (inv.changed_turn > std::to_underlying(committed_)) return;
  const auto& ready = partition.state.line_of(*live->operation);
  const bool soon = live->state == core::State::ready && ready.size() < kReadyKept &&
                    inv.input.size() <= store::kInlineBytesMax &&
                    ready.contains(core::place_of(inv));
  if (!soon) partition.state.evict(id);
}

bool Loop::is_durable(const core::Invocation& invocation) const {
  return invocation.header_row && invocation.first_turn <= std::to_underlying(committed_);
}

void Loop::fail(const Error& error) {
  if (failure_) return;
  failure_ = error;
  queue_.clear();
  in_flight_.reset();
  open_->effects_held.clear();
  open_->jobs_held.clear();
  // What is stored goes on one day, whatever happens here; of anything else nobody knows.
  for (const auto& partition : partitions_) {
    for (const auto& [id, live] : partition->state.live) {
      if (!live.loaded || !is_durable(*live.loaded)) continue;
      for (const core::Waiter& waiter : live.loaded->waiters) {
        core::Reply reply;
        reply.waiter = waiter.id;
        reply.id = id;
        reply.state = live.state;
        reply.refused = waiter.mode == Mode::now;
        reply.outcome = {error.code, error.message};
        reply.decision.kind =
            reply.refused ? core::Decision::Kind::refused : core::Decision::Kind::handed_over;
        reply.decision.after = now_ - live.loaded->accepted;
        reply.decision.done = live.loaded->last_seq;
        reply.decision.reason = error.message;
        core::Effect effect = std::move(reply);
        release(*partition, effect);
      }
    }
  }
  for (auto& [id, answered] : std::exchange(waiters_, {}))
    refuse(answered, error.code, error.message);
  if (seams_.on_fatal && !closing_) seams_.on_fatal(error);
}

}  // namespace nowthen::engine
