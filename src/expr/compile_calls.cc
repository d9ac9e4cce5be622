#include <algorithm>
#include <array>
#include <utility>

#include "expr/builtins.h"
#include "expr/compiler.h"
#include "expr/lexer.h"
#include "expr/library.h"

namespace nowthen::expr {
namespace {

/// Functions are put in where they are called, down to so many within each other and so many pieces
/// within pieces, and as long as there is not more code than this. Else they are called.
constexpr unsigned kWithinMax = 64;
constexpr std::size_t kPiecesMax = 500;
constexpr std::size_t kPutInMax = 20'000;

/// Functions that reach outside of a program.
constexpr std::pair<std::string_view, unsigned> kRefused[] = {
    {"env", 0},        {"input", 0},      {"inputs", 0},         {"debug", 0},
    {"debug", 1},      {"stderr", 0},     {"halt", 0},           {"halt_error", 0},
    {"halt_error", 1}, {"modulemeta", 0}, {"input_filename", 0}, {"get_search_list", 0}};

/// How many characters must be added, taken away or changed.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row.back();
}

}  // namespace

Place Compiler::call(const Syntax& syntax, const Scope* scope, Place in) {
  const auto arity = static_cast<unsigned>(syntax.parts.size());
  if (const Scope* known = found(syntax.name, arity, false, scope))
    return function(*known, syntax, scope, in);
  // What begins with _ is for the library alone; jq's own tests call one of them.
  if (syntax.name.starts_with('_') && !of_library_ && syntax.name != "_strindices") {
    unknown(syntax, scope);
    return in;
  }
  if (const auto made = special(syntax, scope, in)) return *made;
  if (const Builtin* known = find_builtin(syntax.name, arity))
    return native(Op::builtin, use(*known), syntax, scope, in);
  if (const Definition* known = find_definition(syntax.name, arity)) {
    // Its text is another, and sees nothing of what is around the call.
    const Tree& tree = known->tree();
    const Syntax& define = tree[tree.root];
    auto& scope_of = library_[known];
    if (scope_of == nullptr) {
      Scope made{.kind = Scope::Kind::function,
                 .name = define.name,
                 .arity = arity,
                 .context = contexts_.front().get(),
                 .tree = &tree,
                 .body = define.parts[0],
                 .define = &define};
      made.recursive = mentions(tree, made.body, made.name, arity);
      scope_of = add(std::move(made));
    }
    return function(*scope_of, syntax, scope, in);
  }
  for (const HostFunction& known : options_.functions) {
    if (known.name != syntax.name || known.arity != arity) continue;
    code_->hosts.push_back(known);
    return native(Op::host, static_cast<std::uint32_t>(code_->hosts.size()) - 1, syntax, scope, in);
  }
  unknown(syntax, scope);
  return in;
}

void Compiler::unknown(const Syntax& call, const Scope* scope) {
  const auto arity = static_cast<unsigned>(call.parts.size());
  if (std::ranges::find(kRefused, std::pair<std::string_view, unsigned>(call.name, arity)) !=
      std::end(kRefused)) {
    fail(call.at, "'" + call.name + "' reaches outside of the program, which nothing here may");
    return;
  }
  const std::string wanted = call.name + "/" + std::to_string(arity);
  std::string nearest;
  std::size_t least = std::max<std::size_t>(1, call.name.size() / 3) + 1;
  const auto consider = [&](const std::string& name) {
    const bool same_name = name.substr(0, name.find('/')) == call.name;
    const std::size_t longer = std::max(wanted.size(), name.size());
    if (!same_name && longer - std::min(wanted.size(), name.size()) >= least) return;
    const std::size_t far = same_name ? 0 : distance(wanted, name);
    if (far < least) {
      least = far;
      nearest = name;
    }
  };
  for (; scope != nullptr; scope = scope->outer) {
    if (scope->kind != Scope::Kind::variable && scope->kind != Scope::Kind::label)
      consider(std::string(scope->name) + "/" + std::to_string(scope->arity));
  }
  for (const HostFunction& host : options_.functions)
    consider(host.name + "/" + std::to_string(host.arity));
  for (const std::string& name : names_of_functions()) consider(name);
  fail(call.at,
       wanted + " is not defined" + (nearest.empty() ? "" : "; did you mean " + nearest + "?"));
}

// ---- functions that programs define ----

Place Compiler::function(const Scope& function, const Syntax& call, const Scope* scope, Place in) {
  if (function.kind == Scope::Kind::closure) return entered(function, in);
  if (function.kind == Scope::Kind::argument) {
    const Tree* tree = std::exchange(tree_, function.tree);
    const bool of_library = std::exchange(of_library_, function.tree != &program_);
    const Place made = compile(function.body, function.scope, in);
    tree_ = tree;
    of_library_ = of_library;
    return made;
  }
  if (function.recursive || within_ >= kWithinMax || depth_ >= kPiecesMax || written_ >= kPutInMax)
    return routine(function, call, scope, in);
  return put_in(function, call, scope, in);
}

Place Compiler::put_in(const Scope& function, const Syntax& call, const Scope* scope, Place in) {
  const std::uint32_t forks = context_->forks;
  const Scope* inner = &function;
  for (std::size_t i = 0; i < call.parts.size(); ++i) {
    std::string_view name = function.define->params[i];
    if (name.starts_with('$')) {
      name.remove_prefix(1);
      const Place value = compile(call.parts[i], scope, in.alone());
      Operand variable = value.value;
      if (variable == in.value && in.owned) {
        variable = reg();
        emit(Op::move, variable, value.value);
      }
      inner = add({.outer = inner, .name = name, .context = context_, .operand = variable});
    }
    inner = add({.outer = inner,
                 .kind = Scope::Kind::argument,
                 .name = name,
                 .tree = tree_,
                 .body = call.parts[i],
                 .scope = scope});
  }
  const Tree* tree = std::exchange(tree_, function.tree);
  const bool of_library = std::exchange(of_library_, function.tree != &program_);
  ++within_;
  const Place made = compile(function.body, inner, forks == context_->forks ? in : in.shared());
  --within_;
  tree_ = tree;
  of_library_ = of_library;
  return made;
}

/// What is called as a closure: a routine of its own, in two variants.
Operand Compiler::closure(Ref body, const Scope* scope, bool& captured) {
  const Syntax& syntax = piece(body);
  if (syntax.form == Form::call && syntax.parts.empty()) {
    const Scope* passed_on = found(syntax.name, 0, false, scope);
    if (passed_on != nullptr && passed_on->kind == Scope::Kind::closure) return reached(*passed_on);
  }
  captured = true;
  const auto number = static_cast<Operand>(code_->routines.size());
  for (const bool with_path : {false, true}) {
    auto context = std::make_unique<Context>();
    context->depth = context_->depth + 1;
    context->number = static_cast<std::uint32_t>(code_->routines.size());
    context->next = context->most = with_path ? 2 : 1;
    code_->routines.push_back({0, 0, context->depth});
    Work work{std::move(context), tree_, body, scope, {0, with_path ? 1 : kNoPath, true}, at_};
    // With paths only if closures are ever entered so.
    (with_path && !follows_closures_ ? waiting_ : work_).push_back(std::move(work));
  }
  const Operand dst = reg();
  emit(Op::closure, dst, number);
  return dst;
}

Place Compiler::entered(const Scope& closure, Place in) {
  const Operand of = reached(closure);
  const bool with_path = in.path != kNoPath;
  if (with_path && !follows_closures_) {
    follows_closures_ = true;
    for (Work& work : waiting_) work_.push_back(std::move(work));
    waiting_.clear();
  }
  const Place dst = pair(in);
  const Operand first = reg(with_path ? 2 : 1);
  emit(Op::move, first, in.value, 0, 0, in.owned);
  if (with_path) emit(Op::move, first + 1, in.path);
  emit(Op::enter, dst.value, of, first, with_path ? 1 : 0, false, with_path ? 2 : 1);
  fork();
  ++context_->ends;
  return dst;
}

Place Compiler::routine(const Scope& function, const Syntax& call, const Scope* scope, Place in) {
  const bool with_path = in.path != kNoPath;
  auto& number = function.routines[with_path ? 1 : 0];
  const std::vector<std::string>& params = function.define->params;
  // Whether `name` of a `$name` is also called as a function: looked for once.
  if (function.called.empty()) {
    for (const std::string& param : params)
      function.called.push_back(
          !param.starts_with('$') ||
          mentions(*function.tree, function.body, std::string_view(param).substr(1), 0));
  }
  if (!number) {
    // Its frame: the input, its path, then values and closures in order.
    number = static_cast<std::uint32_t>(code_->routines.size());
    auto context = std::make_unique<Context>();
    context->depth = function.context->depth + 1;
    context->number = *number;
    context->next = with_path ? 2 : 1;
    code_->routines.push_back({0, 0, context->depth});
    const Scope* inner = &function;
    for (std::size_t i = 0; i < params.size(); ++i) {
      std::string_view name = params[i];
      const bool is_value = name.starts_with('$');
      if (is_value) name.remove_prefix(1);
      if (is_value)
        inner = add(
            {.outer = inner, .name = name, .context = context.get(), .operand = context->next++});
      if (function.called[i])
        inner = add({.outer = inner,
                     .kind = Scope::Kind::closure,
                     .name = name,
                     .context = context.get(),
                     .operand = context->next++});
    }
    context->most = context->next;
    work_.push_back({std::move(context),
                     function.tree,
                     function.body,
                     inner,
                     {0, with_path ? 1 : kNoPath, true},
                     at_});
  }
  const Place dst = pair(in);
  const std::uint32_t forks = context_->forks;
  bool captured = false;
  std::vector<Place> given;
  for (std::size_t i = 0; i < params.size(); ++i) {
    const bool is_value = params[i].starts_with('$');
    if (is_value) given.push_back(compile(call.parts[i], scope, in.alone()));
    if (function.called[i])
      given.push_back({closure(call.parts[i], scope, captured), kNoPath, false});
  }
  const bool untouched = forks == context_->forks;
  const auto count = static_cast<std::int32_t>(given.size()) + (with_path ? 2 : 1);
  const Operand first = reg(count);
  for (std::size_t i = 0; i < given.size(); ++i)
    emit(Op::move, first + count - static_cast<Operand>(given.size() - i), given[i].value, 0, 0,
         given[i].owned && untouched);
  const bool is_given =
      std::ranges::any_of(given, [&](const Place& place) { return place.value == in.value; });
  emit(Op::move, first, in.value, 0, 0, in.owned && untouched && !is_given);
  if (with_path) emit(Op::move, first + 1, in.path);
  const std::size_t at = emit(Op::call, dst.value, static_cast<Operand>(*number), first,
                              static_cast<Operand>(context_->depth), false, count);
  // Whoever needs this frame forbids that the callee takes its place.
  context_->code[at].is_last = !captured && function.context != context_;
  fork();
  ++context_->ends;
  return dst;
}

/// Writes a routine, and puts it behind the others.
void Compiler::finish(Work work) {
  contexts_.push_back(std::move(work.context));
  context_ = contexts_.back().get();
  tree_ = work.tree;
  of_library_ = work.tree != &program_;
  at_ = work.at;
  within_ = 0;
  const Place made = compile(work.body, work.scope, work.in);
  const bool is_main = context_->number == 0;
  if (is_main) {
    emit(Op::output, reg(), made.value, 0, 0, made.owned);
    emit(Op::backtrack, 0);
    code_->single_valued = context_->forks == 0 && context_->ends == 0 && context_->leaves == 0;
  } else {
    emit(Op::give, 0, made.value, made.path, 0, made.owned && made.value >= 0);
  }
  // A call whose result is given as it is needs no way back to here.
  std::vector<Instruction>& code = context_->code;
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (!code[i].is_last) continue;
    std::size_t next = i + 1;
    while (code[next].op == Op::jump) next = static_cast<std::size_t>(code[next].a);
    code[i].is_last = code[next].op == Op::give && code[next].a == code[i].dst;
  }
  Routine& routine = code_->routines[context_->number];
  routine.entry = static_cast<std::uint32_t>(code_->instructions.size());
  routine.registers = static_cast<std::uint32_t>(context_->most);
  for (Instruction& instruction : code) {
    const auto offset = static_cast<Operand>(routine.entry);
    switch (instruction.op) {
      case Op::jump:
      case Op::fork:
      case Op::attempt:
        instruction.a += offset;
        break;
      case Op::unless:
        instruction.b += offset;
        break;
      default:
        break;
    }
  }
  code_->instructions.insert(code_->instructions.end(), code.begin(), code.end());
  code_->places.insert(code_->places.end(), context_->places.begin(), context_->places.end());
  code = {};
}

// ---- functions that are written in C++ ----

/// `number` is that of the function in the code. The last argument is the outermost loop.
Place Compiler::native(Op op, std::uint32_t number, const Syntax& call, const Scope* scope,
                       Place in) {
  const Operand dst = reg();
  const Mark temporary = mark();
  const auto count = static_cast<Operand>(call.parts.size());
  const Operand first = reg(count);
  for (Operand i = count; i-- > 0;) {
    const Mark inside = mark();
    into({first + i}, compile(call.parts[static_cast<std::size_t>(i)], scope, in.alone()));
    release(inside);
  }
  const bool may_take = in.owned && in.path == kNoPath && context_->forks == temporary.forks;
  emit(op, dst, in.value, first, static_cast<Operand>(number), may_take, count);
  release(temporary);
  return plain(dst, true, in);
}

// ---- functions that are forms of the language ----

std::optional<Place> Compiler::special(const Syntax& call, const Scope* scope, Place in) {
  const std::string_view name = call.name;
  const std::size_t arity = call.parts.size();
  if (name == "range" && arity >= 1 && arity <= 3) return range(call, scope, in);
  switch (arity) {
    case 0:
      if (name == "empty") {
        emit(Op::backtrack, 0);
        ++context_->ends;
        return nothing(in);
      }
      if (name == "not") {
        const Operand dst = reg();
        emit(Op::not_true, dst, in.value);
        return plain(dst, true, in);
      }
      if (name == "error") {
        emit(Op::raise, 0, in.value);
        return nothing(in);
      }
      return std::nullopt;
    case 1:
      if (name == "error") {
        const Place message = compile(call.parts[0], scope, in.alone());
        emit(Op::raise, 0, message.value);
        return nothing(in);
      }
      if (name == "path") {
        const Operand dst = reg();
        if (piece(call.parts[0]).form == Form::identity)
          return plain(constant(Value::array()), false, in);
        const Place at = compile(call.parts[0], scope, {in.value, constant(Value()), false});
        emit(Op::whole, dst, at.path, at.value);
        return plain(dst, true, in);
      }
      if (name == "getpath" && in.path != kNoPath) {
        const Place dst = pair(in);
        const Place path = compile(call.parts[0], scope, in.alone());
        emit(Op::join, dst.path, in.path, path.value, in.value);
        emit(Op::get_path, dst.value, in.value, path.value);
        return dst;
      }
      if (name == "first") return first(call.parts[0], scope, in);
      return std::nullopt;
    case 2:
      if (name == "limit") return limit(call, scope, in);
      if (name == "skip") return skip(call, scope, in);
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

/// The first result, and no way back for more.
Place Compiler::first(Ref body, const Scope* scope, Place in) {
  const Place dst = pair(in);
  const Operand ways = reg();
  emit(Op::mark, ways);
  const Mark inside = mark();
  const Place made = compile(body, scope, in);
  emit(Op::cut, 0, ways);
  into(dst, made);
  // Of several parts the last one may be sure to have a result.
  const Syntax& syntax = piece(body);
  const bool sure = syntax.form == Form::comma && is_simple(syntax.parts.back());
  const std::uint32_t ends = sure ? inside.ends : context_->ends;
  close(inside);
  context_->ends = ends;
  return dst;
}

/// A register in which a count is counted down, that must not be below 0.
Operand Compiler::countdown(Ref count, const Scope* scope, Place in, std::string_view complaint) {
  const Place given = compile(count, scope, in.alone());
  const Operand left = reg();
  emit(Op::less, left, given.value, constant(Value(0.0)));
  const std::size_t negative = emit(Op::unless, 0, left);
  emit(Op::raise, 0, constant(complaint));
  aim(negative);
  emit(Op::move, left, given.value);
  return left;
}

/// limit($count; body)
Place Compiler::limit(const Syntax& call, const Scope* scope, Place in) {
  const Operand left = countdown(call.parts[0], scope, in, "Limit must be non-negative");
  const Operand is = reg();
  const Operand ways = reg();
  const Operand zero = constant(Value(0.0));
  emit(Op::less_equal, is, left, zero);
  const std::size_t some = emit(Op::unless, 0, is);
  emit(Op::backtrack, 0);
  aim(some);
  emit(Op::mark, ways);
  const Place made = compile(call.parts[1], scope, in.shared());
  emit(Op::subtract, left, left, constant(Value(1.0)));
  emit(Op::less_equal, is, left, zero);
  const std::size_t more = emit(Op::unless, 0, is);
  emit(Op::cut, 0, ways);
  aim(more);
  fork();
  ++context_->ends;
  return made.shared();
}

/// skip($count; body)
Place Compiler::skip(const Syntax& call, const Scope* scope, Place in) {
  const Operand left = countdown(call.parts[0], scope, in, "Skip must be non-negative");
  const Operand is = reg();
  const Place made = compile(call.parts[1], scope, in.shared());
  emit(Op::subtract, left, left, constant(Value(1.0)));
  emit(Op::greater_equal, is, left, constant(Value(0.0)));
  const std::size_t over = emit(Op::unless, 0, is);
  emit(Op::backtrack, 0);
  aim(over);
  fork();
  ++context_->ends;
  return made.shared();
}

/// range($upto), range($from; $upto), range($from; $upto; $by): the first is the outermost loop.
Place Compiler::range(const Syntax& call, const Scope* scope, Place in) {
  const Operand dst = reg();
  std::array<Operand, 3> limits = {constant(Value(0.0)), 0, constant(Value(1.0))};
  const std::size_t first = call.parts.size() == 1 ? 1 : 0;
  for (std::size_t i = 0; i < call.parts.size(); ++i)
    limits[first + i] = compile(call.parts[i], scope, in.alone()).value;
  emit(Op::range, dst, limits[0], limits[1], limits[2]);
  fork();
  ++context_->ends;
  return plain(dst, true, in);
}

}  // namespace nowthen::expr
