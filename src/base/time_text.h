#pragma once

#include <string>

#include "base/time.h"

namespace nowthen {

/// The begin of such a text, to the second: "2026-03-01T10:00:00".
std::string seconds_text(WallTime time);
/// RFC 3339 in UTC, to the millisecond: "2026-03-01T10:00:00.123Z". Years 0 to 9999 have four
/// digits; `time` is one of a clock.
std::string time_text(WallTime time);

}  // namespace nowthen
