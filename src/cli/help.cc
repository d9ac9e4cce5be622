#include "cli/help.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cli/text.h"

namespace nowthen::cli {
namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

constexpr std::array<std::pair<Group, std::string_view>, 5> kGroups = {{
    {Group::run, "Run"},
    {Group::follow, "Follow"},
    {Group::act, "Act"},
    {Group::operate, "Operate"},
    {Group::here, "Here, without a server"},
}};

constexpr std::string_view kEnding = R"(
An INPUT, PAYLOAD or RESULT is JSON, @FILE, or - for the standard input.
Exit codes: 0 done, 1 the operation failed, 2 wrong usage, 3 not found, 4 refused, 5 no server,
6 overloaded or unavailable, 7 the wait is over, 130 interrupted. More: docs/cli.md.
)";

/// "  name  value", aligned.
std::string indented(const Lines& lines) {
  Lines moved;
  for (const auto& [name, value] : lines) moved.emplace_back("  " + name, value);
  return aligned(moved);
}

constexpr std::size_t kValueColumnsMax = 24;

/// A choice of many words does not fit beside the name of its option.
bool is_long_choice(const Parameter& parameter) {
  return parameter.takes == Takes::choice && columns(parameter.value) > kValueColumnsMax;
}

std::string first_column(const Parameter& parameter) {
  std::string text(parameter.name);
  if (parameter.name == "--help") text = "-h, --help";
  if (parameter.is_option() && parameter.takes != Takes::nothing) {
    text += ' ';
    text += is_long_choice(parameter) ? "WORD" : parameter.value;
  }
  if (parameter.repeats()) text += " ...";
  return text;
}

std::string usage_of(const Command& command) {
  std::string line = "usage: nowthen " + std::string(command.name);
  bool options = false;
  for (const Parameter& parameter : command.parameters) {
    if (parameter.is_option()) {
      options = true;
      continue;
    }
    const bool needed = parameter.need == Need::required || parameter.need == Need::at_least_one;
    std::string name(parameter.name);
    if (parameter.repeats()) name += "...";
    line += needed ? " " + name : " [" + name + "]";
  }
  return line + (options ? " [options]" : "") + "\n";
}

std::string capitalised(std::string_view text) {
  std::string line(text);
  if (!line.empty() && line[0] >= 'a' && line[0] <= 'z') {
    line[0] = static_cast<char>(line[0] - 'a' + 'A');
  }
  return line;
}

}  // namespace

std::string help_of_all(const std::vector<LocalCommand>& locals) {
  std::string text =
      "usage: nowthen [--server URL] COMMAND ...\n"
      "\n"
      "Decide at run time whether an operation answers now, or finishes then.\n";
  Lines all;  // one table, so that the groups stand in line
  const auto add = [&all](std::string_view name, std::string_view summary) {
    all.emplace_back("  " + std::string(name), summary);
  };
  std::vector<std::pair<std::size_t, std::string_view>> titles;  // before which line
  for (const auto& [group, title] : kGroups) {
    titles.emplace_back(all.size(), title);
    if (group == Group::here) {
      for (const LocalCommand& local : locals) add(local.name, local.summary);
      add("completion", "print the completion script of a shell: bash or zsh");
      add("version", "print the version");
    }
    for (const Command& command : commands()) {
      if (command.group == group) add(command.name, command.summary);
    }
  }
  const std::string table = aligned(all);
  std::size_t at = 0;
  for (std::size_t line = 0; line < all.size(); ++line) {
    for (const auto& [before, title] : titles) {
      if (before == line) text += "\n" + std::string(title) + "\n";
    }
    const std::size_t end = table.find('\n', at) + 1;
    text += table.substr(at, end - at);
    at = end;
  }
  text += "\nnowthen COMMAND --help has the arguments of a command.\n";
  return text += kEnding;
}

std::string help_of(const Command& command) {
  Lines places;
  Lines options;
  for (const Parameter& parameter : command.parameters) {
    Lines& lines = parameter.is_option() ? options : places;
    lines.emplace_back(first_column(parameter), parameter.summary);
    if (is_long_choice(parameter)) {
      std::string words(parameter.value);
      std::ranges::replace(words, '|', ' ');
      lines.emplace_back("", words);
    }
  }
  Lines general;
  for (const Parameter& parameter : general_parameters()) {
    general.emplace_back(first_column(parameter), parameter.summary);
  }
  std::string text = usage_of(command) + "\n" + capitalised(command.summary) + ".\n";
  if (!command.details.empty()) text += std::string(command.details) + "\n";
  if (!places.empty()) text += "\n" + indented(places);
  if (!options.empty()) text += "\nOptions\n" + indented(options);
  text += "\nWith every command\n" + indented(general);
  return text + "\nExample\n  " + std::string(command.example) + "\n";
}

std::string help_of_family(std::string_view word) {
  Lines lines;
  for (const Command& command : commands()) {
    if (command.name == word || command.name.starts_with(std::string(word) + " ")) {
      lines.emplace_back(command.name, command.summary);
    }
  }
  return lines.empty() ? std::string() : indented(lines);
}

}  // namespace nowthen::cli
