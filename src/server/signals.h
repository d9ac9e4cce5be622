#pragma once

#include <csignal>
#include <cstdint>

namespace nowthen::server {

/// What the signals of a process ask for, while it lives; one at a time in a process: SIGINT and
/// SIGTERM to stop, SIGHUP to read the certificate again (without `can_reload` it is left alone).
/// The second signal to stop ends the process at once, with exit code 128 + its number.
class Signals {
 public:
  enum class Wish : std::uint8_t { stop, reload };

  explicit Signals(bool can_reload);
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals();

  /// Blocks until there is one. Once it was to stop, it is so for ever.
  Wish wait();

 private:
  const bool can_reload_;
  struct sigaction interrupt_before_{};
  struct sigaction terminate_before_{};
  struct sigaction hang_up_before_{};
};

}  // namespace nowthen::server
