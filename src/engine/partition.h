#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/partition_state.h"
#include "engine/audit.h"
#include "store/keys.h"
#include "store/store.h"

namespace nowthen::engine {

/// Numbers the turns of a loop, from 1.
enum class TurnSeq : std::uint64_t {};

/// Where a message came from, so that its outbox row can go once it was applied durably.
struct OutboxRow {
  std::uint16_t partition = 0;
  std::uint64_t seq = 0;
  std::uint64_t number = 0;  ///< in the engine's Outbox
};

/// A command on its way into a partition.
struct Incoming {
  std::uint16_t partition = 0;
  core::CommandBody body;
  std::optional<OutboxRow> outbox;
  std::uint64_t sent = 0;       ///< tells apart what `Loop::send` hands over; 0: nothing of it
  std::size_t asked_bytes = 0;  ///< counted by `Loop::ask`
  std::optional<InvocationId> fetched = {};  ///< read for it from the rows
  std::optional<AuditEntry> audit = {};      ///< written if it changes a row
};

/// What is known of a bucket of ended invocations.
struct EndedBucket {
  TurnSeq written{};              ///< the last turn that put one in
  std::uint64_t input_bytes = 0;  ///< of their inputs in rows of their own, since the start
};

/// A partition and what its loop keeps beside its state. Loop thread only.
struct Partition {
  Partition(std::uint16_t number, std::uint16_t partitions, Limits limits)
      : state(number, partitions, limits) {}

  core::PartitionState state;
  store::OwnerEpoch epoch{};
  TurnSeq dirty{};  ///< the last turn with a change of this partition
  std::map<store::Bucket, EndedBucket> buckets;
  /// The youngest bucket that went, or is to go: what ends later goes into a later one.
  store::Bucket dropped{};
  std::uint64_t last_outbox = 0;
  std::string drop_from;  ///< where the reading of the oldest bucket, which is to go, has come to
  /// The last outbox row when the oldest bucket was found to be due: it goes after that row.
  std::optional<std::uint64_t> drop_after;
  bool fetching = false;  ///< a row is on its way; what comes waits, in order
  std::deque<Incoming> waiting;
};

}  // namespace nowthen::engine
