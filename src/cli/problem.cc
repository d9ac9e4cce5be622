#include "cli/problem.h"

#include <algorithm>
#include <array>

#include "cli/json_value.h"
#include "cli/text.h"

namespace nowthen::cli {
namespace {

constexpr std::string_view kTypes = "/errors/";

// How an invocation can end badly: see the table in docs/http.md.
constexpr std::array<std::string_view, 6> kEnds = {"operation-failed",  "failed",  "cancelled",
                                                   "deadline-exceeded", "expired", "timed-out"};

}  // namespace

std::optional<Problem> problem_of(const Reply& reply) {
  const std::string* type = reply.header("Content-Type");
  if (type == nullptr || !type->starts_with("application/problem+json")) return std::nullopt;
  const auto body = JsonValue::parse(reply.body);
  if (!body) return std::nullopt;
  const std::string slug = body->at("type").text();
  if (!slug.starts_with(kTypes)) return std::nullopt;
  return Problem{slug.substr(kTypes.size()), body->at("title").text(), body->at("detail").text(),
                 body->at("invocation").text()};
}

std::string to_line(const Problem& problem, const Reply& reply, const std::string& server) {
  std::string line = problem.slug + ": ";
  line += problem.detail.empty() ? problem.title : problem.detail;
  line += " (";
  if (!problem.invocation.empty()) line += "invocation " + problem.invocation + "; ";
  const std::string* later = reply.header("Retry-After");
  if (later != nullptr && reply.status >= 400) {
    line += "try again in " + *later + (later->find(' ') == std::string::npos ? " s; " : "; ");
  }
  line += "see " + server + std::string(kTypes) + problem.slug + ")";
  return printable(line);
}

Exit exit_of(int status, const std::string& slug) {
  if (status >= 200 && status < 300) return Exit::done;
  if (std::ranges::find(kEnds, slug) != kEnds.end()) return Exit::failed;
  if (status == 404 || status == 410) return Exit::not_found;
  if (status == 429 || status >= 500) return Exit::unavailable;
  if (status >= 400) return Exit::refused;
  return Exit::unreachable;  // a redirect: that is no Nowthen server
}

}  // namespace nowthen::cli
