#include "cli/json_value.h"

#include <nowthen/json.h>

namespace nowthen::cli {
namespace {

using Texts = std::vector<std::pair<std::string, std::string>>;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

}  // namespace

std::optional<JsonValue> JsonValue::parse(std::string_view text) {
  if (!validate_json(text)) return std::nullopt;
  return JsonValue(trimmed(text));
}

std::vector<std::pair<std::string, JsonValue>> JsonValue::fields() const {
  std::vector<std::pair<std::string, JsonValue>> fields;
  if (!is_object()) return fields;
  Texts texts;
  JsonReader reader(json_);
  reader.entries(&texts, [](JsonReader& at, void* target, std::string&& name) {
    static_cast<Texts*>(target)->emplace_back(std::move(name), trimmed(at.raw()));
  });
  for (auto& [name, json] : texts) fields.emplace_back(std::move(name), JsonValue(json));
  return fields;
}

JsonValue JsonValue::at(std::string_view name) const {
  for (auto& [field, value] : fields()) {
    if (field == name) return std::move(value);
  }
  return {};
}

std::vector<JsonValue> JsonValue::elements() const {
  std::vector<JsonValue> elements;
  JsonReader reader(json_);
  if (!is_array() || !reader.begin_array()) return elements;
  while (reader.next_element()) elements.push_back(JsonValue(trimmed(reader.raw())));
  return elements;
}

std::string JsonValue::text() const {
  if (is_null()) return {};
  if (!json_.starts_with('"')) return json_;
  std::string text;
  JsonReader reader(json_);
  reader.string(text);
  return text;
}

}  // namespace nowthen::cli
