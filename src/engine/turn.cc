#include "engine/turn.h"

#include <type_traits>
#include <utility>

#include "base/assert.h"
#include "base/planted.h"
#include "store/codec.h"

namespace nowthen::engine {

store::PartitionWrites& Turn::writes(Partition& partition) {
  store::PartitionWrites& writes = writes_[partition.state.partition];
  writes.partition = partition.state.partition;
  writes.epoch = partition.epoch;
  return writes;
}

void Turn::write(Partition& partition, store::RowWrite row) {
  writes(partition).rows.push_back(std::move(row));
}

void Turn::erase(Partition& partition, store::KeyRange range) {
  writes(partition).ranges.push_back({std::move(range.from), std::move(range.to)});
}

void Turn::note_changed(Partition& partition, core::Invocation& invocation) {
  const std::uint64_t own = std::to_underlying(seq_);
  if (invocation.changed_turn == own) return;
  invocation.changed_turn = own;
  changed_.emplace_back(&partition, invocation.id);
}

void Turn::add(Partition& partition, core::RowChange change) {
  const auto live = [&partition](InvocationId id) -> core::Invocation* {
    core::Live* entry = partition.state.find(id);
    return entry == nullptr ? nullptr : entry->loaded.get();  // null: ended by the same command
  };
  std::visit(
      [&]<class C>(C& c) {
        if constexpr (std::is_same_v<C, core::HeaderChanged>) {
          if (core::Invocation* invocation = live(c.id)) {
            invocation->header_dirty = true;
            note_changed(partition, *invocation);
          }
        } else if constexpr (std::is_same_v<C, core::EntryAdded>) {
          if (core::Invocation* invocation = live(c.id)) note_changed(partition, *invocation);
        } else if constexpr (std::is_same_v<C, core::Ended>) {
          add_ended(partition, std::move(c));
        } else if constexpr (std::is_same_v<C, core::JournalErased>) {
          for (std::uint32_t i = 0; i < c.rows; ++i) erase(partition, store::entry_key(c.id, i));
        } else if constexpr (std::is_same_v<C, core::IdempotencyKeyTaken>) {
          const core::IdempotencyRecord record{c.id, c.fingerprint};
          if (!planted(Bug::idempotency_not_atomic)) {
            write(partition,
                  store::encode_idempotency(partition.state.partition, c.record, record));
          }
          keys_[std::move(c.record)] = record;
        } else if constexpr (std::is_same_v<C, core::StateChanged>) {
          const std::uint16_t number = partition.state.partition;
          if (c.value) {
            write(partition, store::encode_state(number, c.order, c.name, *c.value));
          } else {
            erase(partition, store::state_key(number, c.order, c.name));
          }
          state_[{std::move(c.order), std::move(c.name)}] = std::move(c.value);
        }
      },
      change);
}

void Turn::add_ended(Partition& partition, core::Ended ended) {
  core::Invocation& invocation = *ended.invocation;
  const InvocationId id = invocation.id;
  if (invocation.header_row) erase(partition, store::live_key(id));
  for (std::uint32_t i = 0; i < invocation.rows; ++i) erase(partition, store::entry_key(id, i));
  if (!invocation.input_row && invocation.input.size() > store::kInlineBytesMax) {
    write(partition, store::encode_input(id, invocation.input));
  }
  const store::Bucket bucket = std::max(store::bucket_of(invocation.ended, ended.retain),
                                        store::bucket_after(partition.dropped));
  store::encode_finished(invocation, bucket, writes(partition).rows);
  EndedBucket& ended_there = partition.buckets[bucket];
  ended_there.written = seq_;
  if (invocation.input.size() > store::kInlineBytesMax)
    ended_there.input_bytes += invocation.input.size();
  finished_.emplace(id, core::Finished{invocation.state, std::move(invocation.outcome),
                                       invocation.last_seq, false});
}

void Turn::encode(Partition& partition, core::Invocation& invocation) {
  if (!invocation.stored) return;
  const InvocationId id = invocation.id;
  if (invocation.header_dirty) {
    invocation.header_dirty = false;
    if (!invocation.input_row && invocation.input.size() > store::kInlineBytesMax) {
      write(partition, store::encode_input(id, invocation.input));
      invocation.input_row = true;
    }
    write(partition, store::encode_header(invocation));
    if (!std::exchange(invocation.header_row, true))
      invocation.first_turn = std::to_underlying(seq_);
  }
  for (auto i = invocation.rows; i < invocation.done.size(); ++i) {
    write(partition, store::encode_entry(id, i, invocation.done[i]));
  }
  invocation.rows = static_cast<std::uint32_t>(invocation.done.size());
}

store::Turn Turn::close() {
  for (const auto& [partition, id] : changed_) {
    const core::Live* entry = partition->state.find(id);
    if (entry != nullptr && entry->loaded) encode(*partition, *entry->loaded);
  }
  store::Turn turn;
  turn.partitions.reserve(writes_.size());
  for (auto& [number, writes] : writes_) turn.partitions.push_back(std::move(writes));
  return turn;
}

const core::Finished* Turn::finished(InvocationId id) const {
  const auto it = finished_.find(id);
  return it == finished_.end() ? nullptr : &it->second;
}

std::optional<core::IdempotencyRecord> Turn::idempotency(const std::string& record) const {
  const auto it = keys_.find(record);
  if (it == keys_.end()) return std::nullopt;
  return it->second;
}

std::optional<std::optional<core::Bytes>> Turn::state(const core::OrderKey& order,
                                                      const std::string& name) const {
  const auto it = state_.find({order, name});
  if (it == state_.end()) return std::nullopt;
  return it->second;
}

}  // namespace nowthen::engine
