#include "cli/policy_settings.h"

#include <map>
#include <string_view>
#include <utility>

#include <nowthen/json.h>

namespace nowthen::cli {
namespace {

using Fields = std::map<std::string, std::string, std::less<>>;  // name -> JSON

Error wrong(std::string_view setting, std::string_view why) {
  return {ErrorCode::invalid_argument, "'" + std::string(setting) + "' " + std::string(why)};
}

std::string json_string(std::string_view text) {
  std::string json;
  JsonWriter(json).string(text);
  return json;
}

std::string json_of(std::string_view value) {
  if (value.empty()) return "null";
  const char first = value.front();
  const bool number = (first >= '0' && first <= '9') || first == '-';
  if ((number || value == "null") && validate_json(value)) return std::string(value);
  return json_string(value);
}

std::string list_of(std::string_view values) {
  std::string json = "[";
  while (!values.empty()) {
    const std::size_t end = std::min(values.find(','), values.size());
    json += (json.size() > 1 ? "," : "") + json_string(values.substr(0, end));
    values.remove_prefix(std::min(end + 1, values.size()));
  }
  return json + "]";
}

std::string object_of(const Fields& fields) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object();
  for (const auto& [name, value] : fields) {
    writer.field(name);
    writer.raw(value);
  }
  writer.end_object();
  return json;
}

/// Nothing, or the error: "name=value" in two.
Result<std::pair<std::string_view, std::string_view>> split(std::string_view setting) {
  const std::size_t equals = setting.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return wrong(setting, "is not FIELD=VALUE, as in mode=later");
  }
  return std::pair{setting.substr(0, equals), setting.substr(equals + 1)};
}

}  // namespace

Result<PolicySettings> policy_settings(const std::vector<std::string>& settings,
                                       const std::vector<std::string>& allow) {
  PolicySettings result;
  Fields fields;
  std::map<std::string, Fields, std::less<>> groups;  // those of "retry.factor", "allow"
  for (const std::string& setting : settings) {
    const auto parts = split(setting);
    if (!parts) return parts.error();
    const auto& [name, value] = *parts;
    const std::size_t dot = name.find('.');
    Fields& place =
        dot == std::string_view::npos ? fields : groups[std::string(name.substr(0, dot))];
    const std::string_view last = dot == std::string_view::npos ? name : name.substr(dot + 1);
    if (!place.emplace(last, json_of(value)).second) return wrong(setting, "is given twice");
    result.names.emplace_back(name);
  }
  for (const std::string& setting : allow) {
    const auto parts = split(setting);
    if (!parts) return parts.error();
    if (!groups["allow"].emplace(parts->first, list_of(parts->second)).second) {
      return wrong(setting, "is given twice");
    }
  }
  for (const auto& [name, inner] : groups) {
    if (!fields.emplace(name, object_of(inner)).second) return wrong(name, "is given twice");
  }
  result.json = object_of(fields);
  return result;
}

}  // namespace nowthen::cli
