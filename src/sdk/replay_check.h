#pragma once

#include <optional>
#include <string>

#include "core/invocation.h"
#include "sdk/handlers.h"

namespace nowthen::sdk {

/// Replays the journal of `invocation` against the code in `handlers`: runs no step and changes
/// nothing. How they differ, or none. Code that waits for more, ends, or fails after the journal
/// fits. Any thread, but handlers run here: destructors of their locals too.
std::optional<std::string> check_replay(const Handlers& handlers,
                                        const core::Invocation& invocation);

}  // namespace nowthen::sdk
