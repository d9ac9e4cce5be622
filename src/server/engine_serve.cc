// Engine::serve: the last line of a program's main.

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <unistd.h>

#include <nowthen/engine.h>

#include "server/serving.h"
#include "server/signals.h"

namespace nowthen {
namespace {

constexpr int kStoreFailed = 74;  // EX_IOERR of sysexits.h

void say(const std::string& line) {
  std::fprintf(stdout, "%s\n", line.c_str());
  std::fflush(stdout);
}
void complain(const std::string& line) { std::fprintf(stderr, "nowthen: %s\n", line.c_str()); }

}  // namespace

int Engine::serve(const ServeOptions& options) {
  using server::Signals;
  Signals signals(!options.tls_cert().empty());
  ::signal(SIGPIPE, SIG_IGN);
  host_->fall_back_to(complain, [](const Error& error) {
    complain("the store has failed, so that nothing more can be kept: " + error.message);
    ::_exit(kStoreFailed);
  });
  auto serving = server::Serving::start(host_, options);
  if (!serving) {
    complain(serving.error().message);
    return EXIT_FAILURE;
  }
  const std::string url = (*serving)->url();
  options.on_ready() ? options.on_ready()(url) : say("listening on " + url);
  while (signals.wait() == Signals::Wish::reload) {
    const Result<void> reloaded = (*serving)->reload_tls();
    host_->log()(reloaded ? "SIGHUP: new connections get the certificate as it is now"
                          : "SIGHUP: the certificate stays as it was: " + reloaded.error().message);
  }
  say("stopping: what runs may end within " + format_duration(options.stop_within()) +
      "; a second signal stops at once");
  (*serving)->stop(options.stop_within());
  return EXIT_SUCCESS;
}

}  // namespace nowthen
