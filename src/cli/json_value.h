#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nowthen::cli {

/// A JSON value that the server sent, looked at by name. The names in it that this client does not
/// know stay where they are, so that a newer server can say more. What is absent reads as `null`.
class JsonValue {
 public:
  JsonValue() = default;
  /// None: `text` is not one strict JSON value.
  static std::optional<JsonValue> parse(std::string_view text);

  bool is_null() const { return json_ == "null"; }
  bool is_object() const { return json_.starts_with('{'); }
  bool is_array() const { return json_.starts_with('['); }

  JsonValue at(std::string_view name) const;
  /// In the order in which they were sent; empty if it is no object.
  std::vector<std::pair<std::string, JsonValue>> fields() const;
  /// Empty if it is no array.
  std::vector<JsonValue> elements() const;
  /// For people: the text of a string, nothing of null, the JSON of anything else.
  std::string text() const;
  /// As it was sent.
  const std::string& json() const { return json_; }

 private:
  explicit JsonValue(std::string_view json) : json_(json) {}
  std::string json_ = "null";
};

}  // namespace nowthen::cli
