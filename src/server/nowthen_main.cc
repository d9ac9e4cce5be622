#include "cli/cli.h"
#include "load/bench_command.h"
#include "server/serve.h"

int main(int argc, char** argv) {
  using nowthen::load::bench_command;
  using nowthen::server::serve;
  return nowthen::cli::run(
      argc, argv,
      {{"serve", "run the server", serve}, {"bench", "measure a server that runs", bench_command}});
}
