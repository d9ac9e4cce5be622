#include "cli/session.h"

#include <utility>

#include <nowthen/json.h>

#include "cli/problem.h"
#include "cli/url.h"

namespace nowthen::cli {
namespace {

Look look_of(const Console& console) {
  const bool bold = console.out_is_terminal() && console.variable("NO_COLOR").empty() &&
                    console.variable("TERM") != "dumb";
  return bold ? Look::bold_titles : Look::plain;
}

bool is_json(const Reply& reply) {
  const std::string* type = reply.header("Content-Type");
  return type == nullptr || type->find("json") != std::string::npos;
}

}  // namespace

Session::Session(Console& console, Transport& transport, Target target, std::string command)
    : console_(console),
      transport_(transport),
      target_(std::move(target)),
      command_(std::move(command)),
      look_(look_of(console)) {}

bool Session::is_local() const { return is_loopback(target_.server); }

Result<Reply> Session::exchange(Ask ask) {
  Request request;
  request.method = std::move(ask.method);
  request.url = target_.server + ask.path;
  request.headers = std::move(ask.headers);
  request.body = std::move(ask.body);
  request.upload = std::move(ask.upload);
  request.ca_file = target_.ca_file;
  request.timeout = ask.timeout;
  request.on_bytes = std::move(ask.on_bytes);
  if (!request.body.empty() || request.upload)
    request.headers.push_back({"Content-Type", ask.content_type});
  if (!target_.api_key.empty()) {
    request.headers.push_back({"Authorization", "Bearer " + target_.api_key});
  }
  return transport_.send(request);
}

Answer Session::ask(Ask ask) {
  Result<Reply> reply = exchange(std::move(ask));
  if (!reply) return {explain(reply.error())};
  const bool good = reply->status >= 200 && reply->status < 300;
  return {good ? Exit::done : explain(*reply), std::move(*reply)};
}

Exit Session::explain(const Error& error) {
  if (error.code == ErrorCode::cancelled) {
    note("interrupted");
    return Exit::interrupted;
  }
  const bool unreached = error.code == ErrorCode::unavailable;
  note(error.message + (unreached ? "; --server or NOWTHEN_URL say which server" : ""));
  return Exit::unreachable;
}

Exit Session::explain(const Reply& reply) {
  const auto problem = problem_of(reply);
  if (!problem) {
    const std::string* invocation = reply.header("Nowthen-Invocation");
    if (!json() || invocation == nullptr) {
      note((invocation != nullptr ? "invocation " + *invocation : target_.server) +
           " answered with status " + std::to_string(reply.status));
    }
    if (invocation == nullptr) return exit_of(reply.status, {});
    console_.error(printable(reply.body, LineBreaks::kept) + "\n");
    return Exit::failed;  // what the operation itself answered
  }
  if (json()) {
    console_.error(reply.body + "\n");
  } else {
    note(to_line(*problem, reply, target_.server));
    if (reply.status == 401 && target_.api_key.empty()) {
      note("no API key was given: set NOWTHEN_API_KEY, or use --api-key-file FILE");
    }
  }
  return exit_of(reply.status, problem->slug);
}

void Session::print_body(const Reply& reply) {
  std::string text = reply.body;
  if (console_.out_is_terminal()) text = printable(text, LineBreaks::kept);
  const bool whole_line = text.empty() || text.ends_with('\n');
  if (!whole_line && (is_json(reply) || console_.out_is_terminal())) text += '\n';
  print(text);
}

void Session::note(std::string_view text) { console_.error("nowthen: " + printable(text) + "\n"); }

Exit Session::wrong(std::string_view text) {
  note(command_ + ": " + std::string(text) + " (see nowthen " + command_ + " --help)");
  return Exit::usage;
}

Exit Session::strange(std::string_view text) {
  note(target_.server + " does not answer like a Nowthen server: " + std::string(text));
  return Exit::unreachable;
}

Exit ask_and_show(Session& session, Ask ask,
                  const std::function<Exit(Session&, const JsonValue&)>& show) {
  const Answer answer = session.ask(std::move(ask));
  if (!answer) return answer.exit;
  const auto body = JsonValue::parse(answer.reply.body);
  if (!body) return session.strange("its answer is not JSON");
  if (session.json()) {
    session.print_body(answer.reply);
    return Exit::done;
  }
  return show(session, *body);
}

Result<std::string> read_input(Session& session, const std::string& name,
                               const std::string& argument, InputForm form) {
  std::string where = name;
  std::string text = argument;
  if (argument == "-" || argument.starts_with('@')) {
    Result<std::string> file = session.console().read(argument == "-" ? "-" : argument.substr(1));
    if (!file) return Error{file.error().code, name + ": " + file.error().message};
    text = std::move(*file);
    where += " " + argument;
  }
  if (form == InputForm::bytes) return text;
  // Nothing is `null`: an empty file is as good as none.
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return std::string();
  if (const auto valid = validate_json(text); !valid) {
    return Error{ErrorCode::invalid_argument,
                 where + " is not JSON: " + valid.error().message +
                     (where == name ? "; a text needs quotes: '\"text\"'" : "")};
  }
  return text;
}

}  // namespace nowthen::cli
