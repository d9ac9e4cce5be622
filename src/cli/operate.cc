// key, audit and backup: running a server.

#include <chrono>
#include <filesystem>
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

constexpr Duration kBackupWithin = std::chrono::hours(24);

std::string object_of(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object();
  for (const auto& [name, value] : fields) {
    writer.field(name);
    writer.string(value);
  }
  writer.end_object();
  return json;
}

Exit show_secret(Session& session, const JsonValue& key) {
  session.print(printable(key.at("secret").text()) + "\n");
  session.note("key " + key.at("id").text() +
               " is made. Keep its secret: it is shown this once. From the first key on, every "
               "call needs one (NOWTHEN_API_KEY)");
  return Exit::done;
}

Exit create_key(Session& session, const Arguments& arguments) {
  return ask_and_show(
      session,
      {.method = "POST",
       .path = "/v1/keys",
       .body = object_of({{"name", arguments["NAME"]}, {"role", arguments["--role"]}})},
      show_secret);
}

Exit list_keys(Session& session, const Arguments&) {
  return ask_and_show(session, {.path = "/v1/keys"}, [](Session& shown, const JsonValue& answer) {
    const std::vector<std::string> columns = {"id", "name", "role", "created"};
    Table table(titles_of(columns));
    add_rows(table, answer.at("keys").elements(), columns);
    shown.print(table.take(shown.look()));
    return Exit::done;
  });
}

Exit revoke_key(Session& session, const Arguments& arguments) {
  const std::string path = Path("/v1/keys").segment(arguments["KEY"]).text();
  return session.ask({.method = "DELETE", .path = path}).exit;
}

Exit audit(Session& session, const Arguments& arguments) {
  const std::uint64_t limit = arguments.number("--limit", 50);
  if (limit == 0) return session.wrong("--limit is at least 1");
  return print_listing(session, {Path("/v1/audit"), "entries", {}, limit});
}

Exit backup(Session& session, const Arguments& arguments) {
  std::error_code error;
  std::filesystem::path dir(arguments["DIR"]);
  if (dir.is_relative() && session.is_local()) dir = std::filesystem::absolute(dir, error);
  if (dir.is_relative() || error) {
    return session.wrong("DIR is a folder of the server's machine: give its whole path");
  }
  Ask ask;
  ask.method = "POST";
  ask.path = "/v1/backup";
  ask.body = object_of({{"dir", dir.string()}});
  ask.timeout = kBackupWithin;
  return ask_and_show(session, std::move(ask), [&](Session& shown, const JsonValue& answer) {
    const std::string where = answer.at("dir").text();
    shown.print("written to " + printable(where.empty() ? dir.string() : where) + "\n");
    return Exit::done;
  });
}

}  // namespace

std::vector<Command> operate_commands() {
  return {
      {Group::operate,
       "key create",
       "make an API key; prints its secret",
       {{"NAME", Takes::key, {}, "whose it is, for the audit", Need::required},
        {"--role", Takes::choice, "caller|viewer|operator|admin", "what it may do",
         Need::required}},
       "nowthen key create web-shop --role caller > web-shop.key",
       create_key},
      {Group::operate,
       "key list",
       "the API keys, without their secrets",
       {},
       "nowthen key list",
       list_keys},
      {Group::operate,
       "key revoke",
       "take an API key back",
       {{"KEY", Takes::key, {}, "its id, as in key list", Need::required}},
       "nowthen key revoke k7",
       revoke_key},
      {Group::operate,
       "audit",
       "who did what, newest first",
       {{"--limit", Takes::number, "N", "how many at most; 50 unless said"}},
       "nowthen audit --limit 200",
       audit},
      {Group::operate,
       "backup",
       "write a consistent copy of the data folder",
       {{"DIR",
         Takes::text,
         {},
         "a folder of the server's machine that is not there yet",
         Need::required}},
       "nowthen backup /var/backups/nowthen-monday",
       backup},
  };
}

}  // namespace nowthen::cli
