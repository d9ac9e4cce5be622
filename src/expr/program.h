#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nowthen/result.h>

#include "expr/raised.h"
#include "expr/value.h"

namespace nowthen::expr {

struct Code;

/// A function that the host adds to the language.
struct HostFunction {
  std::string name;
  unsigned arity = 0;
  /// Answers for the input and `arity` arguments behind it; called by any thread that evaluates.
  std::function<Value(const Value* input_and_arguments, Raised& raised)> function;
  /// Whether it answers the same for the same, always.
  bool deterministic = true;
};

struct CompileOptions {
  std::vector<std::string> variables;  ///< names, without `$`, that programs may use
  std::vector<HostFunction> functions;
};

/// What is known of a program without running it.
struct Analysis {
  /// The paths of the input that it reads, like ".order.items[].price"; "." is all of it. On the
  /// way to them it reads what is no array or object; nothing else. Sorted; none is within another.
  std::vector<std::string> reads;
  bool deterministic = true;   ///< the same input and variables give the same results
  bool single_valued = false;  ///< one result, or an error
};

/// A compiled program of jq. May be used by any number of threads at once.
class Program {
 public:
  /// `invalid_argument` with line, column and a caret where it is wrong.
  static Result<Program> compile(std::string_view text, const CompileOptions& options = {});

  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;
  ~Program();

  const Code& code() const { return *code_; }
  const Analysis& analysis() const { return analysis_; }
  /// "line 1, column 7: WHAT" with the line and a caret, for an error of the instruction `at`.
  std::string explain(std::string_view what, std::size_t at) const;

 private:
  Program(std::string text, std::unique_ptr<Code> code);

  std::string text_;
  std::unique_ptr<Code> code_;
  Analysis analysis_;
};

}  // namespace nowthen::expr
