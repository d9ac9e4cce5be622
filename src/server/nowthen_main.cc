#include "cli/cli.h"
#include "server/serve.h"

int main(int argc, char** argv) {
  using nowthen::server::serve;
  return nowthen::cli::run(argc, argv, {{"serve", "run the server", serve}});
}
