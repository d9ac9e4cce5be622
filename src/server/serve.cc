#include "server/serve.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <unistd.h>

#include "server/config.h"
#include "server/serving.h"

namespace nowthen::server {
namespace {

constexpr int kStoreFailed = 74;  // EX_IOERR of sysexits.h

void say(const std::string& line) {
  std::fprintf(stdout, "%s\n", line.c_str());
  std::fflush(stdout);
}
void complain(const std::string& line) { std::fprintf(stderr, "nowthen: %s\n", line.c_str()); }

sigset_t stop_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGINT);
  ::sigaddset(&set, SIGTERM);
  return set;
}

Options engine_options(const Config& config) {
  Options options;
  options.data_dir(config.data_dir).disk_budget(config.disk_budget).loops(config.loops);
  options.on_log([](const std::string& line) { complain(line); });
  options.on_fatal([](const Error& error) {
    complain("the store has failed, so that nothing more can be kept: " + error.message);
    ::_exit(kStoreFailed);
  });
  return options;
}

/// Lets what runs come to an end; a second signal does not wait for it.
int drain(Serving& serving, Duration patience) {
  say("stopping: what runs may end within " + format_duration(patience) +
      "; a second signal stops at once");
  std::thread([] {
    const sigset_t set = stop_signals();
    int signal = 0;
    ::sigwait(&set, &signal);
    ::_exit(128 + signal);
  }).detach();
  serving.stop(patience);
  return EXIT_SUCCESS;
}

}  // namespace

int serve(const std::vector<std::string>& arguments) {
  auto config = read_config(arguments, environ);
  if (!config.errors.empty()) {
    for (const std::string& error : config.errors) complain(error);
    return 2;
  }
  if (config.help) {
    say(config_help());
    return EXIT_SUCCESS;
  }
  const sigset_t set = stop_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ServingOptions options;
  options.listener.address = config.listen;
  options.listener.connections_max = config.connections_max;
  options.data_dir = config.data_dir;
  options.allow_egress = config.allow_egress;
  options.secrets_file = config.secrets_file;
  options.keys_needed = !http::is_loopback(config.listen);
  auto serving = Serving::start(std::make_shared<sdk::Host>(engine_options(config)), options);
  if (!serving) {
    complain(serving.error().message);
    return EXIT_FAILURE;
  }
  say("listening on http://" + http::to_string((*serving)->address()));
  int signal = 0;
  ::sigwait(&set, &signal);
  return drain(**serving, config.stop_within);
}

}  // namespace nowthen::server
