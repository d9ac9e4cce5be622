#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nowthen/policy.h>
#include <nowthen/result.h>

#include "cli/exit.h"

namespace nowthen::cli {

class Session;

/// What an argument takes: what is checked before anything is sent, and what a shell completes.
enum class Takes : std::uint8_t {
  nothing,    ///< a flag
  text,       ///< any text in UTF-8
  key,        ///< fits into a header: no control characters, no space around it
  json,       ///< JSON, @FILE, or - for the standard input
  file,       ///< a path here
  duration,   ///< 300ms, 5s
  number,     ///< 0 and up
  operation,  ///< the name of an operation
  choice,     ///< one of the words in `value`, which has a | between them
};
enum class Need : std::uint8_t { optional, required, many, at_least_one };

/// An option ("--wait"), or an argument that has its place ("NAME").
struct Parameter {
  std::string_view name;
  Takes takes = Takes::text;
  std::string_view value = {};  ///< what help calls the value of an option; see `choice`
  std::string_view summary = {};
  Need need = Need::optional;

  bool is_option() const { return name.starts_with('-'); }
  bool repeats() const { return need == Need::many || need == Need::at_least_one; }
};

/// What was given for the parameters of one command. Asking for one that the command does not have
/// is an error of ours and asserts.
class Arguments {
 public:
  void declare(std::string_view name) { values_[std::string(name)]; }
  void add(std::string_view name, std::string value);

  bool has(std::string_view name) const { return !all(name).empty(); }
  const std::vector<std::string>& all(std::string_view name) const;
  /// The only or first one; empty if there is none.
  const std::string& operator[](std::string_view name) const;
  /// Precondition: the parameter takes a duration.
  std::optional<Duration> duration(std::string_view name) const;
  /// Precondition: the parameter takes a number, and it was given or `otherwise` is.
  std::uint64_t number(std::string_view name, std::uint64_t otherwise) const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

/// What a person wants when he looks for a command.
enum class Group : std::uint8_t { run, follow, act, operate, here };

struct Command {
  Group group = Group::run;
  std::string_view name;  ///< one word or two: "policy set"
  std::string_view summary;
  std::vector<Parameter> parameters;
  std::string_view example;
  Exit (*run)(Session&, const Arguments&) = nullptr;
  std::string_view details = {};  ///< more lines of help
};

/// All commands that talk to a server, in the order of help.
const std::vector<Command>& commands();
/// Those with which every command can be told where the server is, and how to print.
const std::vector<Parameter>& general_parameters();

// The parts of the table, each beside its functions.
std::vector<Command> call_commands();
std::vector<Command> bulk_commands();
std::vector<Command> invocation_commands();
std::vector<Command> act_commands();
std::vector<Command> event_commands();
std::vector<Command> operation_commands();
std::vector<Command> policy_commands();
std::vector<Command> operate_commands();

/// As `Takes::choice` wants them.
inline constexpr std::string_view kStates =
    "scheduled|ready|running|suspended|backing_off|parked|succeeded|failed|cancelled|expired";

/// The arguments that `words` give for `parameters`, checked; `invalid_argument` is one line that
/// names the argument.
Result<Arguments> parse_arguments(const std::vector<Parameter>& parameters,
                                  std::vector<std::string> words);

/// The general options in front of the command, and the words from the command on.
struct Front {
  Arguments general;
  std::vector<std::string> rest;
};
Result<Front> parse_front(std::vector<std::string> words);

}  // namespace nowthen::cli
