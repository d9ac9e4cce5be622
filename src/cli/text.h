#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/printable.h"

namespace nowthen::cli {

/// The columns that printable text takes, with one for each character.
std::size_t columns(std::string_view text);
/// At most `max` columns of printable text; what is cut ends in "...".
std::string cut(std::string_view text, std::size_t max);

enum class Look : std::uint8_t { plain, bold_titles };

/// Rows under titles, aligned. Cells are made printable.
class Table {
 public:
  explicit Table(std::vector<std::string> titles);
  void add(std::vector<std::string> cells);
  /// The rows since the last call, aligned with those before as far as their width was known; the
  /// titles with the first of them.
  std::string take(Look look);

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> widths_;
  bool titled_ = false;
};

/// "name  value" lines, the values aligned. Both are made printable.
std::string aligned(const std::vector<std::pair<std::string, std::string>>& lines);

}  // namespace nowthen::cli
