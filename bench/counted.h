#pragma once

#include <cstdint>

#include <nowthen/json.h>

#include "load/load.h"

namespace nowthen::bench {

/// What the process that runs the operations has counted, by its operation "counted": since it was
/// last asked, but for `started`.
struct Counted {
  std::uint64_t started = 0;  ///< of the operation "stamped", since the process began
  double start_p50_ms = 0;    ///< from the time in its input to the first line of its handler
  double start_p99_ms = 0;
  std::uint64_t syncs = 0;  ///< of files, by `fdatasync`
};
NOWTHEN_JSON(Counted, started, start_p50_ms, start_p99_ms, syncs);

/// Asks a server; throws std::runtime_error when it does not answer.
Counted ask_counted(const load::Target& target);

}  // namespace nowthen::bench
