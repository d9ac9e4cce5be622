#include "server/stop_signal.h"

#include <atomic>
#include <cerrno>

#include <semaphore.h>
#include <unistd.h>

namespace nowthen::server {
namespace {

// A handler finds them here; whatever thread it interrupts may post to a semaphore.
sem_t came;                     // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
std::atomic<int> count_so_far;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

void on_signal(int signal) {
  if (count_so_far.fetch_add(1) > 0) ::_exit(128 + signal);
  const int error = errno;
  ::sem_post(&came);
  errno = error;
}

}  // namespace

StopSignal::StopSignal() {
  count_so_far = 0;
  ::sem_init(&came, 0, 0);
  struct sigaction action{};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, &interrupt_before_);
  ::sigaction(SIGTERM, &action, &terminate_before_);
}

StopSignal::~StopSignal() {
  ::sigaction(SIGINT, &interrupt_before_, nullptr);
  ::sigaction(SIGTERM, &terminate_before_, nullptr);
  ::sem_destroy(&came);
}

void StopSignal::wait() {
  while (::sem_wait(&came) != 0 && errno == EINTR) {
  }
}

}  // namespace nowthen::server
