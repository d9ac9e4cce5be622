#include "http/callback.h"

#include <nowthen/json.h>

#include "http/describe.h"
#include "http/problem.h"
#include "http/verdict.h"

namespace nowthen::http {
namespace {

using namespace std::chrono_literals;

/// 1 s, 2 s, 4 s, ... 1 h, 1 h: a day in all.
constexpr std::uint32_t kAttemptsMax = 35;

void put_error(JsonWriter& out, const core::Callback& told) {
  Error error{told.outcome.code, told.outcome.data};
  std::optional<Rejection> own;
  if (error.code == ErrorCode::rejected) own = read_rejection(told.outcome.data);
  if (own) error.message = "the operation answered " + std::to_string(own->status);
  Problem problem = to_problem(error, told.id);
  if (own) problem.status = own->status;
  std::string text;
  write_problem(text, problem);
  out.field("error");
  out.raw(text);
  if (own && !own->body.empty()) put_value(out, "answer", own->body);
}

std::string body_of(const core::Callback& told) {
  std::string text;
  text.reserve(256 + told.outcome.data.size());
  JsonWriter out(text);
  out.begin_object();
  put(out, "id", to_string(told.id));
  put(out, "operation", told.operation);
  put(out, "state", core::to_string(told.state));
  if (told.outcome.ok()) {
    put_value(out, "result", told.outcome.data.empty() ? "null" : told.outcome.data);
  } else {
    put_error(out, told);
  }
  put(out, "ended", told.ended);
  out.end_object();
  return text;
}

}  // namespace

engine::OperationElsewhere callback_operation() {
  engine::OperationElsewhere operation;
  operation.name = core::kCallbackOperation;
  operation.executor = R"({"callback":{}})";
  Policy& policy = operation.declaration.policy;
  policy.mode = Mode::later;
  policy.attempt_timeout = 30s;
  policy.retry.attempts_max = kAttemptsMax;
  policy.retry.interval = 1s;
  policy.retry.factor = 2;
  policy.retry.interval_max = 1h;
  return operation;
}

Result<ClientRequest> callback_request(const core::Invocation& invocation) {
  const auto told = core::read_callback(invocation.input);
  if (!told) return told.error();
  auto url = parse_url(told->url);
  if (!url) return url.error();
  ClientRequest request;
  request.url = std::move(*url);
  request.body = body_of(*told);
  request.headers = {{"User-Agent", "nowthen"},
                     {"Content-Type", std::string(kJson)},
                     {"Idempotency-Key", to_string(invocation.id)},
                     {"Nowthen-Invocation", to_string(told->id)}};
  if (!invocation.trace.empty()) request.headers.push_back({"traceparent", invocation.trace});
  return request;
}

Verdict judge_callback(ClientResponse response, WallTime now) {
  if (response.status < 200 || response.status > 299) return judge(std::move(response), now);
  return {Verdict::Kind::final,
          {ErrorCode::none, R"({"status":)" + std::to_string(response.status) + "}"},
          {}};
}

}  // namespace nowthen::http
