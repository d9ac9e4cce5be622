#pragma once

#include <limits>
#include <string>

#include "expr/value.h"

namespace nowthen::expr {

struct WriteOptions {
  int indent = 0;       ///< characters a level; 0: all in one line, without spaces
  bool tabs = false;    ///< of which the indentation is made, instead of spaces
  bool sorted = false;  ///< names of objects
  /// When so many bytes are appended, nothing more is begun: the text is cut where it is.
  std::size_t bytes_max = std::numeric_limits<std::size_t>::max();
};

/// Appends `value` as JSON (RFC 8259), UTF-8. Numbers as decimal.h says; what is deeper than
/// kDepthMax levels is written as the string "<skipped: too deep>", as jq does.
void write_json(std::string& out, const Value& value, const WriteOptions& options = {});

/// In quotation marks, with escapes.
void write_string(std::string& out, std::string_view text);

}  // namespace nowthen::expr
