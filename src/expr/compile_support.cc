#include <algorithm>

#include "expr/builtins.h"
#include "expr/compiler.h"
#include "expr/lexer.h"

namespace nowthen::expr {

/// Of a sign between two values.
Op Compiler::op_of(std::string_view sign) {
  constexpr std::pair<std::string_view, Op> kSigns[] = {
      {"+", Op::add},         {"-", Op::subtract}, {"*", Op::multiply},      {"/", Op::divide},
      {"%", Op::modulo},      {"==", Op::equal},   {"!=", Op::not_equal},    {"<", Op::less},
      {"<=", Op::less_equal}, {">", Op::greater},  {">=", Op::greater_equal}};
  return std::ranges::find(kSigns, sign, &std::pair<std::string_view, Op>::first)->second;
}

Operand Compiler::reg(Operand count) {
  const Operand first = context_->next;
  context_->next += count;
  context_->most = std::max(context_->most, context_->next);
  return first;
}

/// New registers for a value, and for its path if `like` has one.
Place Compiler::pair(const Place& like) {
  if (like.path == kNoPath) return {reg(), kNoPath, true};
  const Operand value = reg(2);
  return {value, value + 1, true};
}

std::size_t Compiler::emit(Op op, Operand dst, Operand a, Operand b, Operand c, bool may_take,
                           std::int32_t count) {
  Instruction instruction;
  instruction.op = op;
  instruction.dst = dst;
  instruction.a = a;
  instruction.b = b;
  instruction.c = c;
  instruction.may_take = may_take;
  instruction.count = count;
  context_->code.push_back(instruction);
  context_->places.push_back(static_cast<std::uint32_t>(at_));
  ++written_;
  return context_->code.size() - 1;
}

/// The next instruction, as what something jumps to.
std::size_t Compiler::here() { return context_->target = context_->code.size(); }

/// Lets an instruction go on here.
void Compiler::aim(std::size_t instruction) {
  Instruction& from = context_->code[instruction];
  (from.op == Op::unless ? from.b : from.a) = static_cast<Operand>(here());
}

/// What was computed last goes right to where it is wanted, all else is moved there.
void Compiler::into(const Place& to, const Place& from) {
  Context& context = *context_;
  if (from.owned && context.target < context.code.size() &&
      can_go_to(context.code.back(), to, from)) {
    context.code.back().dst = to.value;
    context.code.back().joins = true;
    return;
  }
  if (to.value != from.value) {
    emit(Op::move, to.value, from.value, 0, 0, from.owned);
    context.code.back().joins = true;
  }
  if (to.path != kNoPath && to.path != from.path) emit(Op::move, to.path, from.path);
}

/// Whether the instruction sets all of `from`, and may set `to` instead.
bool Compiler::can_go_to(const Instruction& last, const Place& to, const Place& from) {
  if (last.dst != from.value) return false;
  if (last.op == Op::call || last.op == Op::enter || last.op == Op::each)
    return to.path == kNoPath || (to.path == to.value + 1 && from.path == from.value + 1);
  return to.path == kNoPath && sets_dst(last.op) && last.op != Op::append && last.op != Op::mark &&
         last.op != Op::attempt;
}

Operand Compiler::constant(Value value) {
  const bool is_text = value.is_string();
  std::string text(is_text ? value.text() : "");
  if (is_text) {
    if (const auto found = texts_.find(text); found != texts_.end()) return found->second;
  }
  const Operand operand = ~static_cast<Operand>(code_->constants.elements().size());
  code_->constants.append(std::move(value));
  if (is_text) texts_.emplace(std::move(text), operand);
  return operand;
}

/// Whether a constant is null, true or false: there is but one of each.
bool Compiler::is_word(Operand constant) const {
  const Kind kind = code_->constants.elements()[static_cast<std::size_t>(~constant)].kind();
  return kind == Kind::null || kind == Kind::boolean;
}

/// A value that is no path, unless it happens to be the very one that the path leads to.
Place Compiler::plain(Operand value, bool owned, const Place& in) {
  if (in.path == kNoPath || (value < 0 && !is_word(value))) return no_path(value, owned, in);
  const Operand path = reg();
  emit(Op::relate, path, value, in.value, in.path);
  return {value, path, false};
}

/// A value that is none, whatever it is.
Place Compiler::no_path(Operand value, bool owned, const Place& in) {
  if (in.path == kNoPath) return {value, kNoPath, owned};
  return {value, constant(Value(false)), false};
}

/// What is behind an instruction that never goes on.
Place Compiler::nothing(const Place& in) {
  const Operand null = constant(Value());
  return {null, in.path == kNoPath ? kNoPath : null, false};
}

/// The register of a variable, here.
Operand Compiler::reached(const Scope& scope) {
  if (scope.operand < 0 || scope.context == context_) return scope.operand;
  const Operand copy = reg();
  emit(Op::outer, copy, scope.operand,
       static_cast<Operand>(context_->depth - scope.context->depth));
  return copy;
}

const Scope* Compiler::add(Scope scope) { return &scopes_.emplace_back(std::move(scope)); }

const Scope* Compiler::found(std::string_view name, std::uint32_t arity, bool variable,
                             const Scope* scope) const {
  for (; scope != nullptr; scope = scope->outer) {
    const bool is_variable = scope->kind == Scope::Kind::variable;
    const bool is_label = scope->kind == Scope::Kind::label;
    if (!is_label && is_variable == variable && scope->arity == arity && scope->name == name)
      return scope;
  }
  return nullptr;
}

std::uint32_t Compiler::use(const Builtin& builtin) {
  const auto [entry, is_new] =
      builtins_.emplace(&builtin, static_cast<std::uint32_t>(code_->builtins.size()));
  if (is_new) code_->builtins.push_back(&builtin);
  return entry->second;
}

/// Whether it certainly gives one value, or raises.
bool Compiler::is_simple(Ref ref) const {
  const Syntax& syntax = piece(ref);
  switch (syntax.form) {
    case Form::identity:
    case Form::literal:
    case Form::variable:
    case Form::location:
      return true;
    case Form::negated:
    case Form::index:
    case Form::operation:
      return syntax.depth < 20 &&
             std::ranges::all_of(syntax.parts, [this](Ref part) { return is_simple(part); });
    default:
      return false;
  }
}

/// Whether a function of that name and arity may be called in `body`.
bool Compiler::mentions(const Tree& tree, Ref body, std::string_view name,
                        std::uint32_t arity) const {
  std::vector<Ref> open = {body};
  while (!open.empty()) {
    const Syntax& syntax = tree[open.back()];
    open.pop_back();
    if (syntax.form == Form::call && syntax.name == name && syntax.parts.size() == arity)
      return true;
    open.insert(open.end(), syntax.parts.begin(), syntax.parts.end());
  }
  return false;
}

void Compiler::fail(std::size_t at, const std::string& what) {
  if (!error_) error_ = complaint(text_, of_library_ ? at_ : at, what);
}

std::uint32_t Compiler::line_of(std::size_t at) const {
  return static_cast<std::uint32_t>(std::ranges::count(text_.substr(0, at), '\n')) + 1;
}

}  // namespace nowthen::expr
