#include "cli/completion.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "cli/command.h"

namespace nowthen::cli {
namespace {

// Both scripts find out where in the line the cursor is, and set `kind` to what can stand there:
// "operation", "file", "input" (a @file), "words ..." or nothing.

constexpr std::string_view kBash =
    R"script(# Completion of nowthen for bash. In ~/.bashrc:  eval "$(nowthen completion bash)"

# Adds the lines of the standard input that begin with $1. They are data, never evaluated.
_nowthen_add() {
  local line
  while IFS= read -r line; do
    if [[ -n $line && $line == "$1"* ]]; then
      COMPREPLY+=("$(printf %q "$line")")
    fi
  done
}

_nowthen() {
  local line=${COMP_LINE:0:COMP_POINT} cur command= kind= word i last
  local -a words=() places=() server=()
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  last=$((${#words[@]} - 1))
  cur=${words[last]}
  COMPREPLY=()
  for ((i = 1; i < last; i++)); do
    word=${words[i]}
    [[ $word == --server ]] && server=(--server "${words[i + 1]}")
    case $word in
      @VALUED@) ((i++)) ;;
      -*) ;;
      *) places+=("$word") ;;
    esac
  done
  command="${places[0]-} ${places[1]-}"
  case $command in
    @PAIRS@) places=("${places[@]:2}") ;;
    *) command=${places[0]-} places=("${places[@]:1}") ;;
  esac
  if ((i > last)); then # the value of an option
    case ${words[last - 1]} in
@OPTION_KINDS@    esac
  elif [[ $cur == -* ]]; then
    case $command in
@FLAGS@    esac
  else
    case $command:${#places[@]} in
@PLACES@    esac
  fi
  case $kind in
    operation) _nowthen_add "$cur" < <(nowthen "${server[@]}" operations --names 2>/dev/null) ;;
    file)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      ;;
    input) [[ $cur == @* ]] && mapfile -t COMPREPLY < <(compgen -P @ -f -- "${cur#@}") ;;
    words*) _nowthen_add "$cur" < <(printf '%s\n' ${kind#words}) ;;
  esac
  if [[ $cur == *[:=]* ]]; then # bash replaces what is behind the last of them
    COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*[:=]}"}"}")
  fi
}
complete -F _nowthen nowthen
)script";

constexpr std::string_view kZsh = R"script(#compdef nowthen
# Completion of nowthen for zsh. In ~/.zshrc:  eval "$(nowthen completion zsh)"
# or put it as _nowthen into a folder of $fpath.

_nowthen() {
  local command= kind= word i cur=$words[CURRENT]
  local -a places names server
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    [[ $word == --server ]] && server=(--server "${(Q)words[i+1]}")
    case $word in
      (@VALUED@) ((i++)) ;;
      (-*) ;;
      (*) places+=("$word") ;;
    esac
  done
  command="${places[1]-} ${places[2]-}"
  case $command in
    (@PAIRS@) places=("${(@)places[3,-1]}") ;;
    (*) command=${places[1]-} places=("${(@)places[2,-1]}") ;;
  esac
  if ((i > CURRENT)); then # the value of an option
    case $words[CURRENT-1] in
@OPTION_KINDS@    esac
  elif [[ $cur == -* ]]; then
    case $command in
@FLAGS@    esac
  else
    case $command:$#places in
@PLACES@    esac
  fi
  case $kind in
    (operation)
      names=("${(@f)$(nowthen $server operations --names 2>/dev/null)}")
      compadd -- "${(@)names:#}" ;;
    (file) _files ;;
    (input) compset -P @ && _files ;;
    (words*) compadd -- ${=kind#words} ;;
  esac
}

if [[ $funcstack[1] == _nowthen ]]; then
  _nowthen "$@"
else
  compdef _nowthen nowthen
fi
)script";

/// Case branches of both shells: pattern -> kind.
using Branches = std::vector<std::pair<std::string, std::string>>;

std::string kind_of(const Parameter& parameter) {
  switch (parameter.takes) {
    case Takes::operation:
      return "operation";
    case Takes::file:
      return "file";
    case Takes::json:
      return "input";
    case Takes::choice: {
      std::string words = "words " + std::string(parameter.value);
      std::ranges::replace(words, '|', ' ');
      return words;
    }
    default:
      return {};
  }
}

std::vector<Parameter> with_general(const Command& command) {
  std::vector<Parameter> all = command.parameters;
  all.insert(all.end(), general_parameters().begin(), general_parameters().end());
  return all;
}

bool is_pair(const Command& command) { return command.name.find(' ') != std::string_view::npos; }

std::string first_word(std::string_view name) {
  return std::string(name.substr(0, name.find(' ')));
}

/// "a|b|c", each in quotes: a pattern.
std::string pattern_of(const std::set<std::string>& words) {
  std::string pattern;
  for (const std::string& word : words) pattern += (pattern.empty() ? "'" : "|'") + word + "'";
  return pattern;
}

std::set<std::string> valued_options() {
  std::set<std::string> names;
  for (const Command& command : commands()) {
    for (const Parameter& parameter : with_general(command)) {
      if (parameter.is_option() && parameter.takes != Takes::nothing) {
        names.emplace(parameter.name);
      }
    }
  }
  return names;
}

std::set<std::string> pairs() {
  std::set<std::string> names;
  for (const Command& command : commands()) {
    if (is_pair(command)) names.emplace(command.name);
  }
  return names;
}

Branches option_kinds() {
  std::map<std::string, std::string> kinds;
  for (const Command& command : commands()) {
    for (const Parameter& parameter : with_general(command)) {
      const std::string kind = kind_of(parameter);
      if (parameter.is_option() && !kind.empty()) kinds.emplace(parameter.name, kind);
    }
  }
  return {kinds.begin(), kinds.end()};
}

Branches flags() {
  Branches branches;
  std::string general = "words";
  for (const Parameter& parameter : general_parameters()) {
    general += " " + std::string(parameter.name);
  }
  for (const Command& command : commands()) {
    std::string words = general;
    for (const Parameter& parameter : command.parameters) {
      if (parameter.is_option()) words += " " + std::string(parameter.name);
    }
    branches.emplace_back(command.name, std::move(words));
  }
  branches.emplace_back("", std::move(general));
  return branches;
}

Branches places(const std::vector<LocalCommand>& locals) {
  std::string all = "words";
  Branches branches;
  std::map<std::string, std::string> seconds;  // of a first word: those that may follow
  std::set<std::string> seen;
  for (const Command& command : commands()) {
    const std::string first = first_word(command.name);
    if (seen.insert(first).second) all += " " + first;
    if (is_pair(command))
      seconds[first] += " " + std::string(command.name.substr(first.size() + 1));
    std::size_t place = 0;
    for (const Parameter& parameter : command.parameters) {
      if (parameter.is_option()) continue;
      const std::string kind = kind_of(parameter);
      if (!kind.empty()) branches.emplace_back(command.name, kind);
      if (!kind.empty()) branches.back().first += ":" + std::to_string(place);
      ++place;
    }
  }
  for (const LocalCommand& local : locals) {
    all += " " + local.name;
    branches.emplace_back(local.name + ":", "file");  // any place: see the pattern
  }
  for (const auto& [first, words] : seconds) branches.emplace_back(first + ":0", "words" + words);
  branches.emplace_back("completion:0", "words bash zsh");
  branches.emplace_back("help:0", all);
  branches.emplace_back(":0", all + " completion version help");
  return branches;
}

std::string cases(Shell shell, const Branches& branches) {
  std::string text;
  for (const auto& [pattern, kind] : branches) {
    text += shell == Shell::zsh ? "      ('" : "      '";
    text += pattern + "'" + (pattern.size() > 1 && pattern.ends_with(':') ? "*" : "");
    text += ") kind='" + kind + "' ;;\n";
  }
  return text;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
}

}  // namespace

std::string completion_script(Shell shell, const std::vector<LocalCommand>& locals) {
  std::string script(shell == Shell::bash ? kBash : kZsh);
  replace_all(script, "@VALUED@", pattern_of(valued_options()));
  replace_all(script, "@PAIRS@", pattern_of(pairs()));
  replace_all(script, "@OPTION_KINDS@", cases(shell, option_kinds()));
  replace_all(script, "@FLAGS@", cases(shell, flags()));
  replace_all(script, "@PLACES@", cases(shell, places(locals)));
  return script;
}

}  // namespace nowthen::cli
