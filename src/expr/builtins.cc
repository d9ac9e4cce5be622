#include "expr/builtins.h"

#include <algorithm>

namespace nowthen::expr {
namespace {

std::pair<std::string_view, unsigned> key_of(const Builtin* builtin) {
  return {builtin->name, builtin->arity};
}

const std::vector<const Builtin*>& sorted() {
  static const auto* const all = [] {
    auto* builtins = new std::vector<const Builtin*>;
    for (const auto group : {array_builtins(), object_builtins(), text_builtins(),
                             format_builtins(), math_builtins(), decimal_builtins(),
                             date_builtins(), regex_builtins(), json_builtins(), path_builtins()}) {
      for (const Builtin& each : group) builtins->push_back(&each);
    }
    std::ranges::sort(*builtins, {}, key_of);
    return builtins;
  }();
  return *all;
}

}  // namespace

std::vector<const Builtin*> all_builtins() { return sorted(); }

const Builtin* find_builtin(std::string_view name, unsigned arity) {
  const auto place = std::ranges::lower_bound(sorted(), std::pair(name, arity), {}, key_of);
  const bool found = place != sorted().end() && key_of(*place) == std::pair(name, arity);
  return found ? *place : nullptr;
}

}  // namespace nowthen::expr
