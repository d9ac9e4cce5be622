#pragma once

#include <cstdint>

namespace nowthen::cli {

/// How a command ends; what scripts decide by. The table is in docs/cli.md.
enum class Exit : std::uint8_t {
  done = 0,
  failed = 1,       ///< the operation failed, or was cancelled or expired
  usage = 2,        ///< the command line is wrong; nothing was sent
  not_found = 3,    ///< no such operation or invocation, or retention removed it
  refused = 4,      ///< any other 4xx: a conflict, a role, a wrong state
  unreachable = 5,  ///< no answer, or none of a Nowthen server
  unavailable = 6,  ///< overloaded, stopping or broken: 429 and 5xx
  timed_out = 7,    ///< the time to wait is over and it is still open
  io_error = 74,    ///< the output cannot be written; EX_IOERR of sysexits.h
  interrupted = 130,
};

}  // namespace nowthen::cli
