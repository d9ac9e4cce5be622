#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/cli.h"

namespace nowthen::cli {

enum class Shell : std::uint8_t { bash, zsh };

/// A script that completes commands, options and their values, made from the table of commands.
/// Names of operations are asked of the server, by `nowthen operations --names`, when they are
/// needed. What the server sends is never evaluated.
std::string completion_script(Shell shell, const std::vector<LocalCommand>& locals);

}  // namespace nowthen::cli
