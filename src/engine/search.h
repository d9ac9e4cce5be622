#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nowthen/id.h>

#include "base/time.h"
#include "core/invocation_state.h"

namespace nowthen::engine {

/// Which invocations are looked for. What is empty is any.
struct SearchFilter {
  std::string operation;
  std::string order_key;  ///< of live ones: those that stand in the line of the key
  std::optional<core::State> state;
  WallTime from = WallTime::min();  ///< accepted then or later
};
struct SearchMatch {
  InvocationId id;
  std::string operation;
  core::State state = core::State::ready;
  WallTime accepted{};  ///< to the millisecond while it lives
  std::optional<WallTime> ended;
};
/// Live ones first, by id; then ended ones, about the latest first: by the time at which retention
/// removes them.
struct SearchPage {
  std::vector<SearchMatch> matches;
  std::string cursor;  ///< of the next page; empty: this is the last
};

}  // namespace nowthen::engine
