#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nowthen/policy.h>

#include "base/time.h"
#include "core/journal.h"
#include "http/client.h"

namespace nowthen::http {

/// Bodies above this are not passed on.
inline constexpr std::size_t kRejectionBytesMax = 64u << 10;
/// Of an answer's body that a failure repeats.
inline constexpr std::size_t kExcerptBytesMax = 512;

/// What the answer of a service means for the attempt that asked.
struct Verdict {
  enum class Kind : std::uint8_t {
    final,    ///< `outcome` ends the invocation
    kept,     ///< 202: the service ends the attempt by its token
    failed,   ///< a failed attempt: `outcome` says why; `retry_after` is the least wait
    unknown,  ///< the request may have arrived; the same fields
  };
  Kind kind = Kind::failed;
  core::Outcome outcome;
  Duration retry_after{};
};

/// Gives what must not be repeated, the longer ones first.
using Unspoken = std::function<std::vector<std::string>()>;

/// 2xx: the result, JSON (strictly checked; empty is null) or, as application/octet-stream, bytes.
/// 202: kept. 4xx but 408, 425 and 429: final, `ErrorCode::rejected` with "404 text/html\n" and the
/// body. Everything else, and a result that is no JSON: failed. A redirect is not followed, so it
/// is among the failures.
/// Of what `unspoken` gives, which the request held in confidence, no error repeats anything: there
/// it says "***". It is asked for an error alone.
Verdict judge(ClientResponse response, WallTime now, const Unspoken& unspoken = {});
Verdict judge(const ClientError& error);

/// What `ErrorCode::rejected` holds, as `judge` wrote it; views of it.
struct Rejection {
  int status = 400;  ///< 400 to 499
  std::string_view content_type;
  std::string_view body;
};
/// None where an operation in this process has put something else there.
std::optional<Rejection> read_rejection(std::string_view recorded);

}  // namespace nowthen::http
