#pragma once

#include <string>
#include <vector>

#include <nowthen/options.h>
#include <nowthen/serve.h>

namespace nowthen::server {

/// How a server is set up: built-in values, over them the file, the environment, the flags.
struct Config {
  Options engine = Options().data_dir("./nowthen-data");
  ServeOptions serve;
  bool help = false;
  std::vector<std::string> errors;  ///< all of them, each with flag, variable, or file and line
};

/// `environment`: as `environ`. Reads the file that `--config` or NOWTHEN_CONFIG names.
Config read_config(const std::vector<std::string>& arguments, const char* const* environment);
/// What `nowthen serve --help` prints.
std::string config_help();

}  // namespace nowthen::server
