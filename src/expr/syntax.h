#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include <nowthen/result.h>

#include "expr/value.h"

namespace nowthen::expr {

/// What a piece of a program is. In brackets: its parts, in order.
enum class Form : std::uint8_t {
  identity,   ///< `.`
  literal,    ///< `value`: a number, or a string without parts
  text,       ///< [pieces and what is between them] a string, by the format `name` if there is one
  format,     ///< `@json` alone: `name`
  array,      ///< [what is collected], or nothing
  object,     ///< [name, value, name, value, ...]
  negated,    ///< [term]
  index,      ///< [term, key]
  slice,      ///< [term, from, to]: absent ones are null literals
  iterate,    ///< [term] `.[]`
  optional,   ///< [step along a path] `?`: `.a?`; of all else `?` is an attempt
  attempt,    ///< [body], or [body, handler] of `try`
  pipe,       ///< [first, then, then, ...]
  comma,      ///< [first, then, then, ...]
  operation,  ///< [left, right] `name`: + - * / % == != < <= > >=
  both,       ///< [left, right] `and`
  either,     ///< [left, right] `or`
  otherwise,  ///< [left, right] `//`
  assign,     ///< [paths, right] `name`: = |= += -= *= /= %= //=
  condition,  ///< [if, then, if, then, ..., else]
  reduce,     ///< [source, pattern, begin, update]
  foreach,    ///< [source, pattern, begin, update] and perhaps [extract]
  bind,       ///< [source, pattern, body] `as`
  label,      ///< [body] `name`
  leave,      ///< `break $name`
  define,     ///< [body, rest] `name`, `params`
  call,       ///< [arguments] `name`
  variable,   ///< `$name`
  location,   ///< `$__loc__`
  // Patterns of `as`.
  bind_name,    ///< `$name`
  bind_array,   ///< [patterns]
  bind_object,  ///< [name, pattern, ...]: a name is a term, or a bind_name whose text is the name
  bind_either,  ///< [pattern, pattern, ...] `?//`: the first with which nothing raises
};

/// A piece of a tree, by its place.
using Ref = std::uint32_t;

/// A piece of a program, and where it begins.
struct Syntax {
  Form form = Form::identity;
  std::uint32_t depth = 1;  ///< of its parts, and one more
  std::size_t at = 0;       ///< byte of the program
  std::string name;
  Value value;
  std::vector<std::string> params;  ///< of a definition; those for values with their `$`
  std::vector<Ref> parts;
};

/// A program. A piece may be a part of two others.
struct Tree {
  std::deque<Syntax> pieces;
  Ref root = 0;
  const Syntax& operator[](Ref ref) const { return pieces[ref]; }
};

/// So many pieces may be within pieces; of those that are read within others, as in brackets, less.
inline constexpr std::uint32_t kDepthOfProgram = 3'000;
inline constexpr std::size_t kNestingMax = 1'500;
/// A program may have so many bytes.
inline constexpr std::size_t kProgramMax = 1u << 20;

/// jq 1.8's grammar. `invalid_argument`, with line, column and a caret, where it is left; also for
/// what reaches outside of a program: `import`, `include`, `module`.
Result<Tree> parse(std::string_view program);

}  // namespace nowthen::expr
