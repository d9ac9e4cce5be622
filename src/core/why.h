#pragma once

#include <string>
#include <vector>

#include "core/partition_state.h"

namespace nowthen::core {

/// "Why is this not running?", or what it does: one line a cause, for people. Never empty for a live
/// invocation. Precondition: it is live in `state` and loaded.
std::vector<std::string> why(const PartitionState& state, const Invocation& invocation);

}  // namespace nowthen::core
