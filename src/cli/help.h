#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/cli.h"
#include "cli/command.h"

namespace nowthen::cli {

/// `nowthen --help`: all commands, by what a person wants.
std::string help_of_all(const std::vector<LocalCommand>& locals);
/// `nowthen COMMAND --help`.
std::string help_of(const Command& command);
/// The commands whose first word this is: what `nowthen policy` alone prints.
std::string help_of_family(std::string_view word);

}  // namespace nowthen::cli
