#include <string>
#include <vector>

#include "server/serve.h"

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty() || arguments.front() != "serve") return 2;
  arguments.erase(arguments.begin());
  return nowthen::server::serve(arguments);
}
