#include "base/printable.h"

#include "base/utf8.h"

namespace nowthen {
namespace {

char32_t code_of(std::string_view character) {
  const auto byte = [character](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() == 1) return byte(0);
  char32_t code = byte(0) & (0xffU >> (character.size() + 1));
  for (std::size_t i = 1; i < character.size(); ++i) code = (code << 6) | (byte(i) & 0x3fU);
  return code;
}

/// C0, DEL and C1; and the marks of Unicode TR 36 3.3 that reorder what is shown.
bool obeyed(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
         code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

void append_escape(std::string& out, char32_t code) {
  constexpr char kHex[] = "0123456789abcdef";
  const bool wide = code > 0xff;
  out += wide ? "\\u" : "\\x";
  for (int shift = wide ? 12 : 4; shift >= 0; shift -= 4) out += kHex[(code >> shift) & 0xf];
}

void append_character(std::string& out, std::string_view character, LineBreaks breaks) {
  const char32_t code = code_of(character);
  if (breaks == LineBreaks::kept && (code == '\n' || code == '\t')) {
    out += character;
  } else if (code == '\n') {
    out += "\\n";
  } else if (code == '\t') {
    out += "\\t";
  } else if (code == '\r') {
    out += "\\r";
  } else if (obeyed(code)) {
    append_escape(out, code);
  } else {
    out += character;
  }
}

}  // namespace

std::string printable(std::string_view text, LineBreaks breaks) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0) {
      append_escape(out, static_cast<unsigned char>(text[at++]));
      continue;
    }
    append_character(out, text.substr(at, length), breaks);
    at += length;
  }
  return out;
}

}  // namespace nowthen
