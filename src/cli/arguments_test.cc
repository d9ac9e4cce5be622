// Words to arguments: what is taken as it is, what is refused and how it is said.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cli/command.h"

namespace nowthen::cli {
namespace {

const std::vector<Parameter> kParameters = {
    {"NAME", Takes::operation, {}, "", Need::required},
    {"INPUT", Takes::json},
    {"--wait", Takes::duration, "DURATION"},
    {"--limit", Takes::number, "N"},
    {"--role", Takes::choice, "viewer|admin"},
    {"--policy", Takes::text, "K=V", "", Need::many},
    {"--key", Takes::key, "KEY"},
    {"--follow", Takes::nothing},
    {"--help", Takes::nothing},
};

std::string error_of(const std::vector<std::string>& words) {
  const auto arguments = parse_arguments(kParameters, words);
  return arguments ? "" : arguments.error().message;
}

TEST(Arguments, an_input_is_taken_as_it_is_written) {
  for (const std::string input : {"{}", "[1,2]", "[]", "-5", "-", "null", "\"a b\"",
                                  "{\"a\": [1, 2]}", "%%", "", "@file", "a=b", "wait"}) {
    const auto arguments = parse_arguments(kParameters, {"x", input});
    ASSERT_TRUE(arguments) << input << ": " << arguments.error().message;
    EXPECT_EQ((*arguments)["INPUT"], input);
  }
}

TEST(Arguments, options_stand_anywhere_and_end_at_two_dashes) {
  const auto arguments = parse_arguments(
      kParameters, {"--policy", "a=1", "x", "--wait=5s", "--policy=b=2", "--follow", "--", "--y"});
  ASSERT_TRUE(arguments) << arguments.error().message;
  EXPECT_EQ((*arguments)["NAME"], "x");
  EXPECT_EQ((*arguments)["INPUT"], "--y");
  EXPECT_EQ(arguments->all("--policy"), (std::vector<std::string>{"a=1", "b=2"}));
  EXPECT_EQ(arguments->duration("--wait"), std::chrono::seconds(5));
  EXPECT_TRUE(arguments->has("--follow"));
  EXPECT_FALSE(arguments->has("--limit"));
  EXPECT_EQ(arguments->number("--limit", 7), 7U);
}

TEST(Arguments, an_error_is_one_line_that_names_the_argument) {
  const struct {
    std::vector<std::string> words;
    std::string error;
  } kCases[] = {
      {{}, "NAME is missing"},
      {{"x", "1", "2"}, "the argument '2' is one too many"},
      {{"x", "--weight", "2"}, "there is no option '--weight'"},
      {{"x", "--weight=2"}, "there is no option '--weight'"},
      {{"x", "-w"}, "there is no option '-w'"},
      {{"x", "--wait"}, "--wait needs a value"},
      {{"x", "--wait="}, "--wait= has no value"},
      {{"x", "--wait", "5"}, "--wait \"5\" has no unit; one of us, ms, s, m, h, d must follow"},
      {{"x", "--wait", "1s", "--wait", "2s"}, "--wait is given twice"},
      {{"x", "--limit", "-1"}, "--limit '-1' is not a number from 0 up"},
      {{"x", "--limit", "99999999999999999999"},
       "--limit '99999999999999999999' is not a number from 0 up"},
      {{"x", "--role", "view"}, "--role 'view' is none of viewer|admin"},
      {{"x", "--role", ""}, "--role '' is none of viewer|admin"},
      {{"x", "--key", "a\r\nb: c"}, "--key has control characters, or a space around it"},
      {{"x", "--key", " a"}, "--key has control characters, or a space around it"},
      {{"x", "--key", ""}, "--key is empty"},
      {{""}, "NAME is empty"},
      {{"x", "\xff"}, "INPUT is not UTF-8"},
  };
  for (const auto& each : kCases) EXPECT_EQ(error_of(each.words), each.error);
}

TEST(Arguments, help_counts_whatever_else_is_wrong) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--help"}, {"-h"}, {"x", "1", "2", "--nothing", "-h"}}) {
    const auto arguments = parse_arguments(kParameters, words);
    ASSERT_TRUE(arguments) << arguments.error().message;
    EXPECT_TRUE(arguments->has("--help"));
  }
}

TEST(Arguments, the_front_ends_at_the_command) {
  const auto front =
      parse_front({"--server", "http://a", "--json", "call", "--wait", "x", "--", "-h"});
  ASSERT_TRUE(front) << front.error().message;
  EXPECT_EQ(front->general["--server"], "http://a");
  EXPECT_TRUE(front->general.has("--json"));
  EXPECT_FALSE(front->general.has("--help"));
  EXPECT_EQ(front->rest, (std::vector<std::string>{"call", "--wait", "x", "--", "-h"}));
  EXPECT_EQ(parse_front({"--wait", "5s", "call"}).error().message,
            "there is no option '--wait' before the command");
}

}  // namespace
}  // namespace nowthen::cli
