// @json, @csv and the other formats.

#include <algorithm>
#include <array>
#include <string>

#include "base/utf8.h"
#include "expr/builtins.h"
#include "expr/memory.h"

namespace nowthen::expr {
namespace {

// Each format makes a text of a value, or raises.

std::string as_text(const Value& value, Raised& raised) {
  return value.is_string() ? std::string(value.text()) : json_of(value, raised);
}

std::string refused(const std::string& why, Raised& raised) {
  raised.error(why);
  return {};
}

/// Whether there is memory for the text so far.
bool fits(const std::string& text, Raised& raised) {
  if (!Memory::is_short_of(text.size())) return true;
  raised.budget("memory: a text is too long");
  return false;
}

std::string replaced(std::string_view text, std::string_view characters,
                     std::initializer_list<std::string_view> by) {
  const std::size_t most = Memory::left();
  std::string made;
  for (const char c : text) {
    if (made.size() > most) break;  // which is raised where all of it is there
    const std::size_t which = characters.find(c);
    if (which == characters.npos)
      made += c;
    else
      made += by.begin()[which];
  }
  return made;
}

std::string as_html(const Value& value, Raised& raised) {
  return replaced(as_text(value, raised), "<>&'\"", {"&lt;", "&gt;", "&amp;", "&apos;", "&quot;"});
}

std::string as_uri(const Value& value, Raised& raised) {
  const std::size_t most = Memory::left();
  std::string made;
  for (const char c : as_text(value, raised)) {
    if (made.size() > most) break;
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      made += c;
      continue;
    }
    constexpr char kDigits[] = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    made += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return made;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string from_uri(const Value& value, Raised& raised) {
  const std::string text = as_text(value, raised);
  std::string made;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      made += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      return refused(described(Value(std::string_view(text))) + " is not a valid uri encoding",
                     raised);
    made += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (!is_utf8(made))
    return refused(described(Value(std::string_view(text))) + " is not a valid uri encoding",
                   raised);
  return made;
}

/// One row: `quoted` makes a field of a string.
template <class Quoted>
std::string row(const Value& value, std::string_view format, std::string_view separator,
                Raised& raised, Quoted quoted) {
  if (!value.is_array())
    return refused(
        described(value) + " cannot be " + std::string(format) + "-formatted, only an array can be",
        raised);
  std::string line;
  bool first = true;
  for (const Value& field : value.elements()) {
    if (!fits(line, raised)) return {};
    if (!first) line += separator;
    first = false;
    switch (field.kind()) {
      case Kind::null:
        break;
      case Kind::boolean:
      case Kind::number:
        if (field.is_number() && field.number() != field.number()) break;
        line += json_of(field, raised);
        break;
      case Kind::string:
        line += quoted(field.text());
        break;
      default:
        return refused(described(field) + " is not valid in a csv row", raised);
    }
  }
  return line;
}

std::string as_csv(const Value& value, Raised& raised) {
  return row(value, "csv", ",", raised,
             [](std::string_view text) { return "\"" + replaced(text, "\"", {"\"\""}) + "\""; });
}

std::string as_tsv(const Value& value, Raised& raised) {
  return row(value, "tsv", "\t", raised, [](std::string_view text) {
    return replaced(text, "\t\n\r\\", {"\\t", "\\n", "\\r", "\\\\"});
  });
}

std::string as_sh(const Value& value, Raised& raised) {
  const Elements words = value.is_array() ? value.elements() : Elements{&value, 1};
  std::string line;
  for (const Value& word : words) {
    if (!fits(line, raised)) return {};
    if (!line.empty()) line += ' ';
    if (word.is_array() || word.is_object())
      return refused(described(word) + " can not be escaped for shell", raised);
    line += word.is_string() ? "'" + replaced(word.text(), "'", {"'\\''"}) + "'"
                             : json_of(word, raised);
  }
  return line;
}

/// RFC 4648 with `bits` for each letter, in groups of `group` letters.
std::string encoded(std::string_view bytes, std::string_view letters, unsigned bits,
                    std::size_t group) {
  std::string made;
  std::uint32_t held = 0;
  unsigned count = 0;
  for (const char c : bytes) {
    held = (held << 8) | static_cast<unsigned char>(c);
    count += 8;
    while (count >= bits) {
      count -= bits;
      made += letters[(held >> count) & ((1u << bits) - 1)];
    }
  }
  if (count > 0) made += letters[(held << (bits - count)) & ((1u << bits) - 1)];
  while (made.size() % group != 0) made += '=';
  return made;
}

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

std::string as_base64(const Value& value, Raised& raised) {
  return encoded(as_text(value, raised), kBase64, 6, 4);
}

std::string as_base32(const Value& value, Raised& raised) {
  return encoded(as_text(value, raised), kBase32, 5, 8);
}

std::string decoded(const Value& value, std::string_view letters, unsigned bits, const char* name,
                    Raised& raised) {
  const std::string text = as_text(value, raised);
  const std::string_view left = std::string_view(text).substr(0, text.find('='));
  std::string bytes;
  std::uint32_t held = 0;
  unsigned count = 0;
  bool valid = !left.empty() || text.empty();
  for (const char c : left) {
    const std::size_t digit = letters.find(c);
    if (digit == letters.npos) {
      valid = false;
      break;
    }
    held = (held << bits) | static_cast<std::uint32_t>(digit);
    count += bits;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>((held >> count) & 0xff);
    }
  }
  if (bits == 6 && left.size() % 4 == 1) valid = false;
  if (!valid)
    return refused(described(Value(std::string_view(text))) + " is not valid " + name + " data",
                   raised);
  return as_utf8(bytes);
}

std::string from_base64(const Value& value, Raised& raised) {
  return decoded(value, kBase64, 6, "base64", raised);
}

std::string from_base32(const Value& value, Raised& raised) {
  return decoded(value, kBase32, 5, "base32", raised);
}

struct Format {
  std::string_view name;
  std::string (*apply)(const Value&, Raised&);
};
constexpr Format kFormats[] = {
    {"@text", as_text},        {"@json", json_of},     {"@html", as_html},
    {"@uri", as_uri},          {"@urid", from_uri},    {"@csv", as_csv},
    {"@tsv", as_tsv},          {"@sh", as_sh},         {"@base64", as_base64},
    {"@base64d", from_base64}, {"@base32", as_base32}, {"@base32d", from_base32}};

/// format("csv"), and @csv.
Value format_named(Call& call) {
  if (!call.arguments[0].is_string())
    return call.raised.error(described(call.arguments[0]) + " is not a valid format");
  std::string name(call.arguments[0].text());
  if (!name.starts_with('@')) name.insert(0, "@");
  const auto* const format = std::ranges::find(kFormats, name, &Format::name);
  if (format == std::end(kFormats))
    return call.raised.error(name.substr(1) + " is not a valid format");
  if (call.input.is_string() && name == "@text") return std::move(call.input);
  const std::string made = format->apply(call.input, call.raised);
  if (!fits(made, call.raised) || call.raised || !call.raised.spend(made.size() / 16)) return {};
  return Value(std::string_view(made));
}

constexpr Builtin kBuiltins[] = {{"format", 1, format_named}};

}  // namespace

bool is_format(std::string_view name) {
  return std::ranges::find(kFormats, name, &Format::name) != std::end(kFormats);
}

std::span<const Builtin> format_builtins() { return kBuiltins; }

}  // namespace nowthen::expr
