#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/console.h"
#include "cli/exit.h"
#include "cli/json_value.h"
#include "cli/text.h"
#include "cli/transport.h"

namespace nowthen::cli {

/// Where the server is, and how to speak to it and to the user.
struct Target {
  std::string server;  ///< "http://127.0.0.1:7070"
  std::string api_key;
  std::string ca_file;
  enum class Form : std::uint8_t { readable, json } form = Form::readable;
};

/// What a command wants of the server.
struct Ask {
  std::string method = "GET";
  std::string path = {};
  std::vector<Header> headers = {};
  std::string body = {};
  Source upload = {};  ///< instead of a body
  std::string content_type = "application/json";
  Duration timeout = std::chrono::seconds(60);
  std::function<bool(std::string_view)> on_bytes = {};
};

/// A reply, or what has been said of its absence already. `exit` is `done` exactly for a 2xx.
struct Answer {
  Exit exit = Exit::done;
  Reply reply = {};
  explicit operator bool() const { return exit == Exit::done; }
};

/// One run of one command: asks the server, and says what came of it.
class Session {
 public:
  Session(Console& console, Transport& transport, Target target, std::string command);

  /// Sends, and explains what is not a 2xx on the standard error.
  Answer ask(Ask ask);
  /// Sends; nothing is said.
  Result<Reply> exchange(Ask ask);
  /// What becomes of a reply that is not a 2xx, said to the user.
  Exit explain(const Reply& reply);
  Exit explain(const Error& error);

  bool json() const { return target_.form == Target::Form::json; }
  /// Whether the server is on this machine.
  bool is_local() const;
  Console& console() { return console_; }
  Look look() const { return look_; }

  /// The standard output, as it is.
  void print(std::string_view text) { console_.out(text); }
  /// A body as it came; on a terminal with everything escaped that it would obey.
  void print_body(const Reply& reply);
  /// "nowthen: ..." on the standard error.
  void note(std::string_view text);
  /// The command line is wrong in a way that one argument alone does not show.
  Exit wrong(std::string_view text);
  /// The reply is not what the API promises.
  Exit strange(std::string_view text);

 private:
  Console& console_;
  Transport& transport_;
  Target target_;
  std::string command_;
  Look look_;
};

/// Exchanges and prints the answer: as it came with --json, else by `show`.
Exit ask_and_show(Session& session, Ask ask,
                  const std::function<Exit(Session&, const JsonValue&)>& show);
enum class InputForm : std::uint8_t { json, bytes };
/// What an argument named `name` gives: JSON, @FILE, or - for the standard input. Errors name it.
Result<std::string> read_input(Session& session, const std::string& name,
                               const std::string& argument, InputForm form = InputForm::json);

}  // namespace nowthen::cli
