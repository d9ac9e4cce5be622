#pragma once

#include <string>
#include <string_view>

#include <nowthen/context.h>
#include <nowthen/id.h>

#include "core/journal.h"

namespace nowthen::sdk {

/// How one try of a step ended.
struct StepEnd {
  core::Outcome outcome;
  bool permanent = false;  ///< a failure that must not be tried again
};

/// Runs the function of a step on this thread. `step_token()` is valid meanwhile.
StepEnd run(const Job& job, InvocationId id, std::string_view path) noexcept;

}  // namespace nowthen::sdk
