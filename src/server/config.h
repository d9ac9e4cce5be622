#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nowthen/policy.h>

#include "http/listener.h"

namespace nowthen::server {

/// How a server is set up: built-in values, over them the file, the environment, the flags.
struct Config {
  std::string data_dir = "./nowthen-data";  ///< ":memory:" in text, empty here: nothing is kept
  http::Address listen{"127.0.0.1", 7070};
  bool tls_by_proxy = false;  ///< who listens beyond loopback says that a proxy encrypts
  std::size_t connections_max = 16'384;
  std::uint16_t loops = 0;  ///< 0: one per core
  std::uint64_t disk_budget = std::uint64_t{10} << 30;
  Duration stop_within = std::chrono::seconds(10);
  std::vector<std::string> allow_egress;
  std::string secrets_file;

  bool help = false;
  std::vector<std::string> errors;  ///< all of them, each with flag, variable, or file and line
};

/// `environment`: as `environ`. Reads the file that `--config` or NOWTHEN_CONFIG names.
Config read_config(const std::vector<std::string>& arguments, const char* const* environment);
/// What `nowthen serve --help` prints.
std::string config_help();

}  // namespace nowthen::server
