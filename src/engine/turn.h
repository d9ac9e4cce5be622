#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/effect.h"
#include "engine/partition.h"
#include "store/store.h"

namespace nowthen::engine {

/// What one loop changes and releases together: row changes become rows when the turn closes,
/// and what was held leaves when it is committed. Answers reads of what is not committed yet.
class Turn {
 public:
  explicit Turn(TurnSeq seq) : seq_(seq) {}

  TurnSeq seq() const { return seq_; }
  bool empty() const { return writes_.empty() && changed_.empty(); }

  /// Notes a change of a partition. What is gone when the turn closes is encoded at once.
  void add(Partition& partition, core::RowChange change);
  void write(Partition& partition, store::RowWrite row);
  void erase(Partition& partition, std::string key) { write(partition, {std::move(key), {}}); }
  void erase(Partition& partition, store::KeyRange range);

  /// Encodes what changed and is still live, and gives the rows away. Afterwards only the reads,
  /// and what is held, are of use.
  store::Turn close();

  // ---- leaves when the turn is committed ----
  struct Held {
    Partition* partition;
    core::Effect effect;
  };
  std::vector<Held> effects_held;
  std::vector<std::move_only_function<void()>> jobs_held;

  /// Live invocations that this turn wrote: they may be evicted once it is committed.
  const std::vector<std::pair<Partition*, InvocationId>>& changed() const { return changed_; }

  /// Those that ended in this turn.
  std::vector<InvocationId> ended() const {
    std::vector<InvocationId> ids;
    for (const auto& [id, finished] : finished_) ids.push_back(id);
    return ids;
  }

  // ---- reads of what this turn wrote ----
  const core::Finished* finished(InvocationId id) const;
  std::optional<core::IdempotencyRecord> idempotency(const std::string& record) const;
  /// Outer none: not written in this turn. Inner none: erased in it.
  std::optional<std::optional<core::Bytes>> state(const core::OrderKey& order,
                                                  const std::string& name) const;

 private:
  void add_ended(Partition& partition, core::Ended ended);
  void note_changed(Partition& partition, core::Invocation& invocation);
  void encode(Partition& partition, core::Invocation& invocation);
  store::PartitionWrites& writes(Partition& partition);

  TurnSeq seq_;
  std::map<std::uint16_t, store::PartitionWrites> writes_;
  std::vector<std::pair<Partition*, InvocationId>> changed_;

  std::unordered_map<InvocationId, core::Finished> finished_;
  std::unordered_map<std::string, core::IdempotencyRecord> keys_;
  std::map<std::pair<core::OrderKey, std::string>, std::optional<core::Bytes>> state_;
};

}  // namespace nowthen::engine
