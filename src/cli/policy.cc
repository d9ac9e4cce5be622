// policy get, set, history and revert.

#include <algorithm>
#include <map>
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

constexpr std::size_t kChangeColumnsMax = 200;

Ask ask_policy(const Arguments& arguments, std::string method, std::string_view part = {}) {
  Path path = Path("/v1/operations").segment(arguments["NAME"]).segment("policy");
  if (!part.empty()) path.segment(part);
  Ask ask;
  ask.method = std::move(method);
  ask.path = path.text();
  if (ask.method != "GET" && arguments.has("--if-revision")) {
    ask.headers.push_back({"If-Match", "\"" + arguments["--if-revision"] + "\""});
  }
  return ask;
}

/// "auto, later".
std::string joined(const std::vector<JsonValue>& values) {
  std::string text;
  for (const JsonValue& value : values) text += (text.empty() ? "" : ", ") + value.text();
  return text;
}

/// The fields of a policy in force; only those in `names`, unless it is empty.
Exit show(Session& session, const JsonValue& policy, const std::vector<std::string>& names) {
  session.print(
      printable(policy.at("operation").text() + ", revision " + policy.at("revision").text()) +
      "\n");
  const JsonValue allow = policy.at("allow");
  Table table({"FIELD", "VALUE", "LAYER", "ALLOWED"});
  for (const auto& [name, field] : policy.at("fields").fields()) {
    if (!names.empty() && std::ranges::find(names, name) == names.end()) continue;
    const std::string allowed = joined(allow.at(name).elements());
    table.add({name, field.at("value").text(), field.at("layer").text(), allowed});
  }
  session.print(table.take(session.look()));
  const std::string ignored = joined(policy.at("ignored").elements());
  if (!ignored.empty()) {
    session.note("set, but ignored, as the declaration does not allow it: " + ignored);
  }
  if (!policy.at("notice").is_null()) session.note(policy.at("notice").text());
  return Exit::done;
}

Exit get(Session& session, const Arguments& arguments) {
  return ask_and_show(
      session, ask_policy(arguments, "GET"),
      [](Session& shown, const JsonValue& policy) { return show(shown, policy, {}); });
}

Exit set(Session& session, const Arguments& arguments) {
  const auto settings = policy_settings(arguments.all("FIELD=VALUE"));
  if (!settings) return session.wrong(settings.error().message);
  Ask ask = ask_policy(arguments, "PATCH");
  ask.body = settings->json;
  return ask_and_show(session, std::move(ask), [&](Session& shown, const JsonValue& policy) {
    return show(shown, policy, settings->names);
  });
}

/// {"retry": {"factor": 3}} as "retry.factor" -> "3".
std::map<std::string, std::string> flat(const JsonValue& override_layer) {
  std::map<std::string, std::string> fields;
  for (const auto& [name, value] : override_layer.fields()) {
    if (!value.is_object()) fields[name] = value.text();
    for (const auto& [inner, inner_value] : value.fields()) {
      fields[name + "." + inner] = inner_value.text();
    }
  }
  return fields;
}

/// "mode: auto -> later, retain: 2d -> (declared)".
std::string difference(const JsonValue& before, const JsonValue& after) {
  const std::map<std::string, std::string> was = flat(before);
  std::map<std::string, std::string> is = flat(after);
  for (const auto& [name, value] : was) is.try_emplace(name, "");
  std::string text;
  const auto shown = [](const std::string& value) { return value.empty() ? "(declared)" : value; };
  for (const auto& [name, value] : is) {
    const auto found = was.find(name);
    const std::string old = found == was.end() ? "" : found->second;
    if (old == value) continue;
    text += (text.empty() ? "" : ", ") + name + ": " + shown(old) + " -> " + shown(value);
  }
  return text;
}

Exit show_history(Session& session, const JsonValue& history) {
  const std::vector<JsonValue> changes = history.at("changes").elements();
  if (changes.empty()) return session.note("it was never changed"), Exit::done;
  Table table({"SEQ", "WHEN", "WHO", "CHANGE"});
  for (const JsonValue& change : changes) {
    const std::string what = difference(change.at("before"), change.at("after"));
    table.add({change.at("seq").text(), change.at("when").text(), change.at("who").text(),
               cut(printable(what), kChangeColumnsMax)});
  }
  session.print(table.take(session.look()));
  return Exit::done;
}

Exit history(Session& session, const Arguments& arguments) {
  return ask_and_show(session, ask_policy(arguments, "GET", "history"), show_history);
}

Exit revert(Session& session, const Arguments& arguments) {
  Ask ask = ask_policy(arguments, "POST", "revert");
  JsonWriter writer(ask.body);
  writer.begin_object();
  writer.field("seq");
  writer.natural(arguments.number("SEQ", 0));
  writer.end_object();
  return ask_and_show(session, std::move(ask), [](Session& shown, const JsonValue& policy) {
    return show(shown, policy, {});
  });
}

}  // namespace

std::vector<Command> policy_commands() {
  const Parameter name = {"NAME", Takes::operation, {}, "the operation", Need::required};
  const Parameter if_revision = {"--if-revision", Takes::number, "N",
                                 "only if this is still its revision"};
  return {
      {Group::operate,
       "policy get",
       "the policy of an operation, and where each value comes from",
       {name},
       "nowthen policy get place-order",
       get},
      {Group::operate,
       "policy set",
       "change a policy while it runs",
       {name,
        {"FIELD=VALUE",
         Takes::text,
         {},
         "such as mode=later; nothing after = gives it back",
         Need::at_least_one},
        if_revision},
       "nowthen policy set place-order mode=later retry.attempts_max=3",
       set,
       "It is in force everywhere when this returns. The fields are those of policy get."},
      {Group::operate,
       "policy history",
       "who changed a policy, when and how",
       {name},
       "nowthen policy history place-order",
       history},
      {Group::operate,
       "policy revert",
       "take one change of a policy back",
       {name,
        {"SEQ", Takes::number, {}, "the change, as in policy history", Need::required},
        if_revision},
       "nowthen policy revert place-order 7",
       revert},
  };
}

}  // namespace nowthen::cli
