#include "cli/cli.h"
#include "load/bench_command.h"
#include "server/demo.h"
#include "server/folder_commands.h"
#include "server/serve.h"

int main(int argc, char** argv) {
  using namespace nowthen;
  return cli::run(argc, argv,
                  {{"serve", "run the server", server::serve},
                   {"verify", "look for damage in a data folder or a backup", server::verify},
                   {"restore", "copy a backup to a new data folder", server::restore},
                   {"demo", "look at the shop of make demo, or make it slower", server::demo},
                   {"bench", "measure a server that runs", load::bench_command}});
}
