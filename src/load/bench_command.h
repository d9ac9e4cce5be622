#pragma once

#include <string>
#include <vector>

namespace nowthen::load {

/// `nowthen bench`: what the server that runs can do on this machine. Returns an exit code of
/// docs/cli.md.
int bench_command(const std::vector<std::string>& words);

}  // namespace nowthen::load
