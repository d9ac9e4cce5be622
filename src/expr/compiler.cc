#include "expr/compiler.h"

#include <algorithm>
#include <array>
#include <utility>

#include "expr/arithmetic.h"
#include "expr/builtins.h"
#include "expr/lexer.h"

namespace nowthen::expr {
namespace {

/// The C++ stack is what the compiler recurses on.
constexpr std::size_t kDepthMax = kDepthOfProgram + 600;
constexpr std::size_t kInstructionsMax = 1'000'000;

}  // namespace

Compiler::Compiler(std::string_view text, const Tree& tree, const CompileOptions& options)
    : text_(text),
      program_(tree),
      options_(options),
      code_(std::make_unique<Code>()),
      tree_(&tree) {}

Result<std::unique_ptr<Code>> Compiler::compile() {
  auto main = std::make_unique<Context>();
  const Scope* scope = nullptr;
  main->next = main->most = 1;
  for (const std::string& name : options_.variables)
    scope = add({.outer = scope, .name = name, .context = main.get(), .operand = main->next++});
  main->most = main->next;
  code_->routines.emplace_back();
  work_.push_back({std::move(main), &program_, program_.root, scope, {0, kNoPath, true}, 0});
  while (!work_.empty() && !error_) {
    Work work = std::move(work_.back());
    work_.pop_back();
    finish(std::move(work));
  }
  if (error_) return std::move(*error_);
  code_->constants.pin();
  return std::move(code_);
}

/// Code that gives what `ref` gives for the input `in`; also its path, if `in` has one.
Place Compiler::compile(Ref ref, const Scope* scope, Place in) {
  if (error_) return in;
  const Syntax& syntax = piece(ref);
  const std::size_t around = at_;
  if (!of_library_) at_ = syntax.at;
  if (depth_ >= kDepthMax) {
    fail(syntax.at, "too many pieces within pieces");
    return in;
  }
  if (written_ > kInstructionsMax) {
    fail(syntax.at, "the program is too large");
    return in;
  }
  ++depth_;
  ++written_;
  const Place made = form(syntax, scope, in);
  at_ = around;
  --depth_;
  return made;
}

Place Compiler::form(const Syntax& syntax, const Scope* scope, Place in) {
  switch (syntax.form) {
    case Form::identity:
      return in;
    case Form::literal:
      return plain(constant(syntax.value), false, in);
    case Form::text:
      return text(syntax, scope, in);
    case Form::format: {
      if (!is_format(syntax.name)) {
        fail(syntax.at, "'" + syntax.name + "' is not a format");
        return in;
      }
      const Operand dst = reg();
      formatted(dst, in.shared(), syntax.name);
      return plain(dst, true, in);
    }
    case Form::array:
      return array(syntax, scope, in);
    case Form::object:
      return object(syntax, scope, in);
    case Form::negated: {
      const Syntax& inner = piece(syntax.parts[0]);
      if (inner.form == Form::literal && inner.value.is_number()) {
        Raised none;
        return plain(constant(negate(inner.value, none)), false, in);
      }
      const Operand dst = reg();
      const Mark temporary = mark();
      const Place of = compile(syntax.parts[0], scope, in.alone());
      emit(Op::negate, dst, of.value);
      release(temporary);
      return plain(dst, true, in);
    }
    case Form::index:
      return index(syntax, scope, in);
    case Form::slice:
      return slice(syntax, scope, in);
    case Form::iterate:
      return iterate(syntax, scope, in);
    case Form::optional:
    case Form::attempt:
      return attempt(syntax, scope, in);
    case Form::pipe: {
      Place at = in;
      for (const Ref part : syntax.parts) at = compile(part, scope, at);
      return at;
    }
    case Form::comma:
      return comma(syntax, scope, in);
    case Form::operation:
      return operation(syntax, scope, in);
    case Form::both:
    case Form::either:
      return logic(syntax, scope, in);
    case Form::otherwise:
      return otherwise(syntax, scope, in);
    case Form::assign:
      return assign(syntax, scope, in);
    case Form::condition:
      return condition(syntax, scope, in);
    case Form::reduce:
      return reduce(syntax, scope, in);
    case Form::foreach:
      return foreach (syntax, scope, in);
    case Form::bind:
      return bind(syntax, scope, in);
    case Form::label:
      return label(syntax, scope, in);
    case Form::leave: {
      const Scope* at = scope;
      while (at != nullptr && (at->kind != Scope::Kind::label || at->name != syntax.name))
        at = at->outer;
      if (at == nullptr) {
        fail(syntax.at, "$*label-" + syntax.name + " is not defined");
        return in;
      }
      emit(Op::cut, 0, reached(*at));
      emit(Op::backtrack, 0);
      ++context_->ends;
      ++context_->leaves;
      return nothing(in);
    }
    case Form::define: {
      Scope function{.outer = scope,
                     .kind = Scope::Kind::function,
                     .name = syntax.name,
                     .arity = static_cast<std::uint32_t>(syntax.params.size()),
                     .context = context_,
                     .tree = tree_,
                     .body = syntax.parts[0],
                     .define = &syntax};
      function.recursive = mentions(*tree_, function.body, function.name, function.arity);
      return compile(syntax.parts[1], add(std::move(function)), in);
    }
    case Form::call:
      return call(syntax, scope, in);
    case Form::variable:
      return variable(syntax, scope, in);
    case Form::location: {
      Value parts[] = {Value("file"), Value("<top-level>"), Value("line"),
                       Value(static_cast<double>(line_of(syntax.at)))};
      return plain(constant(Value::object(parts, 2)), false, in);
    }
    case Form::bind_name:
    case Form::bind_array:
    case Form::bind_object:
    case Form::bind_either:
      break;  // patterns, which only `pattern` takes
  }
  return in;
}

Place Compiler::variable(const Syntax& syntax, const Scope* scope, Place in) {
  if (const Scope* variable = found(syntax.name, 0, true, scope))
    return plain(reached(*variable), false, in);
  const bool environment = syntax.name == "ENV";
  fail(syntax.at, environment ? "$ENV reaches outside of the program, which nothing here may"
                              : "$" + syntax.name + " is not defined");
  return in;
}

Place Compiler::array(const Syntax& syntax, const Scope* scope, Place in) {
  if (syntax.parts.empty()) return plain(constant(Value::array()), false, in);
  const Syntax& inner = piece(syntax.parts[0]);
  const bool many = inner.form == Form::comma;
  const std::vector<Ref> one = {syntax.parts[0]};
  const std::vector<Ref>& parts = many ? inner.parts : one;
  if (std::ranges::all_of(parts, [this](Ref ref) { return piece(ref).form == Form::literal; })) {
    Value made = Value::array();
    for (const Ref part : parts) made.append(piece(part).value);
    return plain(constant(std::move(made)), false, in);
  }
  const Operand dst = reg();
  if (std::ranges::all_of(parts, [this](Ref ref) { return is_simple(ref); })) {
    const Mark temporary = mark();
    const auto count = static_cast<std::int32_t>(parts.size());
    const Operand first = reg(count);
    for (std::int32_t i = 0; i < count; ++i) {
      const Mark inside = mark();
      into({first + i}, compile(parts[static_cast<std::size_t>(i)], scope, in.alone()));
      release(inside);
    }
    emit(Op::array, dst, first, 0, 0, false, count);
    release(temporary);
    return plain(dst, true, in);
  }
  emit(Op::move, dst, constant(Value::array()));
  const std::size_t fork = emit(Op::fork, 0);
  const Mark before = mark();
  const Place element =
      compile(syntax.parts[0], scope, {in.value, kNoPath, in.owned && in.path == kNoPath});
  emit(Op::append, dst, element.value, 0, 0, element.owned);
  emit(Op::backtrack, 0);
  aim(fork);
  close(before);
  return plain(dst, true, in);
}

Place Compiler::object(const Syntax& syntax, const Scope* scope, Place in) {
  const auto is_literal = [this](Ref ref) { return piece(ref).form == Form::literal; };
  for (std::size_t i = 0; i < syntax.parts.size(); i += 2) {
    const Syntax& name = piece(syntax.parts[i]);
    if (name.form == Form::literal && !name.value.is_string()) {
      fail(name.at, "Cannot use " + described(name.value) + " as object key");
      return in;
    }
  }
  if (std::ranges::all_of(syntax.parts, is_literal)) {
    Value made = Value::object();
    for (std::size_t i = 0; i < syntax.parts.size(); i += 2)
      made.set(piece(syntax.parts[i]).value, piece(syntax.parts[i + 1]).value);
    return plain(constant(std::move(made)), false, in);
  }
  // Where all names are known and none comes twice, only the values are computed.
  Value names = Value::array();
  Value all = Value::object();
  for (std::size_t i = 0; i < syntax.parts.size() && is_literal(syntax.parts[i]); i += 2) {
    names.append(piece(syntax.parts[i]).value);
    all.set(piece(syntax.parts[i]).value, Value());
  }
  const bool known = all.fields().size() == syntax.parts.size() / 2;
  const std::size_t step = known ? 2 : 1;
  const Operand dst = reg();
  const Mark temporary = mark();
  const auto size = static_cast<std::int32_t>(syntax.parts.size() / step);
  const Operand first = reg(size);
  for (std::int32_t i = 0; i < size; ++i) {
    const std::size_t part = static_cast<std::size_t>(i) * step + (step - 1);
    const Mark inside = mark();
    into({first + i}, compile(syntax.parts[part], scope, in.alone()));
    release(inside);
  }
  if (known) {
    emit(Op::record, dst, first, constant(std::move(names)), 0, false, size);
  } else {
    emit(Op::object, dst, first, 0, 0, false, size / 2);
  }
  release(temporary);
  return plain(dst, true, in);
}

/// Pieces and queries take turns. The last query is the outermost loop.
Place Compiler::text(const Syntax& syntax, const Scope* scope, Place in) {
  if (!syntax.name.empty() && !is_format(syntax.name)) {
    fail(syntax.at, "'" + syntax.name + "' is not a format");
    return in;
  }
  const Operand dst = reg();
  const Mark temporary = mark();
  const auto count = static_cast<Operand>(syntax.parts.size());
  const Operand first = reg(count);
  const std::string_view name = syntax.name.empty() ? "@text" : std::string_view(syntax.name);
  for (Operand i = count; i-- > 0;) {
    const Mark inside = mark();
    const Place part = compile(syntax.parts[static_cast<std::size_t>(i)], scope, in.alone());
    if (i % 2 == 0) {
      into({first + i}, part);
    } else {
      formatted(first + i, part, name);
    }
    release(inside);
  }
  emit(Op::text, dst, first, 0, 0, false, count);
  release(temporary);
  return plain(dst, true, in);
}

void Compiler::formatted(Operand dst, const Place& of, std::string_view format) {
  const Operand name = reg();
  emit(Op::move, name, constant(format));
  const auto with = static_cast<Operand>(use(*find_builtin("format", 1)));
  emit(Op::builtin, dst, of.value, name, with, of.owned, 1);
}

/// The key is the outer loop, and is of the input itself.
Place Compiler::index(const Syntax& syntax, const Scope* scope, Place in) {
  const Place dst = pair(in);
  const Mark temporary = mark();
  const std::uint32_t forks = context_->forks;
  const Place key = compile(syntax.parts[1], scope, in.alone());
  Place from = in;
  from.owned = in.owned && forks == context_->forks && key.value < 0;
  const Place of = compile(syntax.parts[0], scope, from);
  if (in.path != kNoPath) emit(Op::extend, dst.path, of.path, key.value, of.value);
  emit(Op::index, dst.value, of.value, key.value);
  release(temporary);
  return dst;
}

Place Compiler::slice(const Syntax& syntax, const Scope* scope, Place in) {
  const Place dst = pair(in);
  const Mark temporary = mark();
  const Place from = compile(syntax.parts[1], scope, in.alone());
  const Place to = compile(syntax.parts[2], scope, in.alone());
  const Place of = compile(syntax.parts[0], scope, in.shared());
  if (in.path != kNoPath) {
    const Operand key = reg(4);
    emit(Op::move, key, constant("start"));
    emit(Op::move, key + 1, from.value);
    emit(Op::move, key + 2, constant("end"));
    emit(Op::move, key + 3, to.value);
    emit(Op::object, key, key, 0, 0, false, 2);
    emit(Op::extend, dst.path, of.path, key, of.value);
  }
  emit(Op::slice, dst.value, of.value, from.value, to.value);
  release(temporary);
  return dst;
}

Place Compiler::iterate(const Syntax& syntax, const Scope* scope, Place in) {
  const Place of = compile(syntax.parts[0], scope, in.shared());
  const Place dst = pair(in);
  emit(Op::each, dst.value, of.value, of.path);
  fork();
  ++context_->ends;
  return dst;
}

Place Compiler::attempt(const Syntax& syntax, const Scope* scope, Place in) {
  if (syntax.form == Form::optional && piece(syntax.parts[0]).form != Form::identity) {
    // Only what the step itself raises is nothing: `.a[]?` raises what `.a` does.
    const Place made = compile(syntax.parts[0], scope, in);
    context_->code.back().is_optional = true;
    ++context_->ends;
    return made;
  }
  const Place dst = pair(in);
  const Operand error = reg(2);
  const std::size_t attempt = emit(Op::attempt, error, 0, error + 1);
  const Operand next = context_->next;
  // With a path, what was raised is told from the input, which must still be there.
  const Place body = compile(syntax.parts[0], scope, in.path == kNoPath ? in : in.shared());
  emit(Op::succeed, 0, error + 1);
  into(dst, body);
  const std::size_t jump = emit(Op::jump, 0);
  const Operand after = context_->next;
  aim(attempt);
  context_->next = next;
  if (syntax.parts.size() > 1) {
    const Place handled = compile(syntax.parts[1], scope, {error, kNoPath, true});
    into(dst, in.path == kNoPath ? handled : plain(handled.value, false, in));
  } else {
    emit(Op::backtrack, 0);
    ++context_->ends;
  }
  aim(jump);
  context_->next = std::max(context_->next, after);
  return dst;
}

Place Compiler::comma(const Syntax& syntax, const Scope* scope, Place in) {
  const Place dst = pair(in);
  const Operand next = context_->next;
  Operand after = next;
  std::vector<std::size_t> jumps;
  for (const Ref part : syntax.parts) {
    const bool last = part == syntax.parts.back();
    const std::size_t fork = last ? 0 : emit(Op::fork, 0);
    context_->next = next;
    into(dst, compile(part, scope, last ? in : in.shared()));
    after = std::max(after, context_->next);
    if (last) break;
    jumps.push_back(emit(Op::jump, 0));
    aim(fork);
  }
  for (const std::size_t jump : jumps) aim(jump);
  context_->next = after;
  fork();
  return dst;
}

/// The right side is the outer loop.
Place Compiler::operation(const Syntax& syntax, const Scope* scope, Place in) {
  const Operand dst = reg();
  const Mark temporary = mark();
  const Place right = compile(syntax.parts[1], scope, in.alone());
  const bool untouched = context_->forks == temporary.forks && right.value != in.value;
  const Place left = compile(syntax.parts[0], scope,
                             {in.value, kNoPath, in.owned && untouched && in.path == kNoPath});
  emit(op_of(syntax.name), dst, left.value, right.value, 0, left.owned);
  release(temporary);
  return plain(dst, true, in);
}

Place Compiler::logic(const Syntax& syntax, const Scope* scope, Place in) {
  const Operand dst = reg();
  const Mark temporary = mark();
  const bool both = syntax.form == Form::both;
  const Place left = compile(syntax.parts[0], scope, in.alone());
  emit(both ? Op::truth : Op::not_true, dst, left.value);
  const std::size_t unless = emit(Op::unless, 0, dst);
  const Place right = compile(syntax.parts[1], scope, in.alone());
  emit(both ? Op::truth : Op::not_true, dst, right.value);
  aim(unless);
  if (!both) emit(Op::not_true, dst, dst);
  release(temporary);
  return plain(dst, true, in);
}

/// All that is true of the left side; if there is nothing, the right side.
Place Compiler::otherwise(const Syntax& syntax, const Scope* scope, Place in) {
  const Place dst = pair(in);
  const Operand found = reg();
  const std::size_t first = emit(Op::move, found, constant(Value(false)));
  const std::size_t fork = emit(Op::fork, 0);
  const Mark inside = mark();
  const Place left = compile(syntax.parts[0], scope, in.shared());
  const bool many = context_->forks != inside.forks;
  const bool sure = !many && context_->ends == inside.ends;
  const std::size_t nothing = emit(Op::unless, 0, left.value);
  if (many) {
    emit(Op::move, found, constant(Value(true)));
  } else {
    // One value at most: once it is there, nothing is left to come back for.
    context_->code[first] = {.op = Op::mark, .dst = found};
    emit(Op::cut, 0, found);
  }
  // There always is one: only what is not true leads to the right side.
  if (sure) context_->code[fork] = context_->code[first];
  into(dst, left);
  const std::size_t jump = emit(Op::jump, 0);
  aim(nothing);
  const Operand after = context_->next;
  context_->next = inside.next;
  if (!sure) {
    emit(Op::backtrack, 0);
    aim(fork);
  }
  if (many) {
    const std::size_t right = emit(Op::unless, 0, found);
    emit(Op::backtrack, 0);
    aim(right);
  }
  into(dst, compile(syntax.parts[1], scope, in.shared()));
  aim(jump);
  context_->next = std::max(after, context_->next);
  return dst;
}

Place Compiler::condition(const Syntax& syntax, const Scope* scope, Place in) {
  const Place dst = pair(in);
  const Mark begin = mark();
  Operand after = context_->next;
  std::vector<std::size_t> jumps;
  std::size_t i = 0;
  const auto branch = [&](Ref ref) {
    const bool untouched = context_->forks == begin.forks;
    into(dst, compile(ref, scope, untouched ? in : in.shared()));
  };
  const std::uint32_t forks = context_->forks;
  std::uint32_t forks_most = forks;
  for (; i + 1 < syntax.parts.size(); i += 2) {
    const Place decided = compile(syntax.parts[i], scope, in.alone());
    const std::size_t unless = emit(Op::unless, 0, decided.value);
    const std::uint32_t here_forks = context_->forks;
    branch(syntax.parts[i + 1]);
    jumps.push_back(emit(Op::jump, 0));
    aim(unless);
    forks_most = std::max(forks_most, context_->forks);
    after = std::max(after, context_->next);
    context_->forks = here_forks;
    if (here_forks == forks) context_->next = begin.next;
  }
  branch(syntax.parts[i]);
  for (const std::size_t jump : jumps) aim(jump);
  context_->forks = std::max(forks_most, context_->forks);
  context_->next = std::max(after, context_->next);
  if (context_->forks == begin.forks) context_->next = begin.next;
  return dst;
}

}  // namespace nowthen::expr
