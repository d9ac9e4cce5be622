#pragma once

#include <string>
#include <vector>

namespace nowthen::server {

struct ConfigLine {
  std::string name;
  std::string value;
  int number = 0;  ///< of its line in the file, from 1
};
struct ConfigFile {
  std::vector<ConfigLine> lines;
  std::vector<std::string> errors;  ///< each with file and line
};

/// A YAML file: one mapping of names to scalars, or to lists of scalars (one line for each of
/// them). At most 1 MiB, two levels deep and 10'000 values, so that aliases cannot make it endless;
/// a name twice is an error.
ConfigFile read_config_file(const std::string& path);

}  // namespace nowthen::server
