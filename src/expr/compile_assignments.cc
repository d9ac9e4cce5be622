#include <algorithm>

#include "expr/builtins.h"
#include "expr/compiler.h"

namespace nowthen::expr {

/// The right side is the outer loop; it is of the input itself, but that of `|=`.
Place Compiler::assign(const Syntax& syntax, const Scope* scope, Place in) {
  const std::string_view sign = syntax.name;
  Place at = in.alone();
  at.owned = in.owned && in.path == kNoPath;
  if (sign == "|=") {
    const Place made = update(syntax.parts[0], scope, at, syntax.parts[1], 0, {});
    return plain(made.value, made.owned, in);
  }
  const std::uint32_t forks = context_->forks;
  const Place right = compile(syntax.parts[1], scope, in.alone());
  // What is on the right may be the input itself.
  at.owned = at.owned && forks == context_->forks && right.value != in.value;
  const Place made = sign == "=" ? set(syntax.parts[0], scope, at, right.value)
                                 : update(syntax.parts[0], scope, at, 0, right.value,
                                          sign.substr(0, sign.size() - 1));
  return plain(made.value, made.owned, in);
}

/// Whether it is one path that can be known without looking at what is on it: `.a[$i].b`.
bool Compiler::is_definite(Ref ref) const {
  const Syntax& syntax = piece(ref);
  if (syntax.form == Form::identity) return true;
  return syntax.form == Form::index && syntax.depth < 20 && is_definite(syntax.parts[0]) &&
         is_simple(syntax.parts[1]);
}

/// The path itself, of a piece that is definite.
Operand Compiler::keys(Ref ref, const Scope* scope, Place in) {
  std::vector<Ref> parts;
  for (; piece(ref).form == Form::index; ref = piece(ref).parts[0])
    parts.push_back(piece(ref).parts[1]);
  std::ranges::reverse(parts);
  if (std::ranges::all_of(parts, [this](Ref key) { return piece(key).form == Form::literal; })) {
    Value path = Value::array();
    for (const Ref key : parts) path.append(piece(key).value);
    return constant(std::move(path));
  }
  const Operand dst = reg();
  const Mark temporary = mark();
  const auto count = static_cast<Operand>(parts.size());
  const Operand first = reg(count);
  for (Operand i = 0; i < count; ++i)
    into({first + i}, compile(parts[static_cast<std::size_t>(i)], scope, in.alone()));
  emit(Op::array, dst, first, 0, 0, false, count);
  release(temporary);
  return dst;
}

/// `paths = right`: reduce path(paths) as $p (.; setpath($p; $right)).
Place Compiler::set(Ref paths, const Scope* scope, Place in, Operand right) {
  const Operand state = reg();
  if (is_definite(paths)) {
    const Mark temporary = mark();
    const Operand path = keys(paths, scope, in);
    emit(Op::set_path, state, in.value, path, right, in.owned);
    release(temporary);
    return {state, kNoPath, true};
  }
  into({state}, in.alone());
  const Mark before = mark();
  const std::size_t fork = emit(Op::fork, 0);
  const Place each = compile(paths, scope, {in.value, constant(Value()), false});
  const Operand path = reg();
  emit(Op::whole, path, each.path, each.value);
  emit(Op::set_path, state, state, path, right, true);
  emit(Op::backtrack, 0);
  aim(fork);
  close(before);
  return {state, kNoPath, true};
}

/// `paths |= body`, or `paths SIGN= right` if there is a sign: what is on each path is taken, and
/// the first result of the update put in its place; paths of which there is none are deleted.
Place Compiler::update(Ref paths, const Scope* scope, Place in, Ref body, Operand right,
                       std::string_view sign) {
  const Operand state = reg();
  const Operand gone = reg();
  const bool definite = is_definite(paths);
  const Mark before = mark();
  emit(Op::move, gone, constant(Value::array()));
  std::size_t fork = 0;
  Operand path = 0;
  if (definite) {
    path = keys(paths, scope, in);
    into({state}, in.alone(in.owned));
  } else {
    into({state}, in.alone());
    fork = emit(Op::fork, 0);
    const Place each = compile(paths, scope, {in.value, constant(Value()), false});
    path = reg();
    emit(Op::whole, path, each.path, each.value);
  }
  const Operand old = reg();
  std::size_t over = 0;
  bool may_end = false;
  if (!sign.empty()) {
    emit(Op::take_path, old, state, path);
    operate(sign, old, right);
    emit(Op::set_path, state, state, path, old, true);
  } else {
    const Operand ways = reg();
    emit(Op::mark, ways);
    const std::size_t none = emit(Op::fork, 0);
    const std::size_t take = emit(Op::take_path, old, state, path);
    const Mark inside = mark();
    const Place updated = compile(body, scope, {old, kNoPath, true});
    may_end = inside.forks != context_->forks || inside.ends != context_->ends;
    if (may_end) {
      // Should the same path come again, the old value is there.
      context_->code[take].op = Op::get_path;
      emit(Op::cut, 0, ways);
      emit(Op::set_path, state, state, path, updated.value, true);
      over = emit(definite ? Op::jump : Op::backtrack, 0);
      aim(none);
      emit(Op::append, gone, path);
    } else {
      // It always has a result: nothing is to be gone back to.
      context_->code[none].op = Op::mark;
      context_->code[none].dst = ways;
      emit(Op::set_path, state, state, path, updated.value, true);
    }
  }
  if (!definite) {
    emit(Op::backtrack, 0);
    aim(fork);
  } else if (may_end) {
    aim(over);
  }
  close(before);
  if (!may_end) return {state, kNoPath, true};
  const Operand made = reg();
  emit(Op::builtin, made, state, gone, static_cast<Operand>(use(*find_builtin("delpaths", 1))),
       true, 1);
  return {made, kNoPath, true};
}

/// `of` becomes `of SIGN right`.
void Compiler::operate(std::string_view sign, Operand of, Operand right) {
  if (sign != "//") {
    emit(op_of(sign), of, of, right, 0, true);
    return;
  }
  const std::size_t unless = emit(Op::unless, 0, of);
  const std::size_t jump = emit(Op::jump, 0);
  aim(unless);
  emit(Op::move, of, right);
  aim(jump);
}

}  // namespace nowthen::expr
