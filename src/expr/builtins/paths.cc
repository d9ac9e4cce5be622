// Functions of paths that are given as arrays.

#include "expr/paths.h"

#include "expr/builtins.h"

namespace nowthen::expr {
namespace {

Value getpath(Call& call) {
  return get_path(std::move(call.input), call.arguments[0], call.raised);
}

Value setpath(Call& call) {
  return set_path(std::move(call.input), call.arguments[0], call.arguments[1], call.raised);
}

Value delpaths(Call& call) {
  return delete_paths(std::move(call.input), call.arguments[0], call.raised);
}

constexpr Builtin kBuiltins[] = {
    {"getpath", 1, getpath}, {"setpath", 2, setpath}, {"delpaths", 1, delpaths}};

}  // namespace

std::span<const Builtin> path_builtins() { return kBuiltins; }

}  // namespace nowthen::expr
