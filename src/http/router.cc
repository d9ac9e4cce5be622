#include "http/router.h"

#include <array>

namespace nowthen::http {
namespace {

constexpr std::array<std::string_view, 4> kRoles = {"caller", "viewer", "operator", "admin"};

std::string_view next_segment(std::string_view& path) {
  path.remove_prefix(1);  // the slash
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string_view segment = path.substr(0, end);
  path.remove_prefix(end);
  return segment;
}

/// Whether `path` is of the form of `pattern`; an escaped slash does not part segments.
bool fits(std::string_view pattern, std::string_view path) {
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = next_segment(pattern);
    const std::string_view is = next_segment(path);
    if (wanted == "{}" ? is.empty() : wanted != is) return false;
  }
  return pattern.empty() && path.empty();
}

/// What stands for the `{}` of a pattern that fits; false where an escape is broken.
bool take_parts(std::string_view pattern, std::string_view path, std::vector<std::string>& parts) {
  while (!pattern.empty()) {
    const std::string_view wanted = next_segment(pattern);
    const std::string_view is = next_segment(path);
    if (wanted != "{}") continue;
    auto decoded = percent_decoded(is);
    if (!decoded) return false;
    parts.push_back(std::move(*decoded));
  }
  return true;
}

bool knows(std::string_view known, std::string_view name) {
  while (!known.empty()) {
    const std::size_t end = std::min(known.find(' '), known.size());
    if (known.substr(0, end) == name) return true;
    known.remove_prefix(std::min(end + 1, known.size()));
  }
  return false;
}

}  // namespace

std::string_view to_string(Role role) { return kRoles[static_cast<std::size_t>(role)]; }

std::optional<Role> parse_role(std::string_view text) {
  for (std::size_t i = 0; i < kRoles.size(); ++i) {
    if (kRoles[i] == text) return static_cast<Role>(i);
  }
  return std::nullopt;
}

Match match_route(Method method, std::string_view path) {
  Match match;
  if (!path.starts_with('/')) return match;
  const Method wanted = method == Method::head ? Method::get : method;
  for (const Route& route : all_routes()) {
    if (!fits(route.pattern, path)) continue;
    if (route.method == wanted) {
      if (take_parts(route.pattern, path, match.parts)) match.route = &route;
      return match;
    }
    if (!match.allowed.empty()) match.allowed += ", ";
    match.allowed += to_string(route.method);
    if (route.method == Method::get) match.allowed += ", HEAD";
  }
  return match;
}

std::optional<Problem> parse_query(std::string_view target, std::string_view known,
                                   std::map<std::string, std::string, std::less<>>& query) {
  const std::size_t mark = target.find('?');
  if (mark == target.npos) return std::nullopt;
  std::string_view rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, std::min(rest.find('&'), rest.size()));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = percent_decoded(pair.substr(0, equals));
    auto value = percent_decoded(pair.substr(std::min(equals + 1, pair.size())));
    if (!name || !value) return invalid("the query has a broken escape");
    if (!knows(known, *name)) {
      Problem problem = invalid("there is no query parameter '" + *name + "' here");
      problem.field = *name;
      return problem;
    }
    if (!query.emplace(*name, *value).second) {
      Problem problem = invalid("the query parameter '" + *name + "' is there twice");
      problem.field = *name;
      return problem;
    }
  }
  return std::nullopt;
}

}  // namespace nowthen::http
