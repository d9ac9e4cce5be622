#pragma once

#include <chrono>
#include <cstdint>

#include <nowthen/policy.h>

namespace nowthen {

/// Calendar time, as it is stored. Microseconds since the Unix epoch, UTC.
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;

/// "No time": due times are compared against it, never reached.
inline constexpr WallTime kNever = WallTime::max();

/// `at + wait` without overflow; kNever stays kNever.
constexpr WallTime after(WallTime at, Duration wait) {
  if (at == kNever || (wait > Duration::zero() && at >= kNever - wait)) return kNever;
  return at + wait;
}

constexpr std::int64_t to_us(WallTime time) { return time.time_since_epoch().count(); }
constexpr WallTime from_us(std::int64_t us) { return WallTime{std::chrono::microseconds{us}}; }

}  // namespace nowthen
