#pragma once

#include <span>
#include <string>
#include <string_view>

#include "expr/syntax.h"

namespace nowthen::expr {

/// A function that is written in jq.
struct Definition {
  std::string_view name;
  unsigned arity;
  std::string_view text;  ///< "def NAME: ...;"
  /// Parsed when it is first asked for, by any thread.
  const Tree& tree() const;
};

/// Null if there is none of that name and arity.
const Definition* find_definition(std::string_view name, unsigned arity);

/// "map/1", of all functions of the language: what `builtins` answers.
std::span<const std::string> names_of_functions();

}  // namespace nowthen::expr
