#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "expr/raised.h"
#include "expr/value.h"

namespace nowthen::expr {

/// What programs see of the outside.
struct Surroundings {
  double now = 0;          ///< seconds since 1970-01-01T00:00:00Z: what `now` answers
  std::uint64_t line = 0;  ///< of the input: what `input_line_number` answers
};

/// One call of a builtin function.
struct Call {
  Value input;             ///< may be taken
  const Value* arguments;  ///< as many as the function has
  const Surroundings& around;
  Raised& raised;
};

/// A function that is written in C++: its arguments are values, for each combination of which it is
/// called once.
struct Builtin {
  std::string_view name;
  unsigned arity;
  Value (*function)(Call& call);
  bool deterministic = true;
  bool uses_input = true;
};

// Each group in its file: text.cc, arrays.cc, ... in builtins/.
std::span<const Builtin> array_builtins();
std::span<const Builtin> object_builtins();
std::span<const Builtin> text_builtins();
std::span<const Builtin> format_builtins();
std::span<const Builtin> math_builtins();
std::span<const Builtin> decimal_builtins();
std::span<const Builtin> date_builtins();
std::span<const Builtin> regex_builtins();
std::span<const Builtin> json_builtins();
std::span<const Builtin> path_builtins();

/// Null if there is none of that name and arity.
const Builtin* find_builtin(std::string_view name, unsigned arity);

/// All of them.
std::vector<const Builtin*> all_builtins();

bool is_format(std::string_view name);

/// The value as JSON. That no steps are left for it, or no memory, is raised.
std::string json_of(const Value& value, Raised& raised);

}  // namespace nowthen::expr
