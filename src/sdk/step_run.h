#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <nowthen/context.h>
#include <nowthen/id.h>

#include "core/journal.h"

namespace nowthen::sdk {

/// One try of a step on its way to a thread: it begins once, unless it is withdrawn before. Any
/// thread.
class Try {
 public:
  /// Whether the function may run now.
  bool begin() { return move_to(State::begun); }
  bool waits() const { return state_.load(std::memory_order_acquire) == State::waits; }
  /// Whether it has not begun, and never will.
  bool withdraw() { return move_to(State::withdrawn); }

 private:
  enum class State : std::uint8_t { waits, begun, withdrawn };
  bool move_to(State to) {
    State waits = State::waits;
    return state_.compare_exchange_strong(waits, to, std::memory_order_acq_rel);
  }
  std::atomic<State> state_ = State::waits;
};

/// A try in the hands of a pool. Dropped there it counts as begun: its time will be over one day.
class QueuedTry {
 public:
  explicit QueuedTry(std::shared_ptr<Try> of) : try_(std::move(of)) {}
  QueuedTry(QueuedTry&&) = default;
  ~QueuedTry() {
    if (try_ != nullptr) try_->begin();
  }
  /// Once: whether the function may run now.
  bool begin() { return std::exchange(try_, nullptr)->begin(); }

 private:
  std::shared_ptr<Try> try_;
};

/// How one try of a step ended.
struct StepEnd {
  core::Outcome outcome;
  bool permanent = false;  ///< a failure that must not be tried again
};

/// What an exception says; some say nothing at all.
inline const char* text_of(const std::exception& error) {
  return error.what() != nullptr ? error.what() : "";
}

/// Runs the function of a step on this thread. `step_token()` is valid meanwhile.
StepEnd run(const Job& job, InvocationId id, std::string_view path) noexcept;

}  // namespace nowthen::sdk
