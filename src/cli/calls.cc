// call and send: one request to run an operation.

#include <chrono>
#include <utility>

#include "cli/command.h"
#include "cli/problem.h"
#include "cli/session.h"
#include "cli/ticket.h"
#include "cli/url.h"

namespace nowthen::cli {
namespace {

using namespace std::chrono_literals;

// The longest patience that a policy can give a caller is 10 min (docs/GLOSSARY.md, wait_max).
constexpr Duration kAnswerWithin = 11min;

/// Whole seconds, as RFC 7240 wants them, and not less than was asked for.
std::string whole_seconds(Duration duration) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(duration).count());
}

std::vector<Header> headers_of(const Arguments& arguments, bool async,
                               std::optional<Duration> wait) {
  std::vector<Header> headers;
  const auto add = [&](std::string_view argument, std::string name) {
    if (arguments.has(argument)) headers.push_back({std::move(name), arguments[argument]});
  };
  if (async) headers.push_back({"Prefer", "respond-async"});
  if (wait) headers.push_back({"Prefer", "wait=" + whole_seconds(*wait)});
  add("--idempotency-key", "Idempotency-Key");
  add("--order-key", "Nowthen-Order-Key");
  add("--priority", "Nowthen-Priority");
  add("--delay", "Nowthen-Delay");
  add("--callback", "Nowthen-Callback");
  return headers;
}

void say_decision(Session& session, const Reply& reply) {
  for (const char* name : {"Nowthen-Invocation", "Nowthen-Decision", "Preference-Applied"}) {
    const std::string* value = reply.header(name);
    if (value != nullptr) session.note(std::string(name) + ": " + *value);
  }
}

Exit not_answered(Session& session, const Error& error, const Arguments& arguments) {
  const Exit exit = session.explain(error);
  if (error.code == ErrorCode::unavailable) return exit;  // nothing was sent
  if (arguments.has("--idempotency-key")) {
    session.note("call again with the same --idempotency-key: it is not run twice");
  } else {
    session.note("whether it was accepted is not known; --idempotency-key makes it safe to repeat");
  }
  return exit;
}

Result<Ask> ask_of(Session& session, const Arguments& arguments) {
  const bool bytes = arguments.has("--bytes");
  auto input =
      read_input(session, "INPUT", arguments["INPUT"], bytes ? InputForm::bytes : InputForm::json);
  if (!input) return input.error();
  Ask ask;
  ask.method = "POST";
  ask.path = Path("/v1/operations").segment(arguments["NAME"]).text();
  ask.body = std::move(*input);
  if (bytes) ask.content_type = "application/octet-stream";
  ask.timeout = kAnswerWithin;
  return ask;
}

struct Style {
  bool async = false;
  bool follow = false;
  std::optional<Duration> wait;
};

Exit invoke(Session& session, const Arguments& arguments, const Style& style) {
  auto ask = ask_of(session, arguments);
  if (!ask) return session.wrong(ask.error().message);
  ask->headers = headers_of(arguments, style.async, style.wait);
  const Result<Reply> reply = session.exchange(std::move(*ask));
  if (!reply) return not_answered(session, reply.error(), arguments);
  if (arguments.has("--explain")) say_decision(session, *reply);
  if (reply->status < 200 || reply->status > 299) return session.explain(*reply);
  if (reply->status != 202) {
    session.print_body(*reply);
    return Exit::done;
  }
  const std::string id = ticket_id(*reply);
  if (!style.follow || id.empty()) return print_ticket(session, *reply);
  session.note("accepted as " + id);
  return wait_for_end(session, id, arguments.duration("--timeout"));
}

Exit call(Session& session, const Arguments& arguments) {
  const bool follow = arguments.has("--follow");
  if (arguments.has("--timeout") && !follow) return session.wrong("--timeout needs --follow");
  return invoke(session, arguments,
                {arguments.has("--async"), follow, arguments.duration("--wait")});
}

Exit send(Session& session, const Arguments& arguments) {
  return invoke(session, arguments, {.async = true, .follow = false, .wait = {}});
}

Exit wait(Session& session, const Arguments& arguments) {
  return wait_for_end(session, arguments["ID"], arguments.duration("--timeout"));
}

std::vector<Parameter> with_invoke_parameters(std::vector<Parameter> own) {
  std::vector<Parameter> all = {
      {"NAME", Takes::operation, {}, "the operation", Need::required},
      {"INPUT", Takes::json, {}, "JSON, @FILE, or - for the standard input; null when left out"}};
  all.insert(all.end(), own.begin(), own.end());
  const Parameter options[] = {
      {"--idempotency-key", Takes::key, "KEY", "the same key and input is the same invocation"},
      {"--order-key", Takes::key, "KEY", "one at a time per key, in order of acceptance"},
      {"--priority", Takes::choice, "0|1|2|3|4|5|6|7|8|9", "9 goes first; 4 unless said"},
      {"--delay", Takes::duration, "DURATION", "not before that much later"},
      {"--callback", Takes::key, "URL", "told of the end by POST, whenever that is"},
      {"--bytes", Takes::nothing, {}, "INPUT is bytes as they are, not JSON"},
      {"--explain", Takes::nothing, {}, "say why the answer looks as it does"}};
  all.insert(all.end(), std::begin(options), std::end(options));
  return all;
}

}  // namespace

std::vector<Command> call_commands() {
  return {
      {Group::run, "call", "call an operation; prints its result, or a ticket if it gets slow",
       with_invoke_parameters(
           {{"--wait", Takes::duration, "DURATION", "patience, rounded up to seconds"},
            {"--async", Takes::nothing, {}, "a ticket is enough"},
            {"--follow", Takes::nothing, {}, "on a ticket, wait for the end"},
            {"--timeout", Takes::duration, "DURATION", "the longest wait of --follow"}}),
       R"(nowthen call place-order '{"email": "a@example.org"}' --wait 5s)", call,
       "On a ticket the id goes to the standard output, the rest to the standard error. A script\n"
       "that wants the result in any case uses --follow."},
      {Group::run, "send", "hand an operation over; prints the id of its ticket",
       with_invoke_parameters({}), "nowthen send send-report @report.json --delay 1h", send,
       "Where its policy allows nothing but `now`, it is answered like a call."},
      {Group::follow,
       "wait",
       "wait for the end of an invocation, and print its result",
       {{"ID", Takes::key, {}, "the invocation", Need::required},
        {"--timeout", Takes::duration, "DURATION", "the longest wait; none: until the end"}},
       "nowthen wait 01j9x3k5w8m2c0q7r4t6v8y1za --timeout 5m",
       wait,
       "A server that starts again meanwhile is waited for."},
  };
}

}  // namespace nowthen::cli
