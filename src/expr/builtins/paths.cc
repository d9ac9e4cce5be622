// Functions of paths that are given as arrays.

#include "expr/paths.h"

#include "expr/builtins.h"

namespace nowthen::expr {
namespace {

/// As much as the keys of the path, or of all paths.
bool spend(Call& call) {
  const Value& path = call.arguments[0];
  if (!path.is_array()) return true;
  std::size_t keys = path.elements().size();
  for (const Value& each : path.elements()) {
    if (each.is_array()) keys += each.elements().size();
  }
  return call.spend(keys * 16);
}

Value getpath(Call& call) {
  if (!spend(call)) return {};
  return get_path(std::move(call.input), call.arguments[0], call.raised);
}

Value setpath(Call& call) {
  if (!spend(call)) return {};
  return set_path(std::move(call.input), call.arguments[0], call.arguments[1], call.raised);
}

Value delpaths(Call& call) {
  if (!spend(call)) return {};
  return delete_paths(std::move(call.input), call.arguments[0], call.raised);
}

constexpr Builtin kBuiltins[] = {
    {"getpath", 1, getpath}, {"setpath", 2, setpath}, {"delpaths", 1, delpaths}};

}  // namespace

std::span<const Builtin> path_builtins() { return kBuiltins; }

}  // namespace nowthen::expr
