#pragma once

#include <cstdint>

#include "core/partition_state.h"

namespace nowthen::core {

/// Hash of all that the rows of one invocation hold, whether they are written yet or not: header,
/// input, journal, signals and the open entries that survive. Not part of it: what is in memory
/// only, and the due time of a step, which moves with its tries. Not for secrets.
std::uint64_t hash_of(const Invocation& invocation);

/// Hash of what is kept of every stored live invocation, evicted or not, and of the lines of order
/// keys. Independent of the order of containers.
std::uint64_t outline_hash(const PartitionState& state);

/// `outline_hash` and the `hash_of` all that is in memory. A state rebuilt from its rows hashes
/// like the state that wrote them, when the same invocations are in memory.
std::uint64_t state_hash(const PartitionState& state);

}  // namespace nowthen::core
