#include "cli/ticket.h"

#include <algorithm>
#include <chrono>

#include "cli/json_value.h"
#include "cli/problem.h"
#include "cli/url.h"

namespace nowthen::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kWaitOnce{30};  // the loop of docs/http.md
constexpr Duration kReplyWithin = 30s;         // on top of the wait that was asked for
constexpr Duration kAwayMax = 60s;             // a server that starts again is waited for so long
constexpr Duration kBetween = 1s;

/// One wait, in as many requests as it takes.
class Wait {
 public:
  Wait(Session& session, const std::string& id, std::optional<Duration> timeout)
      : session_(session), id_(id), timeout_(timeout), began_(session.console().now()) {}

  Exit run() {
    last_seen_ = began_;
    for (;;) {
      const Duration asked_at = session_.console().now();
      const std::chrono::seconds patience = next_patience();
      const Result<Reply> reply = session_.exchange(ask(patience));
      if (session_.console().interrupted()) return interrupted();
      if (!reply && reply.error().code == ErrorCode::failed) {
        seen_ = true;  // it broke, so it was there
        if (session_.console().now() - asked_at >= kBetween) last_seen_ = session_.console().now();
      }
      if (is_away(reply)) {
        if (!may_return())
          return reply ? session_.explain(*reply) : session_.explain(reply.error());
      } else if (!reply) {
        return session_.explain(reply.error());
      } else {
        last_seen_ = session_.console().now();
        seen_ = true;
        if (reply->status != 202) return ended(*reply);
        look_at(*reply);
      }
      if (is_over()) return open();
      // A server that holds the request has used the time up already.
      if (session_.console().now() - asked_at < kBetween) session_.console().pause(kBetween);
      if (session_.console().interrupted()) return interrupted();
    }
  }

 private:
  std::chrono::seconds next_patience() const {
    if (!timeout_) return kWaitOnce;
    const Duration left = began_ + *timeout_ - session_.console().now();
    return std::clamp(std::chrono::ceil<std::chrono::seconds>(left), 0s, kWaitOnce);
  }

  Ask ask(std::chrono::seconds patience) const {
    Path path("/v1/invocations");
    path.segment(id_).segment("result").query("wait", std::to_string(patience.count()));
    Ask ask;
    ask.path = path.text();
    ask.timeout = patience + kReplyWithin;
    return ask;
  }

  static bool is_away(const Result<Reply>& reply) {
    if (!reply) {
      const ErrorCode code = reply.error().code;
      return code == ErrorCode::unavailable || code == ErrorCode::failed;
    }
    const auto problem = problem_of(*reply);
    return problem && exit_of(reply->status, problem->slug) == Exit::unavailable;
  }

  bool may_return() {
    if (!seen_ || session_.console().now() - last_seen_ > kAwayMax) return false;
    if (!said_away_) session_.note("the server is away or overloaded; waiting for it");
    said_away_ = true;
    return true;
  }

  void look_at(const Reply& ticket) {
    const auto body = JsonValue::parse(ticket.body);
    if (!body) return;
    std::string state = body->at("state").text();
    if (state == "parked" && state_ != state) {
      session_.note("it is parked and needs a person: nowthen why " + id_);
    }
    state_ = std::move(state);
  }

  bool is_over() const { return timeout_ && session_.console().now() - began_ >= *timeout_; }

  Exit ended(const Reply& reply) {
    if (reply.status < 200 || reply.status > 299) return session_.explain(reply);
    session_.print_body(reply);
    return Exit::done;
  }

  Exit open() {
    session_.note("still open" + (state_.empty() ? "" : " (" + state_ + ")") +
                  ". Why: nowthen why " + id_ + ". Go on with: nowthen wait " + id_);
    return Exit::timed_out;
  }

  Exit interrupted() {
    session_.note("interrupted; the invocation goes on. Come back with: nowthen wait " + id_);
    return Exit::interrupted;
  }

  Session& session_;
  const std::string& id_;
  std::optional<Duration> timeout_;
  Duration began_;
  Duration last_seen_{};
  bool seen_ = false;
  bool said_away_ = false;
  std::string state_;
};

}  // namespace

Exit wait_for_end(Session& session, const std::string& id, std::optional<Duration> timeout) {
  return Wait(session, id, timeout).run();
}

std::string ticket_id(const Reply& reply) {
  const auto body = JsonValue::parse(reply.body);
  return body ? body->at("id").text() : std::string();
}

Exit print_ticket(Session& session, const Reply& reply) {
  const auto ticket = JsonValue::parse(reply.body);
  if (!ticket || ticket->at("id").is_null()) return session.strange("a 202 without a ticket");
  if (session.json()) {
    session.print_body(reply);
    return Exit::done;
  }
  const std::string id = ticket->at("id").text();
  session.print(printable(id) + "\n");
  const std::string state = ticket->at("state").text();
  const std::string reason = ticket->at("reason").text();
  session.note("accepted, " + state + (reason.empty() || reason == state ? "" : ": " + reason) +
               ". Follow it with: nowthen wait " + id);
  return Exit::done;
}

}  // namespace nowthen::cli
