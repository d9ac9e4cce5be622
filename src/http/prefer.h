#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nowthen/policy.h>
#include <nowthen/result.h>

namespace nowthen::http {

/// What the client of a call prefers (RFC 7240). What is not known is ignored, as that says.
struct Prefer {
  bool respond_async = false;
  std::optional<Duration> wait;
  bool minimal = false;  ///< return=minimal
};
/// `value`: the header's; several joined by commas. `invalid_argument` for a bad `wait`.
Result<Prefer> parse_prefer(std::string_view value);

/// An Idempotency-Key: draft-ietf-httpapi-idempotency-key-header-07 has it in quotes; clients send
/// it bare too.
std::string unquoted(std::string_view text);

}  // namespace nowthen::http
