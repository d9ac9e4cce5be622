#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/partition_state.h"

namespace nowthen::core {

// Pure reads of a partition, for people. Why an invocation does not run is in why.h.

/// An entry that is not done.
struct OpenWait {
  std::string path;
  EntryKind kind = EntryKind::step;
  bool running = false;     ///< its function has been let go
  std::uint32_t tries = 0;  ///< that failed so far
  WallTime since{};
  WallTime due = kNever;  ///< of a sleep, a signal, a retry or the timeout of a step
  InvocationId child;     ///< of a call
  std::string failure;    ///< of the last try
};

/// A live invocation at a glance.
struct Status {
  InvocationId id;
  std::string operation;
  State state = State::ready;
  bool row_needed = false;  ///< evicted: what follows is in its row
  bool stored = false;      ///< it would survive a crash
  std::uint32_t version = 0;
  Mode mode = Mode::auto_;
  std::uint8_t priority = 0;
  OrderKey order;
  WallTime accepted{};
  std::uint32_t attempt = 0;   ///< attempts begun
  std::uint32_t failures = 0;  ///< of them failed, since the last resume
  std::uint32_t done = 0;      ///< entries recorded
  bool cancelling = false;
  ParkReason park_reason = ParkReason::none;
  std::string note;  ///< of the park, or of the last failed attempt
  std::vector<OpenWait> waits;
};
/// None if `id` is not live here: ended, or never accepted.
std::optional<Status> status(const PartitionState& state, InvocationId id);

struct LiveFilter {
  std::string operation;  ///< empty: any
  std::optional<State> state;
};
struct LiveMatch {
  InvocationId id;
  std::string operation;
  State state = State::ready;
};
struct LivePage {
  std::vector<LiveMatch> matches;  ///< in order of id
  bool more = false;               ///< the last id is the cursor of the next page
};
/// Live invocations after `cursor` (null: from the first), at most `limit` >= 1 of them. O(live).
LivePage search_live(const PartitionState& state, const LiveFilter& filter, InvocationId cursor,
                     std::size_t limit);

}  // namespace nowthen::core
