// The program around its commands: help, where the server is, API keys, commands that run here.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/cli_fixture.h"
#include "cli/command.h"
#include "cli/completion.h"

namespace nowthen::cli {
namespace {

using testing::HasSubstr;

TEST(Help, of_all_is_grouped_and_has_the_commands_of_main) {
  Program nowthen;
  nowthen.locals = {{"serve", "run a server", {}}};
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--help"}, {"-h"}, {"help"}}) {
    EXPECT_EQ(nowthen(words), 0);
    EXPECT_THAT(nowthen.output(), HasSubstr("\nRun\n  call  "));
    EXPECT_THAT(nowthen.output(), HasSubstr("\nFollow\n  wait  "));
    EXPECT_THAT(nowthen.output(), HasSubstr("\nAct\n  cancel  "));
    EXPECT_THAT(nowthen.output(), HasSubstr("\nOperate\n  operations  "));
    EXPECT_THAT(nowthen.output(), HasSubstr("\nHere, without a server\n  serve   "));
  }
}

TEST(Help, of_a_command_has_its_arguments_and_an_example) {
  Program nowthen;
  EXPECT_EQ(nowthen({"wait", "--help"}), 0);
  EXPECT_EQ(nowthen.output(), R"(usage: nowthen wait ID [options]

Wait for the end of an invocation, and print its result.
A server that starts again meanwhile is waited for.

  ID  the invocation

Options
  --timeout DURATION  the longest wait; none: until the end

With every command
  --server URL         the server; NOWTHEN_URL, else http://127.0.0.1:7070
  --api-key-file FILE  where the API key is; else NOWTHEN_API_KEY has it
  --ca-file FILE       PEM of whom to trust with https; else NOWTHEN_CA_FILE
  --json               print what the server answers as it came
  -h, --help           print this

Example
  nowthen wait 01j9x3k5w8m2c0q7r4t6v8y1za --timeout 5m
)");
  EXPECT_EQ(nowthen({"help", "policy", "set"}), 0);
  EXPECT_THAT(nowthen.output(),
              HasSubstr("usage: nowthen policy set NAME FIELD=VALUE... [options"));
  EXPECT_EQ(nowthen.sent(), "");
}

TEST(Help, fits_a_terminal) {
  for (const Command& command : commands()) {
    Program nowthen;
    std::vector<std::string> words = {"help", std::string(command.name)};
    if (const std::size_t space = words[1].find(' '); space != std::string::npos) {
      words.push_back(words[1].substr(space + 1));
      words[1].resize(space);
    }
    EXPECT_EQ(nowthen(words), 0);
    std::string line;
    for (const char c : nowthen.output()) {
      line = c == '\n' ? "" : line + c;
      EXPECT_TRUE(line.size() <= 120 || line.starts_with("  nowthen ")) << line;
    }
  }
}

TEST(Docs, have_an_example_of_each_command_and_each_option) {
  const char* source = std::getenv("NOWTHEN_SOURCE_DIR");
  if (source == nullptr) GTEST_SKIP() << "NOWTHEN_SOURCE_DIR is not set; ctest sets it";
  std::ifstream file(std::filesystem::path{source} / "docs" / "cli.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  const auto has = [&page](const std::string& text) { return page.find(text) != page.npos; };
  for (const Command& command : commands()) {
    EXPECT_TRUE(has("$ nowthen " + std::string(command.name))) << command.name;
    for (const Parameter& parameter : command.parameters) {
      if (!parameter.is_option()) continue;
      EXPECT_TRUE(has(std::string(parameter.name))) << command.name << " " << parameter.name;
    }
  }
}

TEST(LocalCommand, gets_its_words_as_they_are) {
  Program nowthen;
  std::vector<std::string> got;
  nowthen.locals = {{"serve", "run a server", [&got](const std::vector<std::string>& words) {
                       got = words;
                       return 9;
                     }}};
  EXPECT_EQ(nowthen({"serve", "--json", "-h", "--", "x=1"}), 9);
  EXPECT_EQ(got, (std::vector<std::string>{"--json", "-h", "--", "x=1"}));
  EXPECT_EQ(nowthen({"help", "serve"}), 9);
  EXPECT_EQ(got, (std::vector<std::string>{"--help"}));
}

TEST(Server, is_named_by_option_or_variable) {
  Program nowthen;
  nowthen.console.variables["NOWTHEN_URL"] = "https://a.example/";
  nowthen({"get", "1"});
  EXPECT_EQ(nowthen.sent(), "GET https://a.example/v1/invocations/1");
  nowthen({"--server", "b:1", "get", "1"});
  EXPECT_EQ(nowthen.sent(), "GET http://b:1/v1/invocations/1");
  nowthen({"--server", "b:1", "get", "1", "--server", "c:1", "--ca-file", "ca.pem"});
  EXPECT_EQ(nowthen.server.requests.at(0).ca_file, "ca.pem");
  EXPECT_EQ(nowthen.sent(), "GET http://c:1/v1/invocations/1");
}

TEST(ApiKey, comes_from_a_variable_or_a_file) {
  Program nowthen;
  nowthen.console.variables["NOWTHEN_API_KEY"] = "nt_a";
  nowthen.console.files = {{"key", "nt_b\r\n"}, {"empty", "\n"}, {"bad", "nt_\r\nX: y"}};
  nowthen({"get", "1"});
  EXPECT_THAT(nowthen.sent(), HasSubstr("\nAuthorization: Bearer nt_a"));
  nowthen({"--api-key-file", "key", "get", "1"});
  EXPECT_THAT(nowthen.sent(), HasSubstr("\nAuthorization: Bearer nt_b"));
  for (const char* file : {"empty", "bad", "missing"}) {
    EXPECT_EQ(nowthen({"get", "1", "--api-key-file", file}), 2);
    EXPECT_THAT(nowthen.errors(), HasSubstr(file));
    EXPECT_EQ(nowthen.sent(), "");
  }
}

TEST(ApiKey, is_asked_for_where_there_is_none) {
  Program nowthen;
  nowthen.server.answers(401, problem(401, "unauthorized", "an API key is needed"));
  EXPECT_EQ(nowthen({"get", "1"}), 4);
  EXPECT_THAT(nowthen.errors(), HasSubstr("set NOWTHEN_API_KEY"));
}

TEST(Version, is_printed) {
  Program nowthen;
  EXPECT_EQ(nowthen({"version"}), 0);
  EXPECT_TRUE(nowthen.output().starts_with("nowthen ")) << nowthen.output();
}

/// Completes `line` with a bash that has a `nowthen` which knows two operations.
std::string completed(const std::string& line) {
  const std::string script =
      "nowthen() { printf '%s\\n' \"ask $*\" 'place-order' '$(exit 9)'; }\n" +
      completion_script(Shell::bash, {{"serve", "", {}}}) + "COMP_LINE='" + line +
      "' COMP_POINT=" + std::to_string(line.size()) +
      "\n_nowthen\nprintf '%s|' \"${COMPREPLY[@]}\"\n";
  const auto path = std::filesystem::path(testing::TempDir()) / "nowthen_completion.bash";
  std::ofstream(path) << script;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> bash(
      ::popen(("bash --norc '" + path.string() + "' 2>&1").c_str(), "r"), ::pclose);
  std::string output;
  for (int c = 0; bash && (c = std::fgetc(bash.get())) != EOF;) output += static_cast<char>(c);
  return output;
}

TEST(Completion, of_bash_knows_the_table_and_asks_for_operations) {
  const struct {
    const char* line;
    const char* words;
  } kCases[] = {
      {"nowthen wh", "why|"},
      {"nowthen se", "send|serve|"},
      {"nowthen policy ", "get|set|history|revert|"},
      {"nowthen policy set pl", "place-order|"},
      {"nowthen --server http://a:1 call --wait 5s pl", "place-order|"},
      {"nowthen --server http://a:1 call a", "ask\\ --server\\ http://a:1\\ operations\\ --names|"},
      {"nowthen call $", "\\$\\(exit\\ 9\\)|"},
      {"nowthen call x --wa", "--wait|"},
      {"nowthen --j", "--json|"},
      {"nowthen list --operation pl", "place-order|"},
      {"nowthen list --state s", "scheduled|suspended|succeeded|"},
      {"nowthen key create x --role v", "viewer|"},
      {"nowthen completion ", "bash|zsh|"},
      {"nowthen get ", "|"},
  };
  for (const auto& each : kCases) EXPECT_EQ(completed(each.line), each.words) << each.line;
}

TEST(Completion, of_zsh_is_made_from_the_same_table) {
  Program nowthen;
  EXPECT_EQ(nowthen({"completion", "zsh"}), 0);
  EXPECT_TRUE(nowthen.output().starts_with("#compdef nowthen\n"));
  EXPECT_THAT(nowthen.output(), HasSubstr("('policy set:0') kind='operation' ;;"));
  EXPECT_EQ(nowthen.output().find('@' + std::string("PLACES")), std::string::npos);
}

}  // namespace
}  // namespace nowthen::cli
