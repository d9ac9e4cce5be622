#pragma once

#include <functional>
#include <memory>

#include "engine/reactor.h"

namespace nowthen::http {

/// Destroying it, on the thread of its loop, means that its job does not run.
class Timer {
 public:
  virtual ~Timer() = default;
};

/// Runs `job` once, after `wait`, on the loop of the reactor, which is one of `make_reactor`. It
/// may still run when the timer is destroyed in the same moment: jobs check what they find.
std::unique_ptr<Timer> after(engine::Reactor& reactor, Duration wait,
                             std::move_only_function<void()> job);

}  // namespace nowthen::http
