#include "cli/text.h"

#include <algorithm>

#include "base/utf8.h"

namespace nowthen::cli {
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

void pad(std::string& line, std::size_t from, std::size_t width) {
  if (width > from) line.append(width - from, ' ');
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

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string cut(std::string_view text, std::size_t max) {
  constexpr std::string_view kMore = "...";
  if (columns(text) <= max) return std::string(text);
  std::size_t end = 0;
  for (std::size_t shown = 0; end < text.size() && shown + kMore.size() < max; ++shown) {
    end += std::max<std::size_t>(1, utf8_length(text, end));
  }
  std::string kept(text.substr(0, end));
  return kept += kMore;
}

Table::Table(std::vector<std::string> titles) : widths_(titles.size()) { add(std::move(titles)); }

void Table::add(std::vector<std::string> cells) {
  cells.resize(widths_.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    cells[i] = printable(cells[i]);
    widths_[i] = std::max(widths_[i], columns(cells[i]));
  }
  rows_.push_back(std::move(cells));
}

std::string Table::take(Look look) {
  std::string text;
  for (const std::vector<std::string>& row : rows_) {
    std::string line;
    std::size_t end = 0;  // where the next cell begins
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      const std::size_t used = end + columns(row[i]);
      end += widths_[i] + 2;
      pad(line, used, end);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    const bool bold = !titled_ && look == Look::bold_titles;
    text += bold ? "\x1b[1m" + line + "\x1b[0m" : line;
    text += '\n';
    titled_ = true;
  }
  rows_.clear();
  return text;
}

std::string aligned(const std::vector<std::pair<std::string, std::string>>& lines) {
  std::size_t width = 0;
  for (const auto& [name, value] : lines) width = std::max(width, columns(printable(name)));
  std::string text;
  for (const auto& [name, value] : lines) {
    std::string line = printable(name);
    pad(line, columns(line), width + 2);
    text += line + printable(value) + '\n';
  }
  return text;
}

}  // namespace nowthen::cli
