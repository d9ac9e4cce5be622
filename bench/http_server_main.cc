// The operations of bench/operations.h, served over HTTP with shipped defaults:
//   http-server --store DIR [--listen HOST:PORT] [--loops N] [--slow-syncs TIME]
// Prints where it listens, and runs until SIGINT or SIGTERM. `--slow-syncs`: each sync of a file
// takes so much longer, as on a slow disk.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include <sys/syscall.h>
#include <unistd.h>

#include <nowthen/nowthen.h>

#include "bench/operations.h"

namespace {

nowthen::Duration slow_syncs{};

}  // namespace

// Stands before the C library's: the store syncs its log by it.
extern "C" int fdatasync(int fd) {
  nowthen::bench::count_sync();
  if (slow_syncs > nowthen::Duration::zero()) std::this_thread::sleep_for(slow_syncs);
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

int main(int argc, char** argv) {
  nowthen::Options options;
  std::string listen = "127.0.0.1:0";
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const char* value = argv[i + 1];
    if (name == "--store") options.data_dir(value);
    if (name == "--listen") listen = value;
    if (name == "--loops") options.loops(static_cast<std::uint16_t>(std::atoi(value)));
    if (name == "--slow-syncs") slow_syncs = *nowthen::parse_duration(value);
  }
  options.on_log(
      [](const nowthen::LogLine& line) { std::fprintf(stderr, "%s\n", line.message.c_str()); });
  nowthen::Engine engine(options);
  const nowthen::bench::Operations operations(engine);
  return engine.serve(listen);
}
