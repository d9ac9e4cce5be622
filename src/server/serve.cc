#include "server/serve.h"

#include <cstdio>
#include <cstdlib>

#include <unistd.h>

#include <nowthen/engine.h>

#include "server/config.h"

namespace nowthen::server {

int serve(const std::vector<std::string>& arguments) {
  const Config config = read_config(arguments, environ);
  for (const std::string& error : config.errors)
    std::fprintf(stderr, "nowthen: %s\n", error.c_str());
  if (!config.errors.empty()) return 2;
  if (config.help) {
    std::puts(config_help().c_str());
    return EXIT_SUCCESS;
  }
  return Engine(config.engine).serve(config.serve);
}

}  // namespace nowthen::server
