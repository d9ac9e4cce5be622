// Functions of strings.

#include <algorithm>
#include <string>

#include "base/utf8.h"
#include "expr/arithmetic.h"
#include "expr/builtins.h"
#include "expr/memory.h"
#include "expr/paths.h"

namespace nowthen::expr {
namespace {

Value starts_with(Call& call) {
  if (!call.input.is_string() || !call.arguments[0].is_string())
    return call.raised.error("startswith() requires string inputs");
  return Value(call.input.text().starts_with(call.arguments[0].text()));
}

Value ends_with(Call& call) {
  if (!call.input.is_string() || !call.arguments[0].is_string())
    return call.raised.error("endswith() requires string inputs");
  return Value(call.input.text().ends_with(call.arguments[0].text()));
}

/// Without what the argument is, at either end where it is.
Value without(Call& call, bool in_front, bool behind) {
  if (!call.input.is_string() || !call.arguments[0].is_string())
    return call.raised.error(in_front ? "startswith() requires string inputs"
                                      : "endswith() requires string inputs");
  std::string_view text = call.input.text();
  const std::string_view part = call.arguments[0].text();
  if (in_front && text.starts_with(part)) text.remove_prefix(part.size());
  if (behind && text.ends_with(part)) text.remove_suffix(part.size());
  return Value(text);
}

Value ltrimstr(Call& call) { return without(call, true, false); }
Value rtrimstr(Call& call) { return without(call, false, true); }
Value trimstr(Call& call) { return without(call, true, true); }

/// White_Space of Unicode 16, as jq has it.
bool is_space(char32_t c) {
  return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

/// The character that begins at `at`; moves on behind it. Precondition: UTF-8.
char32_t next_character(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at++);
  if (first < 0x80) return first;
  const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  char32_t code = first & (0x3f >> more);
  for (int i = 0; i < more; ++i) code = (code << 6) | (byte(at++) & 0x3f);
  return code;
}

Value trimmed(Call& call, bool in_front, bool behind) {
  if (!call.input.is_string()) return call.raised.error("trim input must be a string");
  std::string_view text = call.input.text();
  while (in_front && !text.empty()) {
    std::size_t next = 0;
    if (!is_space(next_character(text, next))) break;
    text.remove_prefix(next);
  }
  while (behind && !text.empty()) {
    std::size_t last = text.size() - 1;
    while (last > 0 && (text[last] & 0xc0) == 0x80) --last;
    std::size_t at = last;
    if (!is_space(next_character(text, at))) break;
    text = text.substr(0, last);
  }
  return Value(text);
}

Value trim(Call& call) { return trimmed(call, true, true); }
Value ltrim(Call& call) { return trimmed(call, true, false); }
Value rtrim(Call& call) { return trimmed(call, false, true); }

Value split_at(Call& call) {
  if (!call.input.is_string() || !call.arguments[0].is_string())
    return call.raised.error("split input and separator must be strings");
  return split(call.input.text(), call.arguments[0].text(), call.raised);
}

Value changed(Call& call, std::string_view name, char first, char last) {
  if (!call.input.is_string())
    return call.raised.error(std::string(name) + " input must be a string");
  std::string text(call.input.text());
  for (char& c : text) {
    if (c >= first && c <= last) c = static_cast<char>(c ^ 0x20);
  }
  return Value(std::string_view(text));
}

Value ascii_downcase(Call& call) { return changed(call, "ascii_downcase", 'A', 'Z'); }
Value ascii_upcase(Call& call) { return changed(call, "ascii_upcase", 'a', 'z'); }

Value explode(Call& call) {
  if (!call.input.is_string())
    return call.raised.error(described(call.input) + " cannot be exploded");
  Value codes = Value::array();
  if (Memory::is_short_of(call.input.text().size() * 2 * sizeof(Value)))
    return call.raised.budget("memory: too many characters");
  const std::string_view text = call.input.text();
  for (std::size_t at = 0; at < text.size();)
    codes.append(Value(static_cast<double>(next_character(text, at))));
  return codes;
}

Value implode(Call& call) {
  if (!call.input.is_array())
    return call.raised.error(described(call.input) +
                             " cannot be imploded, must be an array of codepoints");
  std::string text;
  for (const Value& element : call.input.elements()) {
    if (!element.is_number() || element.number() != element.number())
      return call.raised.error("Unicode codepoint must be numeric");
    const double code = element.number();
    const bool valid = code >= 0 && code < 0x110000 && !(code >= 0xd800 && code < 0xe000);
    append_utf8(text, valid ? static_cast<char32_t>(code) : char32_t(0xfffd));
  }
  return Value(std::string_view(text));
}

Value utf8_byte_length(Call& call) {
  if (!call.input.is_string())
    return call.raised.error(described(call.input) + " only strings have UTF-8 byte length");
  return Value(static_cast<double>(call.input.text().size()));
}

constexpr Builtin kBuiltins[] = {{"startswith", 1, starts_with},
                                 {"endswith", 1, ends_with},
                                 {"ltrimstr", 1, ltrimstr},
                                 {"rtrimstr", 1, rtrimstr},
                                 {"trimstr", 1, trimstr},
                                 {"trim", 0, trim},
                                 {"ltrim", 0, ltrim},
                                 {"rtrim", 0, rtrim},
                                 {"split", 1, split_at},
                                 {"ascii_downcase", 0, ascii_downcase},
                                 {"ascii_upcase", 0, ascii_upcase},
                                 {"explode", 0, explode},
                                 {"implode", 0, implode},
                                 {"utf8bytelength", 0, utf8_byte_length}};

}  // namespace

std::span<const Builtin> text_builtins() { return kBuiltins; }

}  // namespace nowthen::expr
