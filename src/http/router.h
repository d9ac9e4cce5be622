#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/front.h"
#include "http/message.h"
#include "http/problem.h"

namespace nowthen::http {

class App;

/// What an API key allows. Stored by name.
enum class Role : std::uint8_t { caller, viewer, operator_, admin };
std::string_view to_string(Role role);
std::optional<Role> parse_role(std::string_view text);

/// A set of roles.
using Roles = std::uint8_t;
constexpr Roles operator|(Role a, Role b) {
  return static_cast<Roles>((1u << static_cast<unsigned>(a)) | (1u << static_cast<unsigned>(b)));
}
constexpr Roles operator|(Roles set, Role role) {
  return static_cast<Roles>(set | (1u << static_cast<unsigned>(role)));
}
constexpr bool contains(Roles set, Role role) {
  return (set >> static_cast<unsigned>(role) & 1u) != 0;
}

/// Who asks.
struct Identity {
  std::string name;  ///< of the key, or "anonymous": a loopback listener without keys
  Role role = Role::admin;
};

/// A request that found its route.
struct Visit {
  Request request;
  std::vector<std::string> parts;  ///< what stood for the `{...}` of the pattern, decoded
  std::map<std::string, std::string, std::less<>> query;
  Identity who;
  Exchange exchange;

  void respond(Response response) { exchange.respond(std::move(response)); }
  void refuse(const Problem& problem) { respond(to_response(problem)); }
  void refuse(const Error& error) { refuse(to_problem(error)); }
};

/// One call of the API. The table is in routes.cc.
struct Route {
  Method method;
  std::string_view pattern;    ///< "/v1/invocations/{}/result"
  Roles roles;                 ///< that may call it; `kEverybody`: without a key too
  std::string_view query;      ///< the parameters that it knows: "wait limit"
  std::size_t body_bytes_max;  ///< kStreamed: it takes its body in parts
  void (*serve)(App&, Visit);  ///< of a whole request
  std::unique_ptr<Upload> (*upload)(App&, Visit) = nullptr;
};
inline constexpr Roles kEverybody = 0xff;
inline constexpr std::size_t kStreamed = SIZE_MAX;

/// Where a request goes. `allowed`: the methods of its path, where the method is wrong.
struct Match {
  const Route* route = nullptr;
  std::vector<std::string> parts;
  std::string allowed;
};
/// `path`: of the target, without query, as sent.
Match match_route(Method method, std::string_view path);
const std::vector<Route>& all_routes();

/// The query of a target; a problem for what the route does not know or is there twice.
std::optional<Problem> parse_query(std::string_view target, std::string_view known,
                                   std::map<std::string, std::string, std::less<>>& query);

}  // namespace nowthen::http
