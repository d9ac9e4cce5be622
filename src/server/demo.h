#pragma once

#include <string>
#include <vector>

namespace nowthen::server {

/// `nowthen demo [set NAME=TIME...] [--shop URL]`: shows, and changes, how slowly the shop of the
/// demonstration answers (demo/README.md). Returns an exit code of docs/cli.md.
int demo(const std::vector<std::string>& words);

}  // namespace nowthen::server
