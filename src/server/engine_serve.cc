// Engine::serve: the last line of a program's main.

#include <chrono>
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

/// One write for each line: those of several threads do not mix.
void write(const LogLine& line, LogFormat format) {
  const auto now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  const std::string text = to_string(line, format, now) + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace

int Engine::serve(const ServeOptions& options) {
  using server::Signals;
  Signals signals(!options.tls_cert().empty());
  ::signal(SIGPIPE, SIG_IGN);
  host_->fall_back_to(
      [format = options.log()](const LogLine& line) { write(line, format); },
      [host = host_.get()](const Error& error) {
        host->log()({.level = LogLevel::error,
                     .message = "the store has failed, so that nothing more can be kept: " +
                                error.message});
        ::_exit(kStoreFailed);
      });
  const Log& log = host_->log();
  auto serving = server::Serving::start(host_, options);
  if (!serving) {
    log({.level = LogLevel::error, .message = "cannot start: " + serving.error().message});
    return EXIT_FAILURE;
  }
  const std::string url = (*serving)->url();
  const std::string& folder = host_->options().data_dir();
  log({.message = "started on " + url + ", data in " + (folder.empty() ? "memory" : folder)});
  options.on_ready() ? options.on_ready()(url) : say("listening on " + url);
  while (signals.wait() == Signals::Wish::reload) {
    const Result<void> reloaded = (*serving)->reload_tls();
    if (reloaded) {
      log({.message = "SIGHUP: new connections get the certificate as it is now"});
    } else {
      log({.level = LogLevel::error,
           .message = "SIGHUP: the certificate stays as it was: " + reloaded.error().message});
    }
  }
  log({.message = "stopping: what runs may end within " + format_duration(options.stop_within()) +
                  "; a second signal stops at once"});
  (*serving)->stop(options.stop_within());
  log({.message = "stopped"});
  return EXIT_SUCCESS;
}

}  // namespace nowthen
