#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "expr/code.h"
#include "expr/library.h"
#include "expr/program.h"
#include "expr/syntax.h"

namespace nowthen::expr {

/// The code of one routine while it is written.
struct Context {
  std::uint32_t depth = 0;   ///< frames around it
  std::uint32_t number = 0;  ///< of the routine
  std::vector<Instruction> code{};
  std::vector<std::uint32_t> places{};
  Operand next = 0;  ///< register that is free
  Operand most = 0;
  /// How many instructions there are after which what follows may run again; and may not run.
  std::uint32_t forks = 0;
  std::uint32_t ends = 0;
  std::uint32_t leaves = 0;  ///< `break`s, which may leave what is around them
  std::size_t target = 0;    ///< the newest place to which something jumps
};

/// What a name means. The ones around it are the chain of `outer`.
struct Scope {
  enum class Kind : std::uint8_t {
    variable,  ///< in a register of `context`
    label,     ///< likewise
    function,
    argument,  ///< of a function that is put in where it is called: `body` in `scope`
    closure,   ///< of a routine: in a register of `context`
  };
  const Scope* outer = nullptr;
  Kind kind = Kind::variable;
  std::string_view name;
  std::uint32_t arity = 0;
  Context* context = nullptr;
  Operand operand = 0;
  const Tree* tree = nullptr;
  Ref body = 0;
  const Syntax* define = nullptr;
  const Scope* scope = nullptr;
  bool recursive = false;
  mutable std::vector<char> called{};                  ///< of each parameter: whether it is called
  mutable std::optional<std::uint32_t> routines[2]{};  ///< without and with paths
};

/// Where a value is, and its path if paths are followed (the register after it or another).
struct Place {
  Operand value = 0;
  Operand path = kNoPath;
  bool owned = false;  ///< nobody reads it again, so it may be taken
  Place shared() const { return {value, path, false}; }
  Place alone(bool is_owned = false) const { return {value, kNoPath, is_owned}; }
};

/// Turns a tree into code: one pass, in which names are looked up and functions put in.
class Compiler {
 public:
  Compiler(std::string_view text, const Tree& tree, const CompileOptions& options);
  Result<std::unique_ptr<Code>> compile();

 private:
  /// Where a part of the code begins. Its registers may be used again, if nothing goes back to
  /// where they are needed.
  struct Mark {
    Operand next;
    std::uint32_t forks;
    std::uint32_t ends;
  };
  struct Work {
    std::unique_ptr<Context> context;
    const Tree* tree;
    Ref body;
    const Scope* scope;
    Place in;
    std::size_t at;
  };

  // compiler.cc
  Place compile(Ref ref, const Scope* scope, Place in);
  Place form(const Syntax& syntax, const Scope* scope, Place in);
  Place array(const Syntax& syntax, const Scope* scope, Place in);
  Place object(const Syntax& syntax, const Scope* scope, Place in);
  Place text(const Syntax& syntax, const Scope* scope, Place in);
  void formatted(Operand dst, const Place& of, std::string_view format);
  Place index(const Syntax& syntax, const Scope* scope, Place in);
  Place slice(const Syntax& syntax, const Scope* scope, Place in);
  Place iterate(const Syntax& syntax, const Scope* scope, Place in);
  Place attempt(const Syntax& syntax, const Scope* scope, Place in);
  Place comma(const Syntax& syntax, const Scope* scope, Place in);
  Place operation(const Syntax& syntax, const Scope* scope, Place in);
  Place logic(const Syntax& syntax, const Scope* scope, Place in);
  Place otherwise(const Syntax& syntax, const Scope* scope, Place in);
  Place condition(const Syntax& syntax, const Scope* scope, Place in);
  Place variable(const Syntax& syntax, const Scope* scope, Place in);

  // compile_loops.cc
  Place reduce(const Syntax& syntax, const Scope* scope, Place in);
  Place foreach (const Syntax& syntax, const Scope* scope, Place in);
  Place bind(const Syntax& syntax, const Scope* scope, Place in);
  Place label(const Syntax& syntax, const Scope* scope, Place in);
  const Scope* pattern(Ref ref, const Scope* scope, Operand value);
  const Scope* either(const Syntax& patterns, const Scope* scope, Operand value);
  void names_in(Ref pattern, std::vector<std::string_view>& names);

  // compile_assignments.cc
  Place assign(const Syntax& syntax, const Scope* scope, Place in);
  Operand keys(Ref ref, const Scope* scope, Place in);
  bool is_definite(Ref ref) const;
  Place update(Ref paths, const Scope* scope, Place in, Ref body, Operand right,
               std::string_view sign);
  void operate(std::string_view sign, Operand of, Operand right);
  Place set(Ref paths, const Scope* scope, Place in, Operand right);

  // compile_calls.cc
  Place call(const Syntax& syntax, const Scope* scope, Place in);
  Place function(const Scope& function, const Syntax& call, const Scope* scope, Place in);
  Place put_in(const Scope& function, const Syntax& call, const Scope* scope, Place in);
  Place routine(const Scope& function, const Syntax& call, const Scope* scope, Place in);
  Place entered(const Scope& closure, Place in);
  Place native(Op op, std::uint32_t number, const Syntax& call, const Scope* scope, Place in);
  Operand closure(Ref body, const Scope* scope, bool& captured);
  std::optional<Place> special(const Syntax& call, const Scope* scope, Place in);
  Place first(Ref body, const Scope* scope, Place in);
  Operand countdown(Ref count, const Scope* scope, Place in, std::string_view complaint);
  Place limit(const Syntax& call, const Scope* scope, Place in);
  Place skip(const Syntax& call, const Scope* scope, Place in);
  Place range(const Syntax& call, const Scope* scope, Place in);
  void unknown(const Syntax& call, const Scope* scope);
  void finish(Work work);

  // compile_support.cc
  static Op op_of(std::string_view sign);
  Operand reg(Operand count = 1);
  Place pair(const Place& like);
  Mark mark() const { return {context_->next, context_->forks, context_->ends}; }
  void release(const Mark& mark) {
    if (context_->forks == mark.forks) context_->next = mark.next;
  }
  /// All is over that was begun since the mark: nothing goes back there, and what is behind runs.
  void close(const Mark& mark) {
    context_->next = mark.next;
    context_->forks = mark.forks;
    context_->ends = mark.ends;
  }
  std::size_t emit(Op op, Operand dst, Operand a = 0, Operand b = 0, Operand c = 0,
                   bool may_take = false, std::int32_t count = 0);
  std::size_t here();
  void aim(std::size_t instruction);
  void into(const Place& to, const Place& from);
  static bool can_go_to(const Instruction& last, const Place& to, const Place& from);
  Operand constant(Value value);
  Operand constant(std::string_view text) { return constant(Value(text)); }
  Place plain(Operand value, bool owned, const Place& in);
  Place no_path(Operand value, bool owned, const Place& in);
  bool is_word(Operand constant) const;
  Place nothing(const Place& in);
  Operand reached(const Scope& scope);
  const Scope* add(Scope scope);
  const Scope* found(std::string_view name, std::uint32_t arity, bool variable,
                     const Scope* scope) const;
  std::uint32_t use(const Builtin& builtin);
  bool is_simple(Ref ref) const;
  bool mentions(const Tree& tree, Ref body, std::string_view name, std::uint32_t arity) const;
  void fail(std::size_t at, const std::string& what);
  void fork() { ++context_->forks; }
  const Syntax& piece(Ref ref) const { return (*tree_)[ref]; }
  std::uint32_t line_of(std::size_t at) const;

  const std::string_view text_;
  const Tree& program_;
  const CompileOptions& options_;
  std::unique_ptr<Code> code_;
  std::deque<Scope> scopes_;
  std::vector<std::unique_ptr<Context>> contexts_;
  std::vector<Work> work_;
  std::vector<Work> waiting_;  ///< closures with paths
  std::unordered_map<const Definition*, const Scope*> library_;
  Context* context_ = nullptr;
  const Tree* tree_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::size_t written_ = 0;  ///< instructions, of all contexts
  unsigned within_ = 0;      ///< functions that are being put in
  bool of_library_ = false;
  bool follows_closures_ = false;  ///< closures are entered with paths
  std::optional<Error> error_;
  std::unordered_map<const Builtin*, std::uint32_t> builtins_;
  std::unordered_map<std::string, Operand> texts_;
};

}  // namespace nowthen::expr
