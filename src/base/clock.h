#pragma once

#include "base/time.h"

namespace nowthen {

/// Where the engine reads the time. Simulation and tests put a virtual one here.
class Clock {
 public:
  virtual ~Clock() = default;
  /// May jump in either direction; a loop keeps the latest that it saw. Any thread.
  virtual WallTime now() const = 0;
};

}  // namespace nowthen
