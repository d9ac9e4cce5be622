#pragma once

#include <string>
#include <vector>

namespace nowthen::server {

/// `nowthen serve ...`: runs until SIGINT or SIGTERM. Returns the exit code of the process: that of
/// `Engine::serve`, or 2 for wrong usage or configuration.
int serve(const std::vector<std::string>& arguments);

}  // namespace nowthen::server
