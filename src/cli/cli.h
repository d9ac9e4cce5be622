#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/console.h"
#include "cli/transport.h"

namespace nowthen::cli {

/// A command beside the client: it is a server, or asks one in its own way. It is given the words
/// after its name as they are, `--help` included, and returns the exit code of the process.
struct LocalCommand {
  std::string name;
  std::string summary;
  std::function<int(const std::vector<std::string>&)> run;
};

/// The program `nowthen`, as a client of a server and with `locals` beside; returns the exit code
/// (docs/cli.md has the table). To be called once, by `main`, before other threads start.
int run(int argc, const char* const* argv, const std::vector<LocalCommand>& locals = {});

/// The same, with everything outside of the process behind seams. `words` begin after the name of
/// the program.
int run(const std::vector<std::string>& words, Console& console, Transport& transport,
        const std::vector<LocalCommand>& locals);

}  // namespace nowthen::cli
