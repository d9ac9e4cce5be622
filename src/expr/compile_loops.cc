#include <algorithm>

#include "expr/compiler.h"

namespace nowthen::expr {
namespace {

constexpr std::size_t kNamesMax = 1'000;

}  // namespace

/// The state is taken where the next turn begins, so that it may be changed in its place.
Place Compiler::reduce(const Syntax& syntax, const Scope* scope, Place in) {
  const Operand state = reg();
  const Place begin = compile(syntax.parts[2], scope, in.alone());
  const Mark before = mark();
  into({state}, begin);
  const std::size_t fork = emit(Op::fork, 0);
  const Place each = compile(syntax.parts[0], scope, in.alone());
  const Scope* inner = pattern(syntax.parts[1], scope, each.value);
  const Operand turn = reg();
  emit(Op::move, turn, state, 0, 0, true);
  const Place updated = compile(syntax.parts[3], inner, {turn, kNoPath, true});
  into({state}, updated);
  emit(Op::backtrack, 0);
  aim(fork);
  close(before);
  return no_path(state, true, in);
}

Place Compiler::foreach (const Syntax& syntax, const Scope* scope, Place in) {
  const Operand state = reg();
  const Place begin = compile(syntax.parts[2], scope, in.alone());
  into({state}, begin);
  const Place each = compile(syntax.parts[0], scope, in.alone());
  const Scope* inner = pattern(syntax.parts[1], scope, each.value);
  const Operand turn = reg();
  emit(Op::move, turn, state, 0, 0, true);
  const Place updated = compile(syntax.parts[3], inner, {turn, kNoPath, true});
  into({state}, updated.alone());
  if (syntax.parts.size() < 5) return no_path(updated.value, false, in);
  const Place extracted = compile(syntax.parts[4], inner, updated.alone());
  return no_path(extracted.value, extracted.owned, in);
}

Place Compiler::label(const Syntax& syntax, const Scope* scope, Place in) {
  const Operand ways = reg();
  emit(Op::mark, ways);
  return compile(syntax.parts[0],
                 add({.outer = scope,
                      .kind = Scope::Kind::label,
                      .name = syntax.name,
                      .context = context_,
                      .operand = ways}),
                 in);
}

Place Compiler::bind(const Syntax& syntax, const Scope* scope, Place in) {
  const std::uint32_t forks = context_->forks;
  Place source = compile(syntax.parts[0], scope, in.alone());
  if (source.value == in.value && in.owned) {
    // What the body takes must not be what the variable is.
    const Operand copy = reg();
    emit(Op::move, copy, source.value);
    source.value = copy;
  }
  const Scope* inner = pattern(syntax.parts[1], scope, source.value);
  const bool untouched = context_->forks == forks;
  return compile(syntax.parts[2], inner, untouched ? in : in.shared());
}

/// Patterns are tried one after the other, until nothing behind raises; what others name is null.
const Scope* Compiler::either(const Syntax& patterns, const Scope* scope, Operand value) {
  std::vector<std::string_view> names;
  for (const Ref each : patterns.parts) names_in(each, names);
  const Scope* all = scope;
  const Operand first = reg(static_cast<Operand>(names.size()));
  for (std::size_t n = 0; n < names.size(); ++n)
    all = add({.outer = all,
               .name = names[n],
               .context = context_,
               .operand = first + static_cast<Operand>(n)});
  const Operand error = reg(2);
  std::vector<std::size_t> jumps;
  for (const Ref each : patterns.parts) {
    const bool last = each == patterns.parts.back();
    const std::size_t attempt = last ? 0 : emit(Op::attempt, error, 0, error + 1);
    for (std::size_t n = 0; n < names.size(); ++n)
      into({first + static_cast<Operand>(n)}, {constant(Value())});
    const Scope* inner = pattern(each, all, value);
    for (const Scope* at = inner; at != all; at = at->outer)
      into({found(at->name, 0, true, all)->operand}, {at->operand});
    jumps.push_back(emit(Op::jump, 0));
    if (!last) aim(attempt);
  }
  for (const std::size_t jump : jumps) aim(jump);
  fork();
  return all;
}

void Compiler::names_in(Ref ref, std::vector<std::string_view>& names) {
  std::vector<Ref> open = {ref};
  while (!open.empty()) {
    const Syntax& syntax = piece(open.back());
    open.pop_back();
    if (syntax.form == Form::bind_name && std::ranges::find(names, syntax.name) == names.end())
      names.push_back(syntax.name);
    if (names.size() > kNamesMax)
      return fail(syntax.at, "more than " + std::to_string(kNamesMax) + " variables of `?//`");
    for (std::size_t i = 0; i < syntax.parts.size(); ++i) {
      const bool is_name = syntax.form == Form::bind_object && i % 2 == 0;
      if (!is_name || piece(syntax.parts[i]).form == Form::bind_name)
        open.push_back(syntax.parts[i]);
    }
  }
}

/// Takes `value` apart; the variables of the pattern are then in front of `scope`.
const Scope* Compiler::pattern(Ref ref, const Scope* scope, Operand value) {
  const Syntax& syntax = piece(ref);
  const auto variable = [&](std::string_view name, Operand of) {
    return add({.outer = scope, .name = name, .context = context_, .operand = of});
  };
  if (syntax.form == Form::bind_name) return variable(syntax.name, value);
  if (syntax.form == Form::bind_either) return either(syntax, scope, value);
  if (syntax.form == Form::bind_array) {
    for (std::size_t i = 0; i < syntax.parts.size(); ++i) {
      const Operand part = reg();
      emit(Op::index, part, value, constant(Value(static_cast<double>(i))));
      scope = pattern(syntax.parts[i], scope, part);
    }
    return scope;
  }
  for (std::size_t i = 0; i < syntax.parts.size(); i += 2) {
    const Syntax& name = piece(syntax.parts[i]);
    const Syntax& inner = piece(syntax.parts[i + 1]);
    const Operand part = reg();
    if (name.form == Form::bind_name) {
      emit(Op::index, part, value, constant(name.name));
      scope = variable(name.name, part);
      if (inner.form != Form::identity) scope = pattern(syntax.parts[i + 1], scope, part);
      continue;
    }
    if (name.form == Form::literal && !name.value.is_string()) {
      fail(name.at, "Cannot use " + described(name.value) + " as object key");
      return scope;
    }
    const Place key = compile(syntax.parts[i], scope, {value, kNoPath, false});
    emit(Op::index, part, value, key.value);
    scope = pattern(syntax.parts[i + 1], scope, part);
  }
  return scope;
}

}  // namespace nowthen::expr
