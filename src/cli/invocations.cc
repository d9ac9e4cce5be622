// get, list, why and journal: looking at invocations.

#include <string>
#include <utility>
#include <vector>

#include <nowthen/json.h>

#include "cli/command.h"
#include "cli/listing.h"
#include "cli/session.h"
#include "cli/url.h"

namespace nowthen::cli {
namespace {

constexpr std::size_t kResultColumnsMax = 60;

std::string path_of(const std::string& id, std::string_view part) {
  Path path("/v1/invocations");
  path.segment(id);
  if (!part.empty()) path.segment(part);
  return path.text();
}

Exit get(Session& session, const Arguments& arguments) {
  return ask_and_show(session, {.path = path_of(arguments["ID"], "")},
                      [](Session& shown, const JsonValue& invocation) {
                        shown.print(fields_text(invocation));
                        return Exit::done;
                      });
}

Exit list(Session& session, const Arguments& arguments) {
  Listing listing{Path("/v1/invocations"),
                  "invocations",
                  {"id", "state", "accepted", "ended", "operation"},
                  arguments.number("--limit", 50)};
  if (listing.limit == 0) return session.wrong("--limit is at least 1");
  listing.path.query("operation", arguments["--operation"])
      .query("state", arguments["--state"])
      .query("order_key", arguments["--order-key"])
      .query("from", arguments["--from"]);
  return print_listing(session, std::move(listing));
}

Exit show_why(Session& session, const JsonValue& answer) {
  session.print(printable(answer.at("id").text() + " " + answer.at("state").text()) + "\n");
  for (const JsonValue& cause : answer.at("why").elements()) {
    session.print("  " + printable(cause.at("text").text()) + "\n");
  }
  return Exit::done;
}

Exit show_all_why(Session& session, const JsonValue& answer) {
  session.print(printable(answer.at("waiting").text()) + " waiting\n");
  const std::vector<JsonValue> causes = answer.at("causes").elements();
  if (causes.empty()) return Exit::done;
  const std::vector<std::string> columns = {"count", "kind", "example", "text"};
  Table table(titles_of(columns));
  add_rows(table, causes, columns);
  session.print(table.take(session.look()));
  return Exit::done;
}

Exit why(Session& session, const Arguments& arguments) {
  if (!arguments.has("ID")) return ask_and_show(session, {.path = "/v1/why"}, show_all_why);
  return ask_and_show(session, {.path = path_of(arguments["ID"], "why")}, show_why);
}

/// The pages of a journal, put together.
class Journal {
 public:
  explicit Journal(Session& session)
      : session_(session), table_({"SEQ", "KIND", "PATH", "TRIES", "AT", "RESULT"}) {}

  /// The `seq` of the last entry; none where it was the last page.
  std::string add(const JsonValue& page) {
    const std::vector<JsonValue> entries = page.at("entries").elements();
    for (const JsonValue& entry : entries) {
      if (session_.json()) entries_ += (entries_.empty() ? "" : ",") + entry.json();
      add_row(entry.at("seq").text(), entry, entry.at("at").text(), result_of(entry));
    }
    if (page.at("more").json() == "true" && !entries.empty())
      return entries.back().at("seq").text();
    open_ = page.at("open").json();
    for (const JsonValue& entry : page.at("open").elements()) {
      std::string state = entry.at("state").text();
      if (!entry.at("child").is_null()) state += ", child " + entry.at("child").text();
      add_row("open", entry, entry.at("due").text(), state);
    }
    return {};
  }

  void print() {
    if (!session_.json()) return session_.print(table_.take(session_.look()));
    std::string text;
    JsonWriter writer(text);
    writer.begin_object();
    writer.field("entries");
    writer.raw("[" + entries_ + "]");
    writer.field("open");
    writer.raw(open_);
    writer.field("more");
    writer.boolean(false);
    writer.end_object();
    session_.print(text + "\n");
  }

 private:
  static std::string result_of(const JsonValue& entry) {
    const JsonValue error = entry.at("error");
    if (error.is_null()) return entry.at("result").json();
    const std::string detail = error.at("detail").text();
    return "error: " + (detail.empty() ? error.text() : detail);
  }

  void add_row(std::string seq, const JsonValue& entry, std::string at, const std::string& result) {
    table_.add({std::move(seq), entry.at("kind").text(), entry.at("path").text(),
                entry.at("tries").text(), std::move(at),
                cut(printable(result), kResultColumnsMax)});
  }

  Session& session_;
  Table table_;
  std::string entries_;
  std::string open_ = "[]";
};

Exit journal(Session& session, const Arguments& arguments) {
  Journal journal(session);
  std::string after;
  do {
    Path path(path_of(arguments["ID"], "journal"));
    const Answer answer = session.ask({.path = path.query("after", after).text()});
    if (!answer) return answer.exit;
    const auto page = JsonValue::parse(answer.reply.body);
    if (!page) return session.strange("its answer is not JSON");
    after = journal.add(*page);
  } while (!after.empty());
  journal.print();
  return Exit::done;
}

}  // namespace

std::vector<Command> invocation_commands() {
  const Parameter id = {"ID", Takes::key, {}, "the invocation", Need::required};
  return {
      {Group::follow,
       "get",
       "what is known of an invocation",
       {id},
       "nowthen get 01j9x3k5w8m2c0q7r4t6v8y1za",
       get},
      {Group::follow,
       "list",
       "invocations: live ones, then ended ones, newest first",
       {{"--operation", Takes::operation, "NAME", "of this operation"},
        {"--state", Takes::choice, kStates, "in this state"},
        {"--order-key", Takes::key, "KEY", "of this order key"},
        {"--from", Takes::key, "TIME", "accepted then or later: 2026-01-31T12:00:00Z"},
        {"--limit", Takes::number, "N", "how many at most; 50 unless said"}},
       "nowthen list --operation place-order --state parked --limit 1000",
       list},
      {Group::follow,
       "why",
       "why it is not done; without an ID, all that waits, by cause",
       {{"ID", Takes::key, {}, "the invocation"}},
       "nowthen why",
       why},
      {Group::follow,
       "journal",
       "the recorded steps of an invocation, and the open ones",
       {id},
       "nowthen journal 01j9x3k5w8m2c0q7r4t6v8y1za",
       journal,
       "Long results are cut; --json has all of them."},
  };
}

}  // namespace nowthen::cli
