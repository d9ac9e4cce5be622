#pragma once

#include <optional>

#include "core/command.h"
#include "core/effect.h"
#include "core/partition_state.h"

namespace nowthen::core {

/// The heart: what `command` does to `state`, and what follows from it.
///
/// Pure: no I/O, clock, thread or global; time and randomness are in the command. Total: a stale
/// or invalid command yields a refusal among the effects. Cancel versus complete versus timeout is
/// decided by the order of commands, nowhere else. If a row is needed that is not in memory, it
/// is named and *nothing* has changed: fetch it and apply the same command again. Otherwise
/// `command` is used up and `out` holds what the engine carries out. Not thread-safe.
[[nodiscard]] std::optional<Missing> apply(PartitionState& state, Command& command, Effects& out);

}  // namespace nowthen::core
