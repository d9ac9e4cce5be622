#include "server/signals.h"

#include <atomic>
#include <cerrno>

#include <semaphore.h>
#include <unistd.h>

namespace nowthen::server {
namespace {

// A handler finds them here; whatever thread it interrupts may post to a semaphore.
sem_t came;                   // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
std::atomic<int> stops;       // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
std::atomic<bool> to_reload;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

void on_signal(int signal) {
  if (signal == SIGHUP) {
    to_reload = true;
  } else if (stops.fetch_add(1) > 0) {
    ::_exit(128 + signal);
  }
  const int error = errno;
  ::sem_post(&came);
  errno = error;
}

}  // namespace

Signals::Signals(bool can_reload) : can_reload_(can_reload) {
  stops = 0;
  to_reload = false;
  ::sem_init(&came, 0, 0);
  struct sigaction action{};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, &interrupt_before_);
  ::sigaction(SIGTERM, &action, &terminate_before_);
  if (can_reload_) ::sigaction(SIGHUP, &action, &hang_up_before_);
}

Signals::~Signals() {
  ::sigaction(SIGINT, &interrupt_before_, nullptr);
  ::sigaction(SIGTERM, &terminate_before_, nullptr);
  if (can_reload_) ::sigaction(SIGHUP, &hang_up_before_, nullptr);
  ::sem_destroy(&came);
}

Signals::Wish Signals::wait() {
  for (;;) {
    if (stops > 0) return Wish::stop;
    if (to_reload.exchange(false)) return Wish::reload;
    while (::sem_wait(&came) != 0 && errno == EINTR) {
    }
  }
}

}  // namespace nowthen::server
