// Values to text and back: tojson, fromjson, tostring, tonumber.

#include <charconv>
#include <string>

#include "expr/builtins.h"
#include "expr/memory.h"
#include "expr/read.h"
#include "expr/write.h"

namespace nowthen::expr {
namespace {

Value as_json(Call& call) {
  const std::string text = json_of(call.input, call.raised);
  return call.raised ? Value() : Value(std::string_view(text));
}

Value tostring(Call& call) {
  return call.input.is_string() ? std::move(call.input) : as_json(call);
}

Value parsed(Call& call, std::string_view text, std::string_view shown) {
  if (!call.raised.spend(text.size() / 16)) return {};
  ReadOptions options;
  options.repeated = ReadOptions::Repeated::last;
  options.not_finite = true;
  auto value = read_json(text, options);
  if (value) return std::move(*value);
  return call.raised.error(value.error().message + " (while parsing '" + std::string(shown) + "')");
}

Value fromjson(Call& call) {
  if (!call.input.is_string())
    return call.raised.error(described(call.input) + " only strings can be parsed");
  const std::string_view text = call.input.text();
  return parsed(call, text, text);
}

/// jq's grammar of numbers is wider than that of JSON: ".5", "5.", "+5", "007", white space before.
bool make_json(std::string_view text, std::string& json) {
  std::size_t at = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) {
    if (text[at] == '-') json += '-';
    ++at;
  }
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return text.substr(from, at - from);
  };
  std::string_view whole = digits();
  const bool has_whole = !whole.empty();
  while (whole.size() > 1 && whole[0] == '0') whole.remove_prefix(1);
  json += has_whole ? whole : "0";
  bool has_part = false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    const std::string_view part = digits();
    has_part = !part.empty();
    if (has_part) json.append(".").append(part);
  }
  if (!has_whole && !has_part) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    json += text[at++];
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) json += text[at++];
    const std::string_view exponent = digits();
    if (exponent.empty()) return false;
    json += exponent;
  }
  return at == text.size();
}

Value tonumber(Call& call) {
  if (call.input.is_number()) return std::move(call.input);
  if (!call.input.is_string())
    return call.raised.error(described(call.input) + " cannot be parsed as a number");
  const std::string_view text = call.input.text();
  std::string json;
  if (text == "nan" || text == "-nan" || text == "NaN" || text == "-NaN")
    json = "NaN";
  else if (!make_json(text, json))
    return call.raised.error(described(call.input) + " cannot be parsed as a number");
  return parsed(call, json, text);
}

Value toboolean(Call& call) {
  if (call.input.kind() == Kind::boolean) return std::move(call.input);
  if (call.input.is_string() && (call.input.text() == "true" || call.input.text() == "false"))
    return Value(call.input.text() == "true");
  return call.raised.error(described(call.input) + " cannot be parsed as a boolean");
}

constexpr Builtin kBuiltins[] = {{"tojson", 0, as_json},
                                 {"fromjson", 0, fromjson},
                                 {"tostring", 0, tostring},
                                 {"tonumber", 0, tonumber},
                                 {"toboolean", 0, toboolean}};

}  // namespace

std::string json_of(const Value& value, Raised& raised) {
  std::string text;
  write_json(text, value, {.bytes_max = Memory::left()});
  raised.spend(text.size() / 16);
  if (Memory::is_short_of(text.size() + 1)) raised.budget("memory: a text is too long");
  return text;
}

std::span<const Builtin> json_builtins() { return kBuiltins; }

}  // namespace nowthen::expr
