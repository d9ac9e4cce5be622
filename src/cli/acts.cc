// cancel, park, resume, restart, rerun, signal and resolve: what a person does to an invocation.

#include <string>
#include <utility>
#include <vector>

#include <nowthen/json.h>

#include "cli/command.h"
#include "cli/session.h"
#include "cli/ticket.h"
#include "cli/url.h"

namespace nowthen::cli {
namespace {

Ask post(const Path& path, std::string body = {}) {
  Ask ask;
  ask.method = "POST";
  ask.path = path.text();
  ask.body = std::move(body);
  return ask;
}

Path invocation(const std::string& id) { return Path(Path("/v1/invocations").segment(id).text()); }

Exit show_state(Session& session, const JsonValue& body) {
  session.print(printable(body.at("id").text() + " " + body.at("state").text()) + "\n");
  return Exit::done;
}

Exit show_matched(Session& session, const JsonValue& body) {
  session.print("matched " + printable(body.at("matched").text()) + ", done " +
                printable(body.at("done").text()) + "\n");
  return Exit::done;
}

std::string reason_body(const Arguments& arguments) {
  std::string body;
  if (!arguments.has("--reason")) return body;
  JsonWriter writer(body);
  writer.begin_object();
  writer.field("reason");
  writer.string(arguments["--reason"]);
  writer.end_object();
  return body;
}

/// To each of the given invocations; the exit code is that of the first that was refused.
template <class Act>
Exit to_each(const Arguments& arguments, Act act) {
  Exit exit = Exit::done;
  for (const std::string& id : arguments.all("ID")) {
    const Exit one = act(id);
    if (one == Exit::interrupted || one == Exit::unreachable) return one;
    if (exit == Exit::done) exit = one;
  }
  return exit;
}

/// By ids, or all that a filter matches.
Exit act(Session& session, const Arguments& arguments, std::string_view verb, std::string body) {
  const bool filtered =
      arguments.has("--operation") || arguments.has("--state") || arguments.has("--order-key");
  if (filtered == arguments.has("ID")) {
    return session.wrong(filtered ? "an ID and a filter exclude each other"
                                  : "it takes an ID, or --operation, --state or --order-key");
  }
  if (!filtered) {
    return to_each(arguments, [&](const std::string& id) {
      return ask_and_show(session, post(invocation(id).segment(verb), body), show_state);
    });
  }
  Path path("/v1/invocations");
  path.segment(verb)
      .query("operation", arguments["--operation"])
      .query("state", arguments["--state"])
      .query("order_key", arguments["--order-key"]);
  Ask ask = post(path, std::move(body));
  ask.timeout = std::chrono::minutes(10);  // as many as match
  return ask_and_show(session, std::move(ask), show_matched);
}

Exit cancel(Session& session, const Arguments& arguments) {
  return act(session, arguments, "cancel", reason_body(arguments));
}

Exit park(Session& session, const Arguments& arguments) {
  return act(session, arguments, "park", reason_body(arguments));
}

Exit resume(Session& session, const Arguments& arguments) {
  return act(session, arguments, "resume", {});
}

Exit restart(Session& session, const Arguments& arguments) {
  return to_each(arguments, [&](const std::string& id) {
    return ask_and_show(session, post(invocation(id).segment("restart")), show_state);
  });
}

Exit rerun(Session& session, const Arguments& arguments) {
  return to_each(arguments, [&](const std::string& id) {
    const Answer answer = session.ask(post(invocation(id).segment("rerun")));
    if (!answer) return answer.exit;
    const std::string again = ticket_id(answer.reply);
    if (!arguments.has("--follow") || again.empty()) return print_ticket(session, answer.reply);
    session.note("accepted as " + again);
    return wait_for_end(session, again, {});
  });
}

Exit signal(Session& session, const Arguments& arguments) {
  auto payload = read_input(session, "PAYLOAD", arguments["PAYLOAD"]);
  if (!payload) return session.wrong(payload.error().message);
  const Path path = invocation(arguments["ID"]).segment("signals").segment(arguments["NAME"]);
  return ask_and_show(session, post(path, std::move(*payload)), show_state);
}

Exit resolve(Session& session, const Arguments& arguments) {
  if (arguments.has("--result") == arguments.has("--did-not-happen")) {
    return session.wrong("it takes --result JSON or --did-not-happen, one of them");
  }
  std::string body;
  JsonWriter writer(body);
  writer.begin_object();
  if (arguments.has("--result")) {
    const auto result = read_input(session, "--result", arguments["--result"]);
    if (!result) return session.wrong(result.error().message);
    writer.field("result");
    writer.raw(result->empty() ? "null" : *result);
  } else {
    writer.field("happened");
    writer.boolean(false);
  }
  writer.end_object();
  const Path path =
      invocation(arguments["ID"]).segment("steps").segment(arguments["PATH"]).segment("resolve");
  return ask_and_show(session, post(path, std::move(body)), show_state);
}

std::vector<Parameter> by_id_or_filter() {
  return {{"ID", Takes::key, {}, "the invocation", Need::many},
          {"--operation", Takes::operation, "NAME", "instead of an ID: all of this operation"},
          {"--state", Takes::choice, kStates, "all in this state"},
          {"--order-key", Takes::key, "KEY", "all of this order key"}};
}

std::vector<Parameter> with_reason(std::vector<Parameter> parameters) {
  parameters.push_back(
      {"--reason", Takes::text, "TEXT", "for the record, and for whoever asks why"});
  return parameters;
}

}  // namespace

std::vector<Command> act_commands() {
  const Parameter id = {"ID", Takes::key, {}, "the invocation", Need::required};
  const Parameter ids = {"ID", Takes::key, {}, "the invocation", Need::at_least_one};
  return {
      {Group::act, "cancel", "ask invocations to stop: by ID, or all that match",
       with_reason(by_id_or_filter()),
       "nowthen cancel --operation send-report --state ready --reason 'wrong month'", cancel,
       "A running step ends and is recorded; no later one starts."},
      {Group::act, "park", "stop invocations until a person resumes them",
       with_reason(by_id_or_filter()), "nowthen park 01j9x3k5w8m2c0q7r4t6v8y1za", park},
      {Group::act, "resume", "let parked invocations go on", by_id_or_filter(),
       "nowthen resume --operation place-order --state parked", resume},
      {Group::act,
       "restart",
       "let parked invocations begin again, with an empty journal",
       {ids},
       "nowthen restart 01j9x3k5w8m2c0q7r4t6v8y1za",
       restart},
      {Group::act,
       "rerun",
       "make a new invocation from one that has ended; prints its id",
       {ids, {"--follow", Takes::nothing, {}, "wait for its end"}},
       "nowthen rerun 01j9x3k5w8m2c0q7r4t6v8y1za --follow",
       rerun},
      {Group::act,
       "signal",
       "send a message to an invocation",
       {id,
        {"NAME", Takes::key, {}, "the signal", Need::required},
        {"PAYLOAD",
         Takes::json,
         {},
         "JSON, @FILE, or - for the standard input; null when left out"}},
       R"(nowthen signal 01j9x3k5w8m2c0q7r4t6v8y1za approved '{"by": "ann"}')",
       signal},
      {Group::act,
       "resolve",
       "say of a step in doubt what became of it",
       {id,
        {"PATH",
         Takes::key,
         {},
         "the step, as in the journal: charge, 1.0/charge#2",
         Need::required},
        {"--result", Takes::json, "JSON", "it happened, and this is its result"},
        {"--did-not-happen", Takes::nothing, {}, "it did not happen: run it again"}},
       R"(nowthen resolve 01j9x3k5w8m2c0q7r4t6v8y1za charge --result '{"id": "p1"}')",
       resolve},
  };
}

}  // namespace nowthen::cli
