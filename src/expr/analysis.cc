#include "expr/analysis.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "expr/builtins.h"
#include "expr/code.h"
#include "expr/write.h"

namespace nowthen::expr {
namespace {

/// Of a longer path, what is further down counts as read.
constexpr std::size_t kPathMax = 500;  // bytes

/// Of the instructions of one routine, which parts of the input are read. They are gone over in
/// order: what a register holds is what was last put there, of the input by a known key; of two
/// that may have been, both are read. Whatever else is done with a register reads all that it
/// holds.
class Reads {
 public:
  explicit Reads(const Code& code) : code_(code) {}

  std::vector<std::string> of(std::size_t begin, std::size_t end, std::uint32_t registers) {
    known_.resize(registers);
    set_.resize(registers);
    known_[0] = ".";
    for (std::size_t at = begin; at < end; ++at) {
      const Instruction& i = code_.instructions[at];
      std::optional<std::string> held = visit(i);
      if (!sets_dst(i.op)) continue;
      auto& known = known_[static_cast<std::size_t>(i.dst)];
      // What a state holds from the second turn on, the first one may have looked at.
      const bool again = std::exchange(set_[static_cast<std::size_t>(i.dst)], true);
      if (i.joins && again && !known && held) {
        reads_.insert(*held);
        continue;
      }
      const bool is_constant = i.op == Op::move && i.a < 0;
      if (i.joins && known && is_constant) continue;  // which says no more of the input
      if (i.joins && known && held != known) {
        reads_.insert(*known);
        if (held) reads_.insert(*held);
        held = std::nullopt;
      }
      known = std::move(held);
    }
    return shortest();
  }

 private:
  const std::string* known(Operand operand) const {
    if (operand < 0) return nullptr;
    const auto& name = known_[static_cast<std::size_t>(operand)];
    return name ? &*name : nullptr;
  }
  void read(Operand operand) {
    if (const std::string* name = known(operand)) reads_.insert(*name);
  }
  std::optional<std::string> followed(Operand from, const std::string& step) {
    const std::string* name = known(from);
    if (name == nullptr) return std::nullopt;
    if (name->size() > kPathMax) {
      reads_.insert(*name);
      return std::nullopt;
    }
    return (*name == "." && step[0] == '.' ? "" : *name) + step;
  }

  /// What the instruction puts into its register, if it is known.
  std::optional<std::string> visit(const Instruction& i) {
    switch (i.op) {
      case Op::move:
        return known(i.a) == nullptr ? std::nullopt : std::optional(*known(i.a));
      case Op::index:
        if (i.b < 0) {
          const Value& key = code_.constants.elements()[static_cast<std::size_t>(~i.b)];
          if (key.is_string()) return followed(i.a, step_of(key));
          if (key.is_number()) return followed(i.a, "[]");
        }
        break;
      case Op::each:
        if (i.b == kNoPath) {
          auto parts = followed(i.a, "[]");
          if (parts) shapes_.insert(*parts);
          return parts;
        }
        break;
      case Op::call:
      case Op::enter:
      case Op::builtin:
      case Op::host:
        for (Operand n = 0; n < i.count; ++n) read(i.b + n);
        break;
      case Op::array:
      case Op::record:
      case Op::text:
        for (Operand n = 0; n < i.count; ++n) read(i.a + n);
        break;
      case Op::object:
        for (Operand n = 0; n < 2 * i.count; ++n) read(i.a + n);
        break;
      case Op::closure:
        // What it sees of this frame is not followed.
        all_ = true;
        break;
      default:
        break;
    }
    unsigned operands = operands_of(i.op);
    if (i.op == Op::builtin && !code_.builtins[static_cast<std::size_t>(i.c)]->uses_input)
      operands = 0;
    if ((operands & 1) != 0) read(i.a);
    if ((operands & 2) != 0) read(i.b);
    if ((operands & 4) != 0) read(i.c);
    return std::nullopt;
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
    std::set<std::string> reads = reads_;
    for (const std::string& shape : shapes_) {
      const auto below = reads_.lower_bound(shape);
      if (below == reads_.end() || !below->starts_with(shape)) reads.insert(shape);
    }
    std::vector<std::string> paths;
    if (reads.contains(".")) return {"."};
    for (const std::string& path : reads) {
      bool within = false;
      for (std::size_t i = 1; i < path.size() && !within; ++i)
        within = (path[i] == '.' || path[i] == '[') && reads.contains(path.substr(0, i));
      if (!within) paths.push_back(path);
    }
    return paths;
  }

  const Code& code_;
  std::vector<std::optional<std::string>> known_;
  std::vector<char> set_;         ///< whether a register was set before
  std::set<std::string> shapes_;  ///< of which it is seen how many there are
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
