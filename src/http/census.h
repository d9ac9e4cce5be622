#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>

#include "core/invocation_state.h"
#include "engine/engine.h"

namespace nowthen::http {

/// How many invocations live, by operation and state.
using Census = std::map<std::string, std::array<std::size_t, core::kStates>, std::less<>>;
/// Counts those of all partitions: O(live). `then` comes on a loop's thread.
void take_census(engine::Engine& engine, std::move_only_function<void(Census)> then);

}  // namespace nowthen::http
