#pragma once

#include <string>
#include <vector>

namespace nowthen::server {

/// `nowthen serve ...`: runs until SIGINT or SIGTERM, then lets what runs end; a second one ends it
/// at once. Returns the exit code: 0; 2 wrong usage or configuration; 1 cannot start; 74 the store
/// has failed. Call it first thing in main: it blocks signals for all threads to come.
int serve(const std::vector<std::string>& arguments);

}  // namespace nowthen::server
