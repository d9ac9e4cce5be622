#include "http/http_executor.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <nowthen/json.h>

#include "core/trace.h"
#include "http/callback.h"
#include "http/message.h"

namespace nowthen::http {
namespace {

using namespace std::chrono_literals;

/// Of the time of an attempt, this share stays for saying what came of its request.
constexpr int kReserveShare = 20;
constexpr Duration kReserveMax = 1s;
constexpr Duration kTellEvery = 1min;

/// When a request must have its answer, so that this is known before attempt_timeout passes.
WallTime deadline_of(WallTime begun, Duration attempt_timeout) {
  return nowthen::after(begun,
                        attempt_timeout - std::min(attempt_timeout / kReserveShare, kReserveMax));
}

/// RFC 3339.
std::string to_text(WallTime time) {
  std::string quoted;
  JsonWriter writer(quoted);
  json::write_time(writer, time);
  return quoted.substr(1, quoted.size() - 2);
}

std::string request_path(std::uint32_t occurrence) {
  return occurrence == 1 ? "request" : "request#" + std::to_string(occurrence);
}

template <class Command>
Command under(const core::Lease& lease) {
  Command command;
  static_cast<core::Lease&>(command) = lease;
  return command;
}

}  // namespace

HttpExecutor::HttpExecutor(engine::LoopPort& port, HttpSeams seams)
    : port_(port), seams_(std::move(seams)) {}

HttpExecutor::~HttpExecutor() {
  for (const auto& [id, attempt] : attempts_) seams_.client.cancel(attempt.sent);
}

void HttpExecutor::use(const std::string& operation, std::shared_ptr<const HttpTarget> target) {
  if (target == nullptr) {
    targets_.erase(operation);
    failing_.erase(operation);
  } else {
    targets_.insert_or_assign(operation, std::move(target));
  }
}

HttpExecutor::Attempt* HttpExecutor::find(const core::Lease& lease) {
  const auto found = attempts_.find(lease.id);
  if (found == attempts_.end() || found->second.lease.epoch != lease.epoch) return nullptr;
  return &found->second;
}

void HttpExecutor::begin(const core::Invocation& invocation) {
  if (const auto old = attempts_.find(invocation.id); old != attempts_.end()) {
    seams_.client.cancel(old->second.sent);
    attempts_.erase(old);
  }
  const core::Lease lease{invocation.id, invocation.epoch};
  const auto target = targets_.find(invocation.operation);
  if (target == targets_.end()) {
    auto command = under<core::ParkAttempt>(lease);
    command.reason = core::ParkReason::no_executor;
    command.detail = "no service is declared for " + invocation.operation;
    return port_.submit(std::move(command));
  }
  std::uint32_t occurrence = 1;
  for (; const core::Entry* done = invocation.find_done(request_path(occurrence)); ++occurrence) {
    // Recorded before the process died, or said by a person: it was asked for once. Another kind
    // is a step that a service has recorded under that name.
    const bool ours = done->kind == core::EntryKind::step_once;
    if (ours && !may_retry(done->outcome.code)) return finish(lease, done->outcome);
  }
  if (invocation.cancel_seq != 0)
    return finish(lease, {ErrorCode::cancelled, invocation.cancel_note});

  Attempt attempt;
  attempt.lease = lease;
  attempt.operation = invocation.operation;
  attempt.trace = invocation.trace;
  attempt.target = target->second;
  attempt.deadline = deadline_of(port_.now(), seams_.attempt_timeout(invocation.operation));
  Result<ClientRequest> request = request_of(invocation, *attempt.target, attempt.deadline);
  if (!request) {
    return end(
        lease,
        {Verdict::Kind::failed, {request.error().code, request.error().message}, Duration::zero()});
  }
  attempt.request = std::move(*request);
  if (attempt.target->on_unknown == OnUnknown::retry)
    return send(attempts_.emplace(lease.id, std::move(attempt)).first->second);
  attempt.path = request_path(occurrence);
  attempt.request.repeat = Repeat::never;
  auto command = under<core::OpenEntry>(lease);
  command.path = attempt.path;
  command.kind = core::EntryKind::step_once;
  attempts_.emplace(lease.id, std::move(attempt));
  port_.submit(std::move(command));
}

Result<ClientRequest> HttpExecutor::request_of(const core::Invocation& invocation,
                                               const HttpTarget& target, WallTime deadline) const {
  if (target.callbacks) return callback_request(invocation);
  ClientRequest request;
  request.url = target.url;
  request.body = invocation.input.empty() ? "null" : invocation.input;
  const bool stored = invocation.stored || target.on_unknown == OnUnknown::park;
  const std::string id = to_string(invocation.id);
  std::vector<Header>& headers = request.headers;
  headers.push_back({"User-Agent", "nowthen"});
  headers.push_back({"Content-Type", std::string(validate_json(request.body) ? kJson : kBytes)});
  headers.push_back({"Idempotency-Key", id});
  if (stored) headers.push_back({"Nowthen-Invocation", id});
  headers.push_back({"Nowthen-Attempt", seams_.token({invocation.id, invocation.epoch})});
  headers.push_back({"Nowthen-Deadline", to_text(deadline)});
  std::string trace = core::traceparent_of_attempt(invocation, seams_.traced);
  if (!trace.empty()) headers.push_back({"traceparent", std::move(trace)});
  for (const TargetHeader& header : target.headers) {
    if (lower_case(header.name) == "user-agent") headers.erase(headers.begin());
    std::string value = header.value;
    if (!header.secret.empty()) {
      std::optional<std::string> secret = seams_.secrets->find(header.secret);
      if (!secret) {
        return Error{ErrorCode::unavailable,
                     "the secret " + header.secret + " of the header " + header.name +
                         " is not there; set NOWTHEN_SECRET_" + header.secret +
                         ", or add it to the file of secrets, and start the server again"};
      }
      value = std::move(*secret);
    }
    headers.push_back({header.name, std::move(value)});
  }
  return request;
}

void HttpExecutor::run_step(core::Lease lease, std::string_view path, std::uint32_t tries) {
  Attempt* attempt = find(lease);
  if (attempt == nullptr || attempt->path != path || attempt->sent != RequestId::none) return;
  attempt->tries = tries;
  send(*attempt);
}

void HttpExecutor::send(Attempt& attempt) {
  attempt.request.timeout = std::max<Duration>(attempt.deadline - port_.now(), 1ms);
  attempt.sent = seams_.client.send(
      std::move(attempt.request),
      [this, lease = attempt.lease](std::variant<ClientResponse, ClientError> answer) {
        Attempt* asked = find(lease);
        if (asked == nullptr) return;
        if (auto* response = std::get_if<ClientResponse>(&answer)) {
          conclude(*asked, asked->target->callbacks
                               ? judge_callback(std::move(*response), port_.now())
                               : judge(std::move(*response), port_.now(),
                                       [this, asked] { return unspoken(*asked); }));
        } else {
          conclude(*asked, judge(std::get<ClientError>(answer)));
        }
      });
}

/// What its request held that only the service is to know.
std::vector<std::string> HttpExecutor::unspoken(const Attempt& attempt) const {
  std::vector<std::string> all{seams_.token(attempt.lease)};
  for (const TargetHeader& header : attempt.target->headers) {
    if (header.secret.empty()) continue;
    if (auto secret = seams_.secrets->find(header.secret)) all.push_back(std::move(*secret));
  }
  std::ranges::sort(all, std::greater(), &std::string::size);  // one may be a part of another
  return all;
}

/// The request has ended. What a step came to is recorded first; `deliver` goes on.
void HttpExecutor::conclude(Attempt& attempt, Verdict verdict) {
  if (verdict.kind == Verdict::Kind::failed || verdict.kind == Verdict::Kind::unknown)
    tell_failure(attempt, verdict.outcome.data);
  const bool recorded =
      verdict.kind == Verdict::Kind::final || verdict.kind == Verdict::Kind::failed;
  if (attempt.path.empty() || !recorded) {
    const Attempt ended = std::move(attempts_.extract(attempt.lease.id).mapped());
    if (verdict.kind == Verdict::Kind::kept) {
      port_.submit(under<core::Heartbeat>(ended.lease));  // stored: others work on it now
      return seams_.left_to_service(ended.lease, ended.operation, ended.target->lease);
    }
    if (verdict.kind == Verdict::Kind::unknown && !ended.path.empty()) {
      auto command = under<core::ParkAttempt>(ended.lease);
      command.reason = core::ParkReason::outcome_unknown;
      command.detail =
          "the request was sent, and what came of it is unknown: " + verdict.outcome.data;
      return port_.submit(std::move(command));
    }
    return end(ended.lease, std::move(verdict));
  }
  auto command = under<core::CompleteStep>(attempt.lease);
  command.path = attempt.path;
  command.tries = attempt.tries;
  command.permanent = true;  // its next try is another entry, of another attempt
  if (verdict.outcome.ok()) {
    command.outcome = std::move(verdict.outcome);
  } else {
    command.outcome = verdict.outcome;
    // Not timed_out: that would say that the step itself never reported.
    if (command.outcome.code == ErrorCode::timed_out) command.outcome.code = ErrorCode::unavailable;
  }
  attempt.verdict = std::move(verdict);
  port_.submit(std::move(command));
}

/// A service that is down fails every attempt: one line a minute says so.
void HttpExecutor::tell_failure(const Attempt& attempt, const std::string& why) {
  Failing& failing = failing_[attempt.operation];
  if (port_.now() < failing.tell_next) {
    ++failing.untold;
    return;
  }
  std::string message = "its service fails: " + why;
  if (failing.untold > 0)
    message += " (and " + std::to_string(failing.untold) + " times more since that was said)";
  failing = {nowthen::after(port_.now(), kTellEvery), 0};
  seams_.log({.level = LogLevel::warning,
              .message = std::move(message),
              .operation = attempt.operation,
              .invocation = attempt.lease.id,
              .trace = core::trace_id_of(attempt.trace)});
}

void HttpExecutor::deliver(core::Lease lease, const core::Entry& entry) {
  Attempt* attempt = find(lease);
  if (attempt == nullptr || entry.path != attempt->path || !attempt->verdict) return;
  Verdict verdict = std::move(*attempt->verdict);
  attempts_.erase(lease.id);
  // A result as it was recorded, which may be that it was too large. An error in full: what the
  // journal keeps of it is cut.
  if (verdict.kind == Verdict::Kind::final && verdict.outcome.ok()) verdict.outcome = entry.outcome;
  end(lease, std::move(verdict));
}

void HttpExecutor::end(const core::Lease& lease, Verdict verdict) {
  if (verdict.kind == Verdict::Kind::final) return finish(lease, std::move(verdict.outcome));
  auto command = under<core::FailAttempt>(lease);
  command.error = {verdict.outcome.code, std::move(verdict.outcome.data)};
  command.retry_after = verdict.retry_after;
  port_.submit(std::move(command));
}

void HttpExecutor::finish(const core::Lease& lease, core::Outcome outcome) {
  auto command = under<core::Finish>(lease);
  command.outcome = std::move(outcome);
  port_.submit(std::move(command));
}

void HttpExecutor::deliver_cancel(core::Lease lease) {
  const Attempt* attempt = find(lease);
  if (attempt == nullptr || attempt->sent != RequestId::none) return;
  // Its step was not let go, and may never be: nothing was sent, and nothing will be.
  attempts_.erase(lease.id);
  finish(lease, {ErrorCode::cancelled, "cancelled before the request was sent"});
}

void HttpExecutor::drop(core::Lease lease) {
  const Attempt* attempt = find(lease);
  if (attempt == nullptr) return;
  seams_.client.cancel(attempt->sent);
  attempts_.erase(lease.id);
}

}  // namespace nowthen::http
