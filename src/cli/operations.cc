// operations: what can be called, and declaring what is served elsewhere.

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <nowthen/json.h>

#include "cli/command.h"
#include "cli/listing.h"
#include "cli/policy_settings.h"
#include "cli/session.h"
#include "cli/url.h"

namespace nowthen::cli {
namespace {

constexpr Duration kNamesWithin = std::chrono::seconds(2);  // a shell completes with them

std::string path_of(const Arguments& arguments) {
  return Path("/v1/operations").segment(arguments["NAME"]).text();
}

/// "running 2, ready 1" of {"running": 2, "ready": 1}, without zeros.
std::string counts(const JsonValue& live) {
  std::string text;
  for (const auto& [state, count] : live.fields()) {
    if (count.text() == "0") continue;
    text += (text.empty() ? "" : ", ") + state + " " + count.text();
  }
  return text;
}

/// "http", "pull", "in_process".
std::string executor_of(const JsonValue& operation) {
  const auto fields = operation.at("executor").fields();
  return fields.empty() ? "" : fields.front().first;
}

Exit show_all(Session& session, const JsonValue& answer) {
  Table table({"NAME", "MODE", "EXECUTOR", "LIVE"});
  const std::vector<JsonValue> operations = answer.at("operations").elements();
  if (operations.empty()) return session.note("there are no operations yet"), Exit::done;
  for (const JsonValue& operation : operations) {
    table.add({operation.at("name").text(), operation.at("policy").at("mode").text(),
               executor_of(operation), counts(operation.at("live"))});
  }
  session.print(table.take(session.look()));
  return Exit::done;
}

Exit show_names(Session& session, const JsonValue& answer) {
  for (const JsonValue& operation : answer.at("operations").elements()) {
    session.print(printable(operation.at("name").text()) + "\n");
  }
  return Exit::done;
}

Exit list(Session& session, const Arguments& arguments) {
  Ask ask{.path = "/v1/operations"};
  if (!arguments.has("--names")) return ask_and_show(session, std::move(ask), show_all);
  ask.timeout = kNamesWithin;
  return ask_and_show(session, std::move(ask), show_names);
}

Exit show_one(Session& session, const JsonValue& operation) {
  session.print(fields_text(operation));
  return Exit::done;
}

Exit get(Session& session, const Arguments& arguments) {
  return ask_and_show(session, {.path = path_of(arguments)}, show_one);
}

void optional_string(JsonWriter& writer, std::string_view field, const std::string& value) {
  if (value.empty()) return;
  writer.field(field);
  writer.string(value);
}

/// "Authorization=CHARGE_TOKEN" -> {"Authorization": {"secret": "CHARGE_TOKEN"}}.
Result<void> write_headers(JsonWriter& writer, const std::vector<std::string>& headers) {
  if (headers.empty()) return {};
  writer.field("headers");
  writer.begin_object();
  for (const std::string& header : headers) {
    const std::size_t equals = header.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == header.size()) {
      return Error{ErrorCode::invalid_argument,
                   "--secret-header '" + header + "' is not HEADER=SECRET"};
    }
    const std::string name = header.substr(0, equals);  // stays while the writer needs it
    writer.field(name);
    writer.begin_object();
    writer.field("secret");
    writer.string(std::string_view(header).substr(equals + 1));
    writer.end_object();
  }
  writer.end_object();
  return {};
}

/// {"http": {...}} or {"pull": {...}}.
Result<void> write_executor(JsonWriter& writer, const Arguments& arguments) {
  const bool http = arguments.has("--http");
  writer.field("executor");
  writer.begin_object();
  writer.field(http ? "http" : "pull");
  writer.begin_object();
  if (http) {
    optional_string(writer, "url", arguments["--http"]);
    if (const auto done = write_headers(writer, arguments.all("--secret-header")); !done) {
      return done;
    }
    optional_string(writer, "on_unknown", arguments["--on-unknown"]);
  }
  optional_string(writer, "lease", arguments["--lease"]);
  writer.end_object();
  writer.end_object();
  return {};
}

Result<std::string> declaration(const Arguments& arguments) {
  const auto policy = policy_settings(arguments.all("--policy"), arguments.all("--allow"));
  if (!policy) return policy.error();
  std::string body;
  JsonWriter writer(body);
  writer.begin_object();
  if (const auto done = write_executor(writer, arguments); !done) return done.error();
  if (policy->json != "{}") {
    writer.field("policy");
    writer.raw(policy->json);
  }
  optional_string(writer, "key_scope", arguments["--key-scope"]);
  writer.end_object();
  return body;
}

Exit declare(Session& session, const Arguments& arguments) {
  const int given = (arguments.has("DECLARATION") ? 1 : 0) + (arguments.has("--http") ? 1 : 0) +
                    (arguments.has("--pull") ? 1 : 0);
  if (given != 1) return session.wrong("it takes --http URL, --pull or @FILE, one of them");
  for (const char* name : {"--policy", "--allow", "--lease", "--key-scope"}) {
    if (arguments.has("DECLARATION") && arguments.has(name)) {
      return session.wrong(std::string(name) + " belongs into the declaration that is given");
    }
  }
  for (const char* name : {"--secret-header", "--on-unknown"}) {
    if (!arguments.has("--http") && arguments.has(name)) {
      return session.wrong(std::string(name) + " needs --http URL");
    }
  }
  Result<std::string> body = arguments.has("DECLARATION")
                                 ? read_input(session, "DECLARATION", arguments["DECLARATION"])
                                 : declaration(arguments);
  if (!body) return session.wrong(body.error().message);
  return ask_and_show(
      session, {.method = "PUT", .path = path_of(arguments), .body = std::move(*body)}, show_one);
}

Exit remove(Session& session, const Arguments& arguments) {
  const Answer answer = session.ask({.method = "DELETE", .path = path_of(arguments)});
  return answer.exit;
}

}  // namespace

std::vector<Command> operation_commands() {
  const Parameter name = {"NAME", Takes::operation, {}, "the operation", Need::required};
  return {
      {Group::operate,
       "operations",
       "what can be called, and how much of it lives",
       {{"--names", Takes::nothing, {}, "the names alone, one a line"}},
       "nowthen operations",
       list},
      {Group::operate,
       "operations get",
       "all that is known of an operation",
       {name},
       "nowthen operations get charge",
       get},
      {Group::operate,
       "operations declare",
       "say that an operation is served elsewhere",
       {name,
        {"DECLARATION", Takes::json, {}, "all of it, as in docs/http.md: @FILE"},
        {"--http", Takes::key, "URL", "a service that is sent each attempt"},
        {"--pull", Takes::nothing, {}, "workers ask for attempts"},
        {"--lease", Takes::duration, "DURATION", "how long an attempt may be silent"},
        {"--secret-header", Takes::key, "HEADER=SECRET", "a header with a secret of the server's",
         Need::many},
        {"--on-unknown", Takes::choice, "retry|park", "when no answer came to what was sent"},
        {"--policy", Takes::key, "FIELD=VALUE", "as in policy set", Need::many},
        {"--allow", Takes::key, "FIELD=LIST", "what an operator may choose: mode=auto,later",
         Need::many},
        {"--key-scope", Takes::key, "NAME", "share order keys with other operations"}},
       "nowthen operations declare charge --http http://127.0.0.1:9000/charge --policy mode=auto "
       "--policy answer_within=300ms --allow mode=auto,later",
       declare},
      {Group::operate,
       "operations delete",
       "withdraw a declaration; what lives of it is parked",
       {name},
       "nowthen operations delete charge",
       remove},
  };
}

}  // namespace nowthen::cli
