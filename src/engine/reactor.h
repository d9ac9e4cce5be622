#pragma once

#include <nowthen/policy.h>

namespace nowthen::engine {

/// Where a loop sleeps, and what else its thread serves in between: a listener puts its sockets
/// here. One per loop; owned by it.
class Reactor {
 public:
  virtual ~Reactor() = default;
  /// Serves what is ready, without waiting. Loop thread. False if there was nothing.
  virtual bool poll() = 0;
  /// Serves what comes within `wait`; returns early after the first, or once `wake` was called.
  virtual void wait(Duration wait) = 0;
  /// Ends a wait, this one or the next. Any thread; cheap when nobody waits is the caller's care.
  virtual void wake() = 0;
};

}  // namespace nowthen::engine
