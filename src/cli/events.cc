// events: one invocation, live, a line for each event.

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <nowthen/json.h>

#include "cli/command.h"
#include "cli/event_reader.h"
#include "cli/session.h"
#include "cli/url.h"

namespace nowthen::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kValueColumnsMax = 60;
constexpr Duration kAwayMax = 60s;  // a server that starts again is waited for so long
constexpr Duration kBetween = 1s;

std::string as_line(const EventReader::Event& event) {
  std::string line = event.name;
  line.resize(std::max<std::size_t>(line.size(), 6), ' ');
  const auto data = JsonValue::parse(event.data);
  if (!data || !data->is_object()) return printable(line + " " + event.data) + "\n";
  for (const auto& [name, value] : data->fields()) {
    if (value.is_null() || name == "id") continue;
    line += " " + name + "=" + cut(printable(value.text()), kValueColumnsMax);
  }
  return printable(line) + "\n";
}

std::string as_json(const EventReader::Event& event) {
  std::string line;
  JsonWriter writer(line);
  writer.begin_object();
  writer.field("event");
  writer.string(event.name);
  if (!event.id.empty()) {
    writer.field("id");
    writer.string(event.id);
  }
  writer.field("data");
  const auto data = JsonValue::parse(event.data);
  data ? writer.raw(data->json()) : writer.string(event.data);
  writer.end_object();
  return line + "\n";
}

/// The stream of one invocation, taken up again where it broke off.
class Stream {
 public:
  Stream(Session& session, const std::string& id, std::string after)
      : session_(session), id_(id), last_id_(std::move(after)) {}

  Exit run() {
    last_seen_ = session_.console().now();
    for (;;) {
      const Exit exit = connect();
      if (ended_ || exit != Exit::done) return exit;
      session_.console().pause(kBetween);
      if (session_.console().interrupted()) return interrupted();
    }
  }

 private:
  /// One connection. `done`: it ended before the invocation did.
  Exit connect() {
    EventReader reader([this](const EventReader::Event& event) { take(event); });
    bool readable = true;
    bool written = true;
    Ask ask;
    ask.path = Path("/v1/invocations").segment(id_).segment("events").text();
    ask.headers = {{"Accept", "text/event-stream"}};
    if (!last_id_.empty()) ask.headers.push_back({"Last-Event-ID", last_id_});
    ask.timeout = Duration::zero();
    ask.on_bytes = [&](std::string_view bytes) {
      last_seen_ = session_.console().now();
      seen_ = true;
      readable = reader.feed(bytes);
      written = session_.console().flushed();
      return readable && written && !ended_;
    };
    const Duration began = session_.console().now();
    const Result<Reply> reply = session_.exchange(std::move(ask));
    if (session_.console().interrupted()) return interrupted();
    const bool connected = reply || reply.error().code == ErrorCode::failed;
    if (connected && session_.console().now() - began >= kBetween) {
      last_seen_ = session_.console().now();  // it was quiet
    }
    if (!written) return Exit::io_error;
    if (!readable) return session_.strange("an event is longer than kEventBytesMax");
    if (ended_) return Exit::done;
    const bool patient = session_.console().now() - last_seen_ <= kAwayMax;
    const bool away = !reply || reply->status == 503 || reply->status == 429;
    if (patient && (away ? seen_ : reply->status == 200)) return Exit::done;
    if (reply && reply->status == 200) return session_.strange("its streams of events do not last");
    return reply ? session_.explain(*reply) : session_.explain(reply.error());
  }

  void take(const EventReader::Event& event) {
    if (!event.id.empty()) last_id_ = event.id;
    session_.print(session_.json() ? as_json(event) : as_line(event));
    ended_ = ended_ || event.name == "end";
  }

  Exit interrupted() {
    session_.note("interrupted. Come back with: nowthen events " + id_ +
                  (last_id_.empty() ? "" : " --after " + last_id_));
    return Exit::interrupted;
  }

  Session& session_;
  const std::string& id_;
  std::string last_id_;
  Duration last_seen_{};
  bool seen_ = false;
  bool ended_ = false;
};

Exit events(Session& session, const Arguments& arguments) {
  return Stream(session, arguments["ID"], arguments["--after"]).run();
}

}  // namespace

std::vector<Command> event_commands() {
  return {{Group::follow,
           "events",
           "follow an invocation to its end, a line for each event",
           {{"ID", Takes::key, {}, "the invocation", Need::required},
            {"--after", Takes::number, "SEQ", "only entries of its journal after this one"}},
           "nowthen events 01j9x3k5w8m2c0q7r4t6v8y1za",
           events,
           "A broken connection is taken up again where it broke off."}};
}

}  // namespace nowthen::cli
