#include "http/problem.h"

#include <nowthen/json.h>

#include "base/utf8.h"

namespace nowthen::http {
namespace {

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::none:
    case ErrorCode::invalid_argument:
    case ErrorCode::codec_failed:
      return 400;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::gone:
      return 410;
    case ErrorCode::already_exists:
    case ErrorCode::conflict:
    case ErrorCode::invalid_state:
    case ErrorCode::lease_lost:
    case ErrorCode::cancelled:
    case ErrorCode::deadlock:
    case ErrorCode::journal_mismatch:
      return 409;
    case ErrorCode::deadline_exceeded:
    case ErrorCode::expired:
    case ErrorCode::timed_out:
      return 504;
    case ErrorCode::failed:
      return 502;
    case ErrorCode::too_large:
      return 413;
    case ErrorCode::overloaded:
      return 429;
    case ErrorCode::unavailable:
    case ErrorCode::locked:
    case ErrorCode::store_failed:
      return 503;
    case ErrorCode::newer_version:
    case ErrorCode::corruption:
      return 500;
    case ErrorCode::rejected:  // where its own status cannot be passed on
      return 502;
  }
  return 500;
}

std::string type_of(ErrorCode code) {
  if (code == ErrorCode::failed) return "operation-failed";
  std::string type(to_string(code));
  for (char& c : type) {
    if (c == '_') c = '-';
  }
  return type;
}

std::string title_of(std::string_view type) {
  std::string title(type);
  for (char& c : title) {
    if (c == '-') c = ' ';
  }
  return title;
}

}  // namespace

Problem to_problem(const Error& error, InvocationId invocation) {
  const bool of_request =
      error.code == ErrorCode::invalid_argument || error.code == ErrorCode::codec_failed;
  std::string field(of_request && invocation.is_null() ? about_field(error.message).field : "");
  return {status_of(error.code), type_of(error.code), error.message, std::move(field), invocation};
}

Problem invalid(std::string detail, std::string field) {
  if (field.empty()) field = about_field(detail).field;
  return {400, "invalid-argument", std::move(detail), std::move(field), {}};
}

AboutField about_field(std::string_view message) {
  constexpr std::string_view kField = "field '";
  constexpr std::string_view kOfPolicy = "policy field ";
  const bool quoted = message.starts_with(kField);
  if (!quoted && !message.starts_with(kOfPolicy)) return {"", message};
  const std::string_view rest = message.substr(quoted ? kField.size() : kOfPolicy.size());
  const std::string_view end = quoted ? "': " : ": ";
  const std::size_t at = rest.find(end);
  if (at == rest.npos) return {"", message};
  return {rest.substr(0, at), rest.substr(at + end.size())};
}

void write_problem(std::string& out, const Problem& problem) {
  JsonWriter json(out);
  json.begin_object();
  json.field("type");
  json.string("/errors/" + problem.type);
  json.field("title");
  json.string(title_of(problem.type));
  json.field("status");
  json.integer(problem.status);
  json.field("detail");
  json.string(as_utf8(problem.detail));
  if (!problem.field.empty()) {
    json.field("field");
    json.string(as_utf8(problem.field));
  }
  if (!problem.invocation.is_null()) {
    json.field("invocation");
    json.string(to_string(problem.invocation));
  }
  json.end_object();
}

Response to_response(const Problem& problem) {
  Response response;
  response.status = problem.status;
  response.content_type = kProblem;
  write_problem(response.body, problem);
  if (problem.status == 429 || problem.status == 503) response.with("Retry-After", "1");
  if (!problem.invocation.is_null())
    response.with("Nowthen-Invocation", to_string(problem.invocation));
  return response;
}

}  // namespace nowthen::http
