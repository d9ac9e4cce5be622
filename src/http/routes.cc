// The table of the API: every call, who may make it, and what answers it.

#include "http/handlers.h"

namespace nowthen::http {
namespace {

constexpr Roles kCalls = Role::caller | Role::operator_ | Role::admin;
constexpr Roles kFollows = Role::caller | Role::viewer | Role::operator_ | Role::admin;
constexpr Roles kReads = Role::viewer | Role::operator_ | Role::admin;
constexpr Roles kOperates = Role::operator_ | Role::admin;
constexpr Roles kAdmin = Role::admin | Role::admin;

constexpr std::size_t kInput = Limits().input_bytes_max;
constexpr std::size_t kSmall = 64u << 10;
constexpr std::size_t kNone = 0;
constexpr std::string_view kFilter = "operation state order_key from cursor limit";

const std::vector<Route>& table() {
  using enum Method;
  static const std::vector<Route> routes = {
      {post, "/v1/operations/{}", kCalls, "", kInput, invoke},
      {get, "/v1/invocations/{}/result", kFollows, "wait", kNone, get_result},

      {get, "/v1/invocations/{}", kFollows, "", kNone, get_invocation},
      {get, "/v1/invocations/{}/journal", kReads, "after limit", kNone, get_journal},
      {get, "/v1/invocations/{}/why", kFollows, "", kNone, get_why},

      {get, "/v1/invocations/{}/events", kFollows, "", kNone, events},
      {get, "/v1/invocations", kReads, kFilter, kNone, search},
      {get, "/v1/why", kReads, "", kNone, why_all},

      {post, "/v1/invocations/cancel", kOperates, kFilter, kSmall, cancel_all},
      {post, "/v1/invocations/park", kOperates, kFilter, kSmall, park_all},
      {post, "/v1/invocations/resume", kOperates, kFilter, kSmall, resume_all},
      {post, "/v1/invocations/{}/cancel", kOperates, "", kSmall, cancel},
      {post, "/v1/invocations/{}/park", kOperates, "", kSmall, park},
      {post, "/v1/invocations/{}/resume", kOperates, "", kSmall, resume},
      {post, "/v1/invocations/{}/restart", kOperates, "", kSmall, restart},
      {post, "/v1/invocations/{}/rerun", kOperates, "", kSmall, rerun},
      {post, "/v1/invocations/{}/signals/{}", kOperates, "", kInput, signal},
      {post, "/v1/invocations/{}/steps/{}/resolve", kOperates, "", kInput, resolve_step},

      {get, "/v1/operations", kReads, "", kNone, list_operations},
      {get, "/v1/operations/{}", kReads, "", kNone, get_operation},
      {put, "/v1/operations/{}", kAdmin, "", kSmall, declare_operation},
      {delete_, "/v1/operations/{}", kAdmin, "", kNone, delete_operation},

      {get, "/v1/operations/{}/policy", kReads, "", kNone, get_policy},
      {patch, "/v1/operations/{}/policy", kOperates, "", kSmall, change_policy},
      {get, "/v1/operations/{}/policy/history", kReads, "", kNone, get_policy_history},
      {post, "/v1/operations/{}/policy/revert", kOperates, "", kSmall, revert_policy},

      {post, "/v1/operations/{}/lease", kCalls, "max wait", kSmall, lease},
      {post, "/v1/operations/{}/bulk", kCalls, "", kStreamed, nullptr, bulk},
      {post, "/v1/attempts", kCalls, "", kInput, end_attempts},
      {post, "/v1/attempts/{}/complete", kCalls, "", kInput, complete_attempt},
      {post, "/v1/attempts/{}/fail", kCalls, "", kSmall, fail_attempt},
      {post, "/v1/attempts/{}/heartbeat", kCalls, "", kSmall, heartbeat},
      {get, "/v1/attempts/{}/steps/{}", kCalls, "", kNone, get_step},
      {put, "/v1/attempts/{}/steps/{}", kCalls, "", kInput, put_step},

      {get, "/v1/keys", kAdmin, "", kNone, list_keys},
      {post, "/v1/keys", kAdmin, "", kSmall, create_key},
      {delete_, "/v1/keys/{}", kAdmin, "", kNone, revoke_key},
      {get, "/v1/audit", kAdmin, "limit cursor", kNone, list_audit},

      {post, "/v1/backup", kAdmin, "", kSmall, back_up},
      {get, "/metrics", kReads, "", kNone, metrics},

      {get, "/", kFollows, "", kNone, front_page},
      {get, "/openapi.json", kFollows, "", kNone, openapi},
      {get, "/errors/{}", kEverybody, "", kNone, error_page},
      {get, "/healthz", kEverybody, "", kNone, healthz},
      {get, "/readyz", kEverybody, "", kNone, readyz},
  };
  return routes;
}

}  // namespace

const std::vector<Route>& all_routes() {
  static const std::vector<Route>& routes = table();
  return routes;
}

}  // namespace nowthen::http
