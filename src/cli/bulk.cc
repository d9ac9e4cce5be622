// bulk: a file of calls in one upload, of any length.

#include <utility>

#include "cli/command.h"
#include "cli/json_value.h"
#include "cli/session.h"
#include "cli/text.h"
#include "cli/url.h"

namespace nowthen::cli {
namespace {

/// Of one line of the answer; a server of ours stays far below.
constexpr std::size_t kLineBytesMax = std::size_t{1} << 20;

/// What the server says of the lines, as it comes.
class Answers {
 public:
  explicit Answers(Session& session) : session_(session) {}

  /// False: no more of it is wanted.
  bool feed(std::string_view bytes) {
    if (session_.json()) session_.print(bytes);
    while (readable_ && !bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      partial_ += bytes.substr(0, end);
      readable_ = partial_.size() <= kLineBytesMax;
      if (end == bytes.npos) break;
      take(std::exchange(partial_, {}));
      bytes.remove_prefix(end + 1);
    }
    written_ = session_.console().flushed();
    return readable_ && written_;
  }

  /// How it ended, if its last line came.
  std::optional<Exit> end() {
    if (!written_) return Exit::io_error;
    if (!readable_) return session_.strange("a line of its answer is no JSON, or too long");
    if (!summary_) return std::nullopt;
    if (!session_.json()) session_.print(*summary_ + "\n");
    return refused_ ? Exit::refused : Exit::done;
  }

 private:
  void take(const std::string& text) {
    const auto line = JsonValue::parse(text);
    readable_ = line && line->is_object();
    if (!readable_) return;
    if (!line->at("lines").is_null()) {
      summary_ = line->at("lines").text() + " lines, " + line->at("accepted").text() +
                 " accepted, " + line->at("refused").text() + " refused";
      refused_ = line->at("refused").text() != "0";
    } else if (const JsonValue problem = line->at("error"); !problem.is_null()) {
      if (!session_.json())
        session_.note("line " + line->at("line").text() + ": " + problem.at("detail").text());
    }
  }

  Session& session_;
  std::string partial_;  // the line that is not ended yet
  std::optional<std::string> summary_;
  bool refused_ = false;
  bool readable_ = true;
  bool written_ = true;
};

Exit bulk(Session& session, const Arguments& arguments) {
  const std::string path = arguments.has("FILE") ? arguments["FILE"] : "-";
  auto source = session.console().open(path);
  if (!source) return session.wrong("FILE: " + source.error().message);
  Answers answers(session);
  Ask ask;
  ask.method = "POST";
  ask.path = Path("/v1/operations").segment(arguments["NAME"]).segment("bulk").text();
  if (!session.json()) ask.headers.push_back({"Prefer", "return=minimal"});
  if (arguments.has("--key")) ask.headers.push_back({"Idempotency-Key", arguments["--key"]});
  ask.upload = std::move(*source);
  ask.content_type = "application/x-ndjson";
  ask.timeout = Duration::zero();
  ask.on_bytes = [&answers](std::string_view bytes) { return answers.feed(bytes); };
  const Result<Reply> reply = session.exchange(std::move(ask));
  if (reply && (reply->status < 200 || reply->status > 299)) return session.explain(*reply);
  if (const auto exit = answers.end()) return *exit;
  const bool unreached = !reply && reply.error().code == ErrorCode::unavailable;
  const Exit exit =
      reply ? session.strange("its answer has no last line") : session.explain(reply.error());
  if (!unreached) {
    session.note(arguments.has("--key")
                     ? "send it again with the same --key: no line is accepted twice"
                     : "which lines were accepted is not known; with --key KEY it is safe to send "
                       "them again");
  }
  return exit;
}

}  // namespace

std::vector<Command> bulk_commands() {
  return {{Group::run,
           "bulk",
           "hand many calls over in one upload; says which lines were refused",
           {{"NAME", Takes::operation, {}, "the operation", Need::required},
            {"FILE", Takes::file, {}, "a call a line; - or nothing: the standard input"},
            {"--key", Takes::key, "KEY", "line n has the idempotency key KEY/n"}},
           "nowthen bulk resize calls.ndjson --key monday",
           bulk,
           "A line is {\"input\": ..., \"order_key\", \"idempotency_key\", \"callback\", "
           "\"delay\"}. With\n"
           "--json every line is answered, with the id of its invocation."}};
}

}  // namespace nowthen::cli
