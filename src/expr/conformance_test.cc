// Goal: programs mean what they mean in jq.
// Method: files of cases in the format of jq's own tests: a program, its input and its outputs, in
// blocks between empty lines; after %%FAIL a program that must be refused. Those in
// tests/expr/*.test are ours, as are the examples of docs/expressions.md; NOWTHEN_JQ_TESTS may name
// a folder with more. What need not pass is named, with the reason, in tests/expr/differences.txt.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "expr/library.h"
#include "expr/machine.h"
#include "expr/order.h"
#include "expr/program.h"
#include "expr/read.h"
#include "expr/write.h"

namespace nowthen::expr {
namespace {

struct Case {
  std::string place;  ///< "jq.test:12"
  std::string program;
  std::string input;
  std::vector<std::string> outputs;
  bool must_fail = false;
};

/// Of a file of cases; or of a page, the cases in its blocks that are marked as jq.
std::vector<Case> cases_of(const std::filesystem::path& path) {
  const bool is_page = path.extension() == ".md";
  std::ifstream file(path);
  std::vector<Case> cases;
  std::vector<std::string> block;
  std::size_t number = 0;
  std::size_t first = 0;
  bool fails = false;
  bool within = !is_page;
  const auto finish = [&] {
    if (!block.empty()) {
      Case made{path.filename().string() + ":" + std::to_string(first), block[0], {}, {}, fails};
      if (block.size() > 1) made.input = block[1];
      if (block.size() > 2) made.outputs.assign(block.begin() + 2, block.end());
      cases.push_back(std::move(made));
    }
    block.clear();
    fails = false;
  };
  for (std::string line; std::getline(file, line);) {
    ++number;
    const bool is_fence = is_page && line.starts_with("```");
    if (is_fence) within = line == "```jq";
    if (is_fence || !within || line.find_first_not_of(" \t\r") == line.npos) {
      finish();
    } else if (block.empty() && line[0] == '#') {
      continue;
    } else if (block.empty() && line.starts_with("%%FAIL")) {
      fails = true;
    } else {
      if (block.empty()) first = number;
      block.push_back(line);
    }
  }
  finish();
  return cases;
}

Value value_of(const std::string& json) {
  ReadOptions options;
  options.repeated = ReadOptions::Repeated::last;
  options.not_finite = true;
  auto value = read_json(json, options);
  EXPECT_TRUE(value) << json;
  return value ? *value : Value();
}

std::string text_of(const Value& value) {
  std::string text;
  write_json(text, value);
  return text;
}

/// What is wrong with a case; empty if nothing is.
std::string wrong(const Case& of) {
  const auto program = Program::compile(of.program);
  if (of.must_fail) return program ? "was not refused" : "";
  if (!program) return program.error().message;
  Machine machine;
  machine.start(*program, value_of(of.input));
  Value result;
  for (const std::string& expected : of.outputs) {
    const Machine::Got got = machine.next(result);
    if (got == Machine::Got::end) return "ended before " + expected;
    if (got != Machine::Got::value) return "instead of " + expected + ": " + machine.message();
    if (compare(result, value_of(expected)) != std::strong_ordering::equal)
      return "instead of " + expected + ": " + text_of(result);
  }
  if (machine.next(result) == Machine::Got::value) return "one too many: " + text_of(result);
  return "";
}

std::filesystem::path tests() {
  const char* source = std::getenv("NOWTHEN_SOURCE_DIR");
  return std::filesystem::path(source == nullptr ? "." : source) / "tests" / "expr";
}

/// Programs that need not pass, and why: blocks of a reason after `#`, then a program.
std::map<std::string, std::string> differences() {
  std::ifstream file(tests() / "differences.txt");
  std::map<std::string, std::string> known;
  std::string reason;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#"))
      reason = line;
    else if (!line.empty())
      known[line] = reason;
  }
  return known;
}

void check(const std::vector<Case>& cases) {
  const auto known = differences();
  EXPECT_FALSE(cases.empty());
  for (const Case& of : cases) {
    const std::string what = wrong(of);
    if (known.contains(of.program)) {
      EXPECT_NE(what, "") << of.place << " passes, and need not be excused: " << of.program;
    } else {
      EXPECT_EQ(what, "") << of.place << ": " << of.program << "\n  for " << of.input;
    }
  }
}

std::vector<Case> cases_in(const std::filesystem::path& folder) {
  std::vector<Case> all;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".test") continue;
    for (Case& of : cases_of(entry.path())) all.push_back(std::move(of));
  }
  return all;
}

TEST(Conformance, our_own_cases) { check(cases_in(tests())); }

TEST(Conformance, cases_of_jq) {
  const char* folder = std::getenv("NOWTHEN_JQ_TESTS");
  const std::filesystem::path beside = tests() / "../../../shared/data/jq";
  if (folder == nullptr && !std::filesystem::exists(beside))
    GTEST_SKIP() << "NOWTHEN_JQ_TESTS does not name a folder with jq's tests";
  check(cases_in(folder == nullptr ? beside : std::filesystem::path(folder)));
}

TEST(Conformance, the_page_for_analysts_is_true_and_names_every_function) {
  const std::filesystem::path page = tests() / "../../docs/expressions.md";
  check(cases_of(page));
  std::ifstream file(page);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  for (const std::string& name : names_of_functions()) {
    const std::size_t slash = name.find('/');
    const bool has_arguments = name.substr(slash) != "/0";
    const std::string shown = "`" + name.substr(0, slash) + (has_arguments ? "(" : "`");
    EXPECT_NE(text.find(shown), text.npos) << name;
  }
}

}  // namespace
}  // namespace nowthen::expr
