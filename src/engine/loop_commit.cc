// Closing a turn: one atomic commit, and then what was held for it leaves.

#include "base/assert.h"
#include "base/planted.h"
#include "engine/loop.h"

namespace nowthen::engine {
namespace {

/// Those that wait to run stay in memory up to this many a partition; more are loaded in turn.
constexpr std::size_t kReadyKept = 4'096;

}  // namespace

void Loop::commit() {
  if (in_flight_ || open_->empty() || failure_) return;
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
  NT_ASSERT(in_flight_ != nullptr);
  if (!result) {
    fail(result.error());
    return;
  }
  const std::unique_ptr<Turn> turn = std::move(in_flight_);
  committed_ = turn->seq();
  for (Turn::Held& held : turn->effects_held) release(*held.partition, held.effect);
  for (auto& job : turn->jobs_held) job();
  for (const auto& [partition, id] : turn->changed()) {
    const core::Live* live = partition->state.find(id);
    const bool clean = live != nullptr && live->loaded &&
                       live->loaded->changed_turn <= std::to_underlying(committed_);
    const bool wanted =
        clean && live->state == core::State::ready && partition->state.ready.size() < kReadyKept;
    if (clean && !wanted) partition->state.evict(id);
  }
}

void Loop::fail(const Error& error) {
  if (failure_) return;
  failure_ = error;
  queue_.clear();
  in_flight_.reset();
  // Nothing that was not committed may leave; whoever waits is told that the outcome is unknown.
  for (auto& [id, answered] : waiters_) {
    core::Reply reply;
    reply.refused = true;
    reply.outcome = {error.code, error.message};
    answered(std::move(reply));
  }
  waiters_.clear();
  if (seams_.on_fatal) seams_.on_fatal(error);
}

}  // namespace nowthen::engine
