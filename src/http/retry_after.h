#pragma once

#include <optional>
#include <string_view>

#include <nowthen/policy.h>

#include "base/time.h"

namespace nowthen::http {

/// Longer waits that a service asks for are cut to this.
inline constexpr Duration kRetryAfterMax = std::chrono::hours(24);

/// RFC 9110 5.6.7, all three forms.
std::optional<WallTime> parse_http_date(std::string_view text);
/// The wait that a Retry-After header asks for (RFC 9110 10.2.3: seconds or a date), from 0 to
/// kRetryAfterMax; none if it is neither.
std::optional<Duration> parse_retry_after(std::string_view value, WallTime now);

}  // namespace nowthen::http
