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

}  // namespace nowthen::http
