#include "cli/cli.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <nowthen/failure.h>

#include "cli/command.h"
#include "cli/completion.h"
#include "cli/curl_transport.h"
#include "cli/help.h"
#include "cli/session.h"
#include "cli/url.h"

namespace nowthen::cli {
namespace {

using Words = std::vector<std::string>;

constexpr std::string_view kServer = "http://127.0.0.1:7070";  // what `nowthen serve` listens at

int say(Console& console, std::string_view text, Exit exit) {
  console.error("nowthen: " + printable(text) + "\n");
  return static_cast<int>(exit);
}

int print(Console& console, std::string_view text) {
  console.out(text);
  return static_cast<int>(Exit::done);
}

/// The command that the first one or two words name, which are taken away.
const Command* take_command(Words& words) {
  for (const std::size_t count : {std::size_t{2}, std::size_t{1}}) {
    if (words.size() < count) continue;
    const std::string name = count == 2 ? words[0] + " " + words[1] : words[0];
    const auto found = std::ranges::find(commands(), name, &Command::name);
    if (found == commands().end()) continue;
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(count));
    return &*found;
  }
  return nullptr;
}

Result<std::string> api_key(Console& console, const std::string& file) {
  std::string key = console.variable("NOWTHEN_API_KEY");
  if (!file.empty()) {
    Result<std::string> text = console.read(file);
    if (!text) return Error{text.error().code, "--api-key-file: " + text.error().message};
    key = std::move(*text);
  }
  while (key.ends_with('\n') || key.ends_with('\r') || key.ends_with(' ')) key.pop_back();
  const bool plain = std::ranges::all_of(key, [](char c) { return c > ' ' && c <= '~'; });
  if (!plain || (key.empty() && !file.empty())) {
    return Error{ErrorCode::invalid_argument,
                 (file.empty() ? "NOWTHEN_API_KEY" : "--api-key-file " + file) + " has no API key"};
  }
  return key;
}

Result<Target> target_of(Console& console, const Arguments& own, const Arguments& front) {
  const auto given = [&](std::string_view name, const char* variable) {
    if (own.has(name)) return own[name];
    if (front.has(name)) return front[name];
    return variable == nullptr ? std::string() : console.variable(variable);
  };
  std::string named = given("--server", "NOWTHEN_URL");
  Result<std::string> server = parse_server(named.empty() ? kServer : named);
  if (!server) return Error{server.error().code, "--server: " + server.error().message};
  Result<std::string> key = api_key(console, given("--api-key-file", nullptr));
  if (!key) return key.error();
  Target target{std::move(*server), std::move(*key), given("--ca-file", "NOWTHEN_CA_FILE")};
  if (own.has("--json") || front.has("--json")) target.form = Target::Form::json;
  return target;
}

int run_command(const Command& command, const Arguments& front, Words words, Console& console,
                Transport& transport) {
  if (front.has("--help")) return print(console, help_of(command));
  std::vector<Parameter> parameters = command.parameters;
  parameters.insert(parameters.end(), general_parameters().begin(), general_parameters().end());
  const std::string name(command.name);
  const auto arguments = parse_arguments(parameters, std::move(words));
  if (!arguments) {
    return say(console,
               name + ": " + arguments.error().message + " (see nowthen " + name + " --help)",
               Exit::usage);
  }
  if (arguments->has("--help")) return print(console, help_of(command));
  Result<Target> target = target_of(console, *arguments, front);
  if (!target) return say(console, target.error().message, Exit::usage);
  console.watch_interrupts();
  Session session(console, transport, std::move(*target), name);
  try {
    const Exit exit = command.run(session, *arguments);
    // A person who ends the reading of his own input did not write a wrong command line.
    const bool stopped = exit == Exit::usage && console.interrupted();
    return static_cast<int>(stopped ? Exit::interrupted : exit);
  } catch (const CodecFailed& failed) {  // what was given cannot be written as JSON
    return say(console, name + ": " + failed.what(), Exit::usage);
  }
}

int complain(Console& console, const Words& words) {
  if (words.empty()) return say(console, "which command? See nowthen --help", Exit::usage);
  const std::string family = help_of_family(words[0]);
  if (!family.empty()) {
    say(console, words[0] + " is one of these:", Exit::usage);
    console.error(family);
    return static_cast<int>(Exit::usage);
  }
  return say(console, "there is no command '" + words[0] + "'; see nowthen --help", Exit::usage);
}

int print_completion(Console& console, const Words& words,
                     const std::vector<LocalCommand>& locals) {
  if (words == Words{"completion", "bash"}) {
    return print(console, completion_script(Shell::bash, locals));
  }
  if (words == Words{"completion", "zsh"}) {
    return print(console, completion_script(Shell::zsh, locals));
  }
  return say(console, "completion: for which shell? nowthen completion bash, or zsh", Exit::usage);
}

int dispatch(Words words, Console& console, Transport& transport,
             const std::vector<LocalCommand>& locals) {
  Result<Front> front = parse_front(std::move(words));
  if (!front) return say(console, front.error().message, Exit::usage);
  words = std::move(front->rest);
  if (!words.empty() && words[0] == "help") {
    words.erase(words.begin());
    front->general.add("--help", "true");
  }
  if (!words.empty()) {
    const auto local = std::ranges::find(locals, words[0], &LocalCommand::name);
    if (local != locals.end()) {
      words.erase(words.begin());
      if (front->general.has("--help")) words.assign({"--help"});
      return local->run(words);
    }
    if (words[0] == "version") return print(console, "nowthen " NOWTHEN_VERSION "\n");
    if (words[0] == "completion") return print_completion(console, words, locals);
  }
  const Command* command = take_command(words);
  if (command != nullptr) {
    return run_command(*command, front->general, std::move(words), console, transport);
  }
  if (words.empty() && front->general.has("--help")) return print(console, help_of_all(locals));
  return complain(console, words);
}

}  // namespace

int run(const Words& words, Console& console, Transport& transport,
        const std::vector<LocalCommand>& locals) {
  const int exit = dispatch(words, console, transport, locals);
  if (console.flushed()) return exit;
  return say(console, "the output cannot be written", Exit::io_error);
}

int run(int argc, const char* const* argv, const std::vector<LocalCommand>& locals) {
  SystemConsole console;
  CurlTransport transport([&console] { return console.interrupted(); });
  return run(Words(argv + std::min(argc, 1), argv + argc), console, transport, locals);
}

}  // namespace nowthen::cli
