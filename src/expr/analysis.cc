#include "expr/analysis.h"

#include <algorithm>
#include <optional>
#include <set>

#include "expr/builtins.h"
#include "expr/code.h"
#include "expr/write.h"

namespace nowthen::expr {
namespace {

/// Of the instructions of one routine, which parts of the input are read. A register is followed as
/// long as it is set in one place, from the input by a known key; whatever else is done with it
/// reads all of it.
class Reads {
 public:
  explicit Reads(const Code& code) : code_(code) {}

  std::vector<std::string> of(std::size_t begin, std::size_t end, std::uint32_t registers) {
    known_.resize(registers);
    std::vector<unsigned> sets(registers, 0);
    for (std::size_t at = begin; at < end; ++at) {
      const Instruction& i = code_.instructions[at];
      if (writes(i.op)) ++sets[static_cast<std::size_t>(i.dst)];
    }
    ++sets[0];
    if (sets[0] == 1) known_[0] = ".";
    for (std::size_t at = begin; at < end; ++at) {
      const Instruction& i = code_.instructions[at];
      const bool once = writes(i.op) && sets[static_cast<std::size_t>(i.dst)] == 1;
      visit(i, once);
    }
    return shortest();
  }

 private:
  static bool writes(Op op) {
    switch (op) {
      case Op::jump:
      case Op::unless:
      case Op::fork:
      case Op::backtrack:
      case Op::succeed:
      case Op::cut:
      case Op::leave:
      case Op::raise:
      case Op::give:
        return false;
      default:
        return true;
    }
  }

  const std::string* known(Operand operand) const {
    if (operand < 0) return nullptr;
    const auto& name = known_[static_cast<std::size_t>(operand)];
    return name ? &*name : nullptr;
  }
  void read(Operand operand) {
    if (const std::string* name = known(operand)) reads_.insert(*name);
  }
  /// Follows `dst` as what `step` leads to from `a`; else all of `a` is read.
  void follow(const Instruction& i, bool once, const std::string& step) {
    const std::string* from = known(i.a);
    if (from == nullptr) return;
    if (!once) return read(i.a);
    known_[static_cast<std::size_t>(i.dst)] = (*from == "." && step[0] == '.' ? "" : *from) + step;
  }

  void visit(const Instruction& i, bool once) {
    switch (i.op) {
      case Op::move:
        if (const std::string* from = known(i.a)) {
          if (once)
            known_[static_cast<std::size_t>(i.dst)] = *from;
          else
            reads_.insert(*from);
        }
        return;
      case Op::index:
        if (i.b < 0) {
          const Value& key = code_.constants.elements()[static_cast<std::size_t>(~i.b)];
          if (key.is_string()) return follow(i, once, step_of(key));
          if (key.is_number()) return follow(i, once, "[]");
        }
        break;
      case Op::each:
        if (i.b == kNoPath) return follow(i, once, "[]");
        break;
      case Op::call:
      case Op::enter:
      case Op::builtin:
      case Op::host:
        for (Operand n = 0; n < i.count; ++n) read(i.b + n);
        if (i.op == Op::builtin || i.op == Op::host) read(i.a);
        return;
      case Op::closure:
        // What it sees of this frame is not followed.
        all_ = true;
        return;
      case Op::array:
      case Op::record:
      case Op::text:
        for (Operand n = 0; n < i.count; ++n) read(i.a + n);
        return;
      case Op::object:
        for (Operand n = 0; n < 2 * i.count; ++n) read(i.a + n);
        return;
      case Op::jump:
      case Op::fork:
      case Op::backtrack:
      case Op::mark:
      case Op::cut:
      case Op::leave:
      case Op::succeed:
      case Op::attempt:
        return;
      default:
        break;
    }
    read(i.a);
    if (i.op != Op::unless) read(i.b);
    read(i.c);
  }

  static std::string step_of(const Value& key) {
    const std::string_view name = key.text();
    const auto plain = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    const bool is_name =
        !name.empty() && std::ranges::all_of(name, plain) && !(name[0] >= '0' && name[0] <= '9');
    if (is_name) return "." + std::string(name);
    std::string step = "[";
    write_string(step, name);
    return step + "]";
  }

  /// Without those that are within others.
  std::vector<std::string> shortest() const {
    if (all_) return {"."};
    std::vector<std::string> paths;
    for (const std::string& path : reads_) {
      const bool within = std::ranges::any_of(reads_, [&](const std::string& other) {
        if (other == path || !path.starts_with(other)) return false;
        const char next = path[other.size()];
        return other == "." || next == '.' || next == '[';
      });
      if (!within) paths.push_back(path);
    }
    return paths;
  }

  const Code& code_;
  std::vector<std::optional<std::string>> known_;
  std::set<std::string> reads_;
  bool all_ = false;
};

}  // namespace

Analysis analyse(const Code& code) {
  Analysis found;
  found.single_valued = code.single_valued;
  for (const Builtin* builtin : code.builtins)
    found.deterministic = found.deterministic && builtin->deterministic;
  for (const HostFunction& host : code.hosts)
    found.deterministic = found.deterministic && host.deterministic;
  const Routine& main = code.routines.front();
  // Routines see the frames around them.
  std::size_t end = code.instructions.size();
  bool sees_frames = false;
  for (const Routine& routine : code.routines) {
    if (routine.entry > main.entry) end = std::min<std::size_t>(end, routine.entry);
  }
  for (const Instruction& i : code.instructions) sees_frames = sees_frames || i.op == Op::outer;
  if (sees_frames) {
    found.reads = {"."};
    return found;
  }
  found.reads = Reads(code).of(main.entry, end, main.registers);
  return found;
}

}  // namespace nowthen::expr
