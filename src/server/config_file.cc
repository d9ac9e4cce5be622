#include "server/config_file.h"

#include <fstream>
#include <set>

#include <yaml-cpp/yaml.h>

namespace nowthen::server {
namespace {

constexpr std::size_t kBytesMax = 1u << 20;
constexpr std::size_t kValuesMax = 10'000;

int line_of(const YAML::Node& node) { return node.Mark().line + 1; }

void add(ConfigFile& file, const std::string& path, const std::string& name,
         const YAML::Node& value) {
  if (value.IsScalar()) {
    file.lines.push_back({name, value.Scalar(), line_of(value)});
  } else if (value.IsSequence()) {
    for (const YAML::Node& item : value) {
      if (item.IsScalar()) {
        file.lines.push_back({name, item.Scalar(), line_of(item)});
      } else {
        file.errors.push_back(path + ":" + std::to_string(line_of(item)) + ": " + name +
                              ": expected plain values");
      }
    }
  } else {
    file.errors.push_back(path + ":" + std::to_string(line_of(value)) + ": " + name +
                          ": expected a value or a list");
  }
}

}  // namespace

ConfigFile read_config_file(const std::string& path) {
  ConfigFile file;
  std::ifstream in(path, std::ios::binary);
  std::string text(kBytesMax + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (!in.good() && (in.bad() || !in.eof())) {
    file.errors.push_back(path + ": cannot be read");
    return file;
  }
  if (text.size() > kBytesMax) {
    file.errors.push_back(path + ": larger than 1 MiB");
    return file;
  }
  try {
    const YAML::Node root = YAML::Load(text);
    if (root.IsNull()) return file;
    if (!root.IsMap()) {
      file.errors.push_back(path + ":1: expected `name: value` lines");
      return file;
    }
    std::set<std::string> seen;
    for (const auto& entry : root) {
      if (!entry.first.IsScalar()) {
        file.errors.push_back(path + ":" + std::to_string(line_of(entry.first)) +
                              ": expected `name: value` lines");
        continue;
      }
      const std::string name = entry.first.Scalar();
      if (!seen.insert(name).second) {
        file.errors.push_back(path + ":" + std::to_string(line_of(entry.first)) + ": " + name +
                              ": is there twice");
        continue;
      }
      if (entry.second.IsNull()) {  // it has no line of its own
        file.errors.push_back(path + ":" + std::to_string(line_of(entry.first)) + ": " + name +
                              ": its value is missing");
        continue;
      }
      add(file, path, name, entry.second);
      if (file.lines.size() + file.errors.size() > kValuesMax) {  // one list under many names
        file.errors = {path + ":" + std::to_string(line_of(entry.first)) + ": more than " +
                       std::to_string(kValuesMax) + " values"};
        file.lines.clear();
        return file;
      }
    }
  } catch (const YAML::Exception& error) {
    file.errors.push_back(path + ":" + std::to_string(error.mark.line + 1) + ": " + error.msg);
  }
  return file;
}

}  // namespace nowthen::server
