// The table of commands, in the order of help.

#include "cli/command.h"

namespace nowthen::cli {

const std::vector<Command>& commands() {
  static const std::vector<Command> kCommands = [] {
    std::vector<Command> all;
    for (auto* part : {call_commands, bulk_commands, invocation_commands, event_commands,
                       act_commands, operation_commands, policy_commands, operate_commands}) {
      for (Command& command : part()) all.push_back(std::move(command));
    }
    return all;
  }();
  return kCommands;
}

const std::vector<Parameter>& general_parameters() {
  static const std::vector<Parameter> kGeneral = {
      {"--server", Takes::text, "URL", "the server; NOWTHEN_URL, else http://127.0.0.1:7070"},
      {"--api-key-file", Takes::file, "FILE", "where the API key is; else NOWTHEN_API_KEY has it"},
      {"--ca-file", Takes::file, "FILE", "PEM of whom to trust with https; else NOWTHEN_CA_FILE"},
      {"--json", Takes::nothing, {}, "print what the server answers as it came"},
      {"--help", Takes::nothing, {}, "print this"},
  };
  return kGeneral;
}

}  // namespace nowthen::cli
