#include "expr/program.h"

#include <utility>

#include "expr/analysis.h"
#include "expr/code.h"
#include "expr/compiler.h"
#include "expr/lexer.h"

namespace nowthen::expr {

Result<Program> Program::compile(std::string_view text, const CompileOptions& options) {
  const auto tree = parse(text);
  if (!tree) return tree.error();
  auto code = Compiler(text, *tree, options).compile();
  if (!code) return code.error();
  return Program(std::string(text), std::move(*code));
}

Program::Program(std::string text, std::unique_ptr<Code> code)
    : text_(std::move(text)), code_(std::move(code)), analysis_(analyse(*code_)) {}

Program::Program(Program&&) noexcept = default;

Program& Program::operator=(Program&& other) noexcept {
  std::swap(text_, other.text_);
  std::swap(code_, other.code_);
  std::swap(analysis_, other.analysis_);
  return *this;
}

Program::~Program() {
  if (code_ != nullptr) code_->constants.unpin();
}

std::string Program::explain(std::string_view what, std::size_t at) const {
  return complaint(text_, code_->places[at], what).message;
}

}  // namespace nowthen::expr
