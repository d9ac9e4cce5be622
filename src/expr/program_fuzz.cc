// Goal: no program for no input does harm: it ends within its budgets, and frees what it took.
// Input: a program, a zero byte, and JSON.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "expr/machine.h"
#include "expr/memory.h"
#include "expr/program.h"
#include "expr/read.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nowthen::expr;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::string_view text = all.substr(0, all.find('\0'));
  const std::string_view json = text.size() < all.size() ? all.substr(text.size() + 1) : "null";
  const auto program = Program::compile(text, {.variables = {"x"}, .functions = {}});
  if (!program) return 0;
  auto input = read_json(json);
  const Limits limits{.steps = 20'000, .memory = 4u << 20, .depth = 2'000, .output = 1u << 20};
  // The same program and input give the same results, whatever was run before.
  std::string first;
  for (int turn = 0; turn < 2; ++turn) {
    Machine machine;
    const Value variables[] = {Value(1.0)};
    machine.start(*program, input ? *input : Value(), variables, limits);
    std::string results;
    Value result;
    Machine::Got got;
    int count = 0;
    while ((got = machine.next(result)) == Machine::Got::value) {
      ++count;
      results += name_of(result.kind());
    }
    if (program->analysis().single_valued && got == Machine::Got::end && count != 1) std::abort();
    if (got != Machine::Got::end) results += machine.message();
    if (turn == 0) first = results;
    // What other evaluations keep, such as compiled expressions, may change the steps alone.
    if (turn == 1 && program->analysis().deterministic && first != results &&
        results.find("budget") == results.npos && first.find("budget") == first.npos)
      std::abort();
  }
  return 0;
}
