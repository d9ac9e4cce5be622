#include "base/escape.h"

#include <charconv>
#include <optional>

#include "base/utf8.h"

namespace nowthen {
namespace {

/// Four hexadecimal digits; none if they are something else.
std::optional<std::uint32_t> code_unit(std::string_view digits) {
  std::uint32_t unit = 0;
  if (digits.size() < 4 || digits[0] == '-') return std::nullopt;
  const auto end = std::from_chars(digits.data(), digits.data() + 4, unit, 16);
  if (end.ptr != digits.data() + 4) return std::nullopt;
  return unit;
}

}  // namespace

Escape take_escape(std::string_view& text, std::string& out) {
  if (text.empty()) return Escape::cut;
  constexpr std::string_view kLetters = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  if (const std::size_t which = kLetters.find(text[0]); which != kLetters.npos) {
    out += kMeanings[which];
    text.remove_prefix(1);
    return Escape::taken;
  }
  if (text[0] != 'u') return Escape::bad;
  const auto unit = code_unit(text.substr(1));
  if (!unit) return text.size() < 5 ? Escape::cut : Escape::bad;
  char32_t code = *unit;
  std::string_view rest = text.substr(5);
  if (code >= 0xd800 && code <= 0xdfff) {
    const auto low = rest.starts_with("\\u") ? code_unit(rest.substr(2)) : std::nullopt;
    const bool begun =
        rest.size() < 6 && rest.substr(0, 2) == std::string_view("\\u").substr(0, rest.size());
    if (code < 0xdc00 && begun) return Escape::cut;
    if (code >= 0xdc00 || !low || *low < 0xdc00 || *low > 0xdfff) return Escape::half;
    code = 0x10000 + ((code - 0xd800) << 10) + (*low - 0xdc00);
    rest.remove_prefix(6);
  }
  append_utf8(out, code);
  text = rest;
  return Escape::taken;
}

void append_escape(std::string& out, unsigned char character) {
  constexpr char kDigits[] = "0123456789abcdef";
  out += "\\u00";
  out += {kDigits[character >> 4], kDigits[character & 15]};
}

}  // namespace nowthen
