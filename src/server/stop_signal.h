#pragma once

#include <csignal>

namespace nowthen::server {

/// SIGINT and SIGTERM as a wish to stop, while it lives; one at a time in a process. The second
/// signal ends the process at once, with exit code 128 + its number.
class StopSignal {
 public:
  StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  ~StopSignal();

  /// Blocks until the first one has come.
  void wait();

 private:
  struct sigaction interrupt_before_{};
  struct sigaction terminate_before_{};
};

}  // namespace nowthen::server
