#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "expr/program.h"
#include "expr/value.h"

namespace nowthen::expr {

struct Builtin;

/// Where an instruction finds a value: a register from 0 on, or constant ~operand below.
using Operand = std::int32_t;
/// Instead of a register that holds a path: what is computed is no path.
inline constexpr Operand kNoPath = std::numeric_limits<Operand>::min();

/// What an instruction does. Registers of one frame are each set in one place of the code and hold
/// until it is run again; so going back to an earlier place needs no undoing.
enum class Op : std::uint8_t {
  // dst = ...
  move,   ///< a
  index,  ///< a[b]
  slice,  ///< a[b:c]
  add,    ///< a + b, and so on
  subtract,
  multiply,
  divide,
  modulo,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  negate,
  truth,      ///< whether a is true
  not_true,   ///< whether it is not
  array,      ///< of `count` registers from a on
  object,     ///< of `count` pairs of name and value in registers from a on
  record,     ///< an object of `count` values in registers from a on, named as in the array b
  text,       ///< of `count` registers from a on, one behind the other
  append,     ///< dst, and the value a behind it
  builtin,    ///< builtins[c] of the input a and `count` arguments from b on
  host,       ///< hosts[c], likewise
  get_path,   ///< a at the path b
  set_path,   ///< a with c at the path b
  take_path,  ///< a at the path b; null stays in its place in a
  // Paths: dst = ...
  extend,  ///< the path a and the key b, of the value c
  join,    ///< the path a and the keys of b
  relate,  ///< the path c if a is still b, the value that it leads to; else none
  whole,   ///< the path a, if it is one; else an error that names the value b
  // Where to go on.
  jump,    ///< at a
  unless,  ///< at b if a is not true
  fork,    ///< later also at a
  backtrack,
  each,     ///< dst = the parts of a one after the other; with the path b, that of each in dst + 1
  range,    ///< dst = numbers from a up to before b by c
  attempt,  ///< errors from now on go to a, with what was raised in dst; b remembers this
  succeed,  ///< as far as a has got, errors are no longer those of that attempt
  mark,     ///< dst = how many ways back there are
  cut,      ///< no way back behind the mark a
  raise,    ///< a
  // Functions.
  call,     ///< dst = routine a, of `count` registers from b on
  closure,  ///< dst = routine a in this frame
  enter,    ///< dst = the closure in a, of `count` registers from b on; c: in which variant
  outer,    ///< dst = register a of the frame b levels further out
  give,     ///< a is the result, with the path b
  output,   ///< a is a result of the program
};

/// Whether it sets the register `dst`.
constexpr bool sets_dst(Op op) {
  switch (op) {
    case Op::jump:
    case Op::unless:
    case Op::fork:
    case Op::backtrack:
    case Op::succeed:
    case Op::cut:
    case Op::raise:
    case Op::give:
      return false;
    default:
      return true;
  }
}

/// Which operands are values that it reads: 1 for a, 2 for b, 4 for c. Not those of ranges of
/// registers, which have a `count`.
constexpr unsigned operands_of(Op op) {
  switch (op) {
    case Op::move:
    case Op::negate:
    case Op::truth:
    case Op::not_true:
    case Op::append:
    case Op::builtin:
    case Op::host:
    case Op::unless:
    case Op::succeed:
    case Op::cut:
    case Op::raise:
    case Op::enter:
    case Op::output:
      return 1;
    case Op::index:
    case Op::add:
    case Op::subtract:
    case Op::multiply:
    case Op::divide:
    case Op::modulo:
    case Op::equal:
    case Op::not_equal:
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal:
    case Op::get_path:
    case Op::take_path:
    case Op::whole:
    case Op::each:
    case Op::give:
      return 3;
    case Op::slice:
    case Op::set_path:
    case Op::extend:
    case Op::join:
    case Op::relate:
    case Op::range:
      return 7;
    default:
      return 0;
  }
}

struct Instruction {
  Op op;
  bool may_take = false;     ///< a is not needed any more
  bool is_last = false;      ///< of a call: its result is that of the caller
  bool is_optional = false;  ///< if it raises an error, it has no result
  bool joins = false;        ///< dst may be set by another instruction instead of this one
  std::int32_t count = 0;
  Operand dst = 0;
  Operand a = 0;
  Operand b = 0;
  Operand c = 0;
};

/// A function, or a closure, that is called and not put in where it is used.
struct Routine {
  std::uint32_t entry = 0;      ///< in the code
  std::uint32_t registers = 0;  ///< the first ones are what it is called with
  std::uint32_t levels = 0;     ///< how many frames out of it are around it; the program has 0
};

struct Code {
  std::vector<Instruction> instructions;
  std::vector<std::uint32_t> places;  ///< in the text, of each instruction
  std::vector<Routine> routines;      ///< the program itself is the first one
  Value constants = Value::array();   ///< pinned
  std::vector<const Builtin*> builtins;
  std::vector<HostFunction> hosts;
  bool single_valued = false;
};

}  // namespace nowthen::expr
