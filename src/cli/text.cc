#include "cli/text.h"

#include <algorithm>

#include "base/utf8.h"

namespace nowthen::cli {
namespace {

void pad(std::string& line, std::size_t from, std::size_t width) {
  if (width > from) line.append(width - from, ' ');
}

}  // namespace

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
