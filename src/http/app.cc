#include "http/app.h"

#include <algorithm>
#include <charconv>

#include "base/utf8.h"
#include "core/callback.h"
#include "http/listener.h"
#include "http/verdict.h"

namespace nowthen::http {
namespace {

std::string names_of(Roles roles) {
  std::string names;
  for (const Role role : {Role::caller, Role::viewer, Role::operator_, Role::admin}) {
    if (contains(roles, role)) names += (names.empty() ? "" : ", ") + std::string(to_string(role));
  }
  return names;
}

std::string_view path_of(std::string_view target) {
  return target.substr(0, std::min(target.find('?'), target.size()));
}

/// The host of "127.0.0.1:7070", "[::1]:7070" or "localhost"; empty if it is nothing of the kind.
std::string_view host_of(std::string_view authority) {
  const bool bracketed = authority.starts_with('[');
  const std::size_t end = std::min(authority.find(bracketed ? ']' : ':'), authority.size());
  if (bracketed && end == authority.size()) return "";
  std::string_view rest = authority.substr(end);
  if (bracketed) rest.remove_prefix(1);
  const bool port = rest.starts_with(':') && rest.find_first_not_of("0123456789", 1) == rest.npos;
  if (!rest.empty() && !port) return "";
  return bracketed ? authority.substr(1, end - 1) : authority.substr(0, end);
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool names_loopback(std::string_view host) { return is_loopback({std::string(host), 0}); }

Problem no_route(const Request& request, const Match& match) {
  if (match.allowed.empty()) {
    return {
        404, "not-found", "there is nothing at " + std::string(path_of(request.target)), "", {}};
  }
  return {405,
          "method-not-allowed",
          std::string(path_of(request.target)) + " knows " + match.allowed,
          "",
          {}};
}

Response refused(const Request& request, const Match& match) {
  Response response = to_response(no_route(request, match));
  if (!match.allowed.empty()) response.with("Allow", match.allowed);
  return response;
}

}  // namespace

/// DNS rebinding and pages of other sites: on loopback the browser's word for where it comes from
/// must be loopback too.
std::optional<Problem> App::check_site(const Request& request) const {
  if (!options_.loopback) return std::nullopt;
  const auto foreign = [](std::string_view what, std::string_view is) {
    return Problem{403,
                   "forbidden",
                   std::string(what) + " '" + std::string(is.substr(0, 200)) +
                       "' is another site's: this listener is on loopback",
                   "",
                   {}};
  };
  const std::string* host = request.header("Host");
  if (host != nullptr && !host->empty() && !names_loopback(host_of(*host)))
    return foreign("Host", *host);
  for (const Header& header : request.headers) {
    if (!is_named(header, "Origin")) continue;
    const std::string_view origin = header.value;
    const std::size_t slashes = origin.find("//");
    const std::string_view authority = slashes == origin.npos ? "" : origin.substr(slashes + 2);
    if (!names_loopback(host_of(authority))) return foreign("Origin", origin);
  }
  return std::nullopt;
}

std::optional<Problem> App::admit(const Request& request, const Route& route, Identity& who) const {
  if (route.roles == kEverybody) return std::nullopt;
  const std::string* given = request.header("Authorization");
  if (given == nullptr) {
    if (!options_.keys_needed && keys_->empty()) {
      who = {"anonymous", Role::admin};
      return std::nullopt;
    }
    return Problem{
        401, "unauthorized", "an API key is needed: Authorization: Bearer nt_...", "", {}};
  }
  // RFC 9110 11.1: case does not matter in the name of the scheme.
  constexpr std::string_view kBearer = "bearer ";
  std::optional<ApiKey> key;
  if (lower(given->substr(0, kBearer.size())) == kBearer)
    key = keys_->find(given->substr(kBearer.size()));
  if (!key) return Problem{401, "unauthorized", "this API key is not known", "", {}};
  who = {key->name, key->role};
  if (contains(route.roles, key->role)) return std::nullopt;
  return Problem{403,
                 "forbidden",
                 "a key of role " + std::string(to_string(key->role)) + " may not " +
                     std::string(to_string(route.method)) + " here; " + names_of(route.roles) +
                     " may",
                 "",
                 {}};
}

Front::Plan App::plan(const Request& head) {
  if (auto problem = check_site(head)) return to_response(*problem);
  if (!percent_decoded(path_of(head.target)))
    return to_response(invalid("the path has a broken escape"));
  Match match = match_route(head.method, path_of(head.target));
  if (match.route == nullptr) return refused(head, match);
  const Route& route = *match.route;
  for (const std::string& part : match.parts) {
    if (!is_utf8(part)) return to_response(invalid("the path is not UTF-8"));
  }
  Identity who;
  if (auto problem = admit(head, route, who)) {
    Response response = to_response(*problem);
    if (problem->status == 401) response.with("WWW-Authenticate", "Bearer");
    return response;
  }
  std::map<std::string, std::string, std::less<>> query;
  if (auto problem = parse_query(head.target, route.query, query)) return to_response(*problem);

  auto visit = [parts = std::move(match.parts), query = std::move(query), who = std::move(who)](
                   Request request, Exchange exchange) mutable {
    return Visit{std::move(request), std::move(parts), std::move(query), std::move(who),
                 std::move(exchange)};
  };
  if (route.upload != nullptr) {
    return Streamed{[this, &route, visit = std::move(visit)](Request r, Exchange e) mutable {
      return route.upload(*this, visit(std::move(r), std::move(e)));
    }};
  }
  return Whole{route.body_bytes_max,
               [this, &route, visit = std::move(visit)](Request r, Exchange e) mutable {
                 route.serve(*this, visit(std::move(r), std::move(e)));
               }};
}

void App::back_up(const std::string& folder, std::move_only_function<void(Result<void>)> told) {
  const std::lock_guard lock(backup_mutex_);
  if (engine_.is_draining()) return told(stopping());
  if (backing_up_ || !options_.back_up)
    return told(Error{ErrorCode::invalid_state, "a backup is under way"});
  backing_up_ = true;
  backup_ = std::jthread([this, folder, told = std::move(told)]() mutable {
    Result<void> done = options_.back_up(folder);
    {
      const std::lock_guard over(backup_mutex_);
      backing_up_ = false;
    }
    told(std::move(done));
  });
}

void App::end_backup() {
  std::jthread last;
  const std::lock_guard lock(backup_mutex_);
  last = std::move(backup_);
}

Problem App::absence(InvocationId id, const Error& error) const {
  if (error.code != ErrorCode::not_found) return to_problem(error);
  // Ids of unstored calls are told to nobody, so one that could be of here was.
  const auto made = WallTime(std::chrono::milliseconds(id.created_ms()));
  const bool plausible = id.partition() < engine_.partitions() &&
                         after(made, std::chrono::seconds(1)) >= options_.born &&
                         made <= after(engine_.now(), std::chrono::seconds(1));
  if (!plausible) return to_problem(error);
  return to_problem({ErrorCode::gone, "retention has removed invocation " + to_string(id)});
}

// ---- what handlers share ---------------------------------------------------------------------

std::optional<Problem> check_callback(const App& app, const std::string& url, std::string field) {
  std::optional<Problem> problem;
  if (url.size() > core::kCallbackBytesMax) {
    problem = invalid("the URL is longer than callback_bytes_max (" +
                      std::to_string(core::kCallbackBytesMax) + ")");
  } else if (const auto parsed = parse_url(url); !parsed) {
    problem = to_problem(parsed.error());
  } else if (app.options().check_callback) {
    problem = app.options().check_callback(*parsed);
  }
  if (!problem) return std::nullopt;
  problem->detail = field + ": " + problem->detail;
  problem->field = std::move(field);
  return problem;
}

std::optional<Problem> check_callable(const std::string& operation) {
  if (!core::is_reserved_name(operation)) return std::nullopt;
  return Problem{403, "forbidden", core::reserved_name_rule(operation), "", {}};
}

Result<std::string> stored_body(Request& request) {
  const std::string* type = request.header("Content-Type");
  if (type != nullptr && type->starts_with(kBytes)) return std::move(request.body);
  if (request.body.empty()) return std::string("null");
  if (auto valid = validate_json(request.body); !valid)
    return Error{ErrorCode::codec_failed, "the body is not JSON: " + valid.error().message};
  return std::move(request.body);
}

std::string id_and_state(InvocationId id, core::State state) {
  return R"({"id":")" + to_string(id) + R"(","state":")" + std::string(core::to_string(state)) +
         "\"}";
}

Result<Duration> parse_seconds(std::string_view text) {
  std::uint32_t seconds = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (!text.empty() && end.ec == std::errc() && end.ptr == text.data() + text.size())
    return Duration(std::chrono::seconds(seconds));
  return parse_duration(text);
}

std::string format_time(WallTime time) {
  std::string quoted;
  JsonWriter writer(quoted);
  json::write_time(writer, time);
  return quoted.substr(1, quoted.size() - 2);
}

Result<InvocationId> id_of(const Visit& visit) { return parse_invocation_id(visit.parts.front()); }

engine::AuditEntry audit_of(const Visit& visit, std::string action, std::string subject,
                            std::string detail) {
  return {{}, visit.who.name, std::move(action), std::move(subject), std::move(detail)};
}

std::string ticket(InvocationId id, std::string_view state, std::string_view reason) {
  const std::string url = "/v1/invocations/" + to_string(id);
  std::string text;
  JsonWriter out(text);
  out.begin_object();
  out.field("id");
  out.string(to_string(id));
  out.field("state");
  out.string(state);
  out.field("reason");
  out.string(as_utf8(reason));
  for (const char* what : {"result", "events", "why"}) {
    const std::string name = std::string(what) + "_url";
    out.field(name);
    out.string(url + "/" + what);
  }
  out.end_object();
  return text;
}

namespace {

std::string applied(const core::Applied& preference) {
  std::string text;
  if (preference.respond_async) text = "respond-async";
  if (preference.wait) {
    if (!text.empty()) text += ", ";
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*preference.wait);
    text += "wait=" + std::to_string(seconds.count());
  }
  return text;
}

}  // namespace

Response to_response(core::Reply reply) {
  Response response;
  std::optional<Rejection> own;
  const std::string preference = applied(reply.applied);
  const bool open = !reply.refused && !core::is_terminal(reply.state);
  if (open) {
    response = ok(ticket(reply.id, core::to_string(reply.state), reply.decision.reason), 202);
    response.with("Location", "/v1/invocations/" + to_string(reply.id) + "/result");
    response.with("Retry-After", "1");
  } else if (!reply.refused && reply.outcome.ok()) {
    const bool is_json = validate_json(reply.outcome.data).has_value();
    response = {200, std::string(is_json ? kJson : kBytes), {}, std::move(reply.outcome.data)};
  } else if (reply.outcome.code == ErrorCode::rejected &&
             (own = read_rejection(reply.outcome.data)).has_value()) {
    response = {own->status, std::string(own->content_type), {}, std::string(own->body)};
  } else {
    response = to_response(to_problem({reply.outcome.code, reply.outcome.data}, reply.id));
    if (!preference.empty()) response.with("Preference-Applied", preference);
    return response.with("Nowthen-Decision", to_string(reply.decision));
  }
  if (!preference.empty()) response.with("Preference-Applied", preference);
  if (!reply.id.is_null()) response.with("Nowthen-Invocation", to_string(reply.id));
  return response.with("Nowthen-Decision", to_string(reply.decision));
}

}  // namespace nowthen::http
