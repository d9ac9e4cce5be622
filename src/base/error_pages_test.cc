#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nowthen/result.h>

namespace nowthen {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// "lease-lost.md" for lease_lost.
std::string page_name(ErrorCode code) {
  std::string name{to_string(code)};
  for (char& c : name) {
    if (c == '_') c = '-';
  }
  return name + ".md";
}

/// Problem types that the HTTP front gives and that are no codes; the pages are served by it.
constexpr std::array kFrontTypes = {
    "malformed-request",      "unauthorized",        "forbidden",
    "method-not-allowed",     "request-timeout",     "length-required",
    "unsupported-media-type", "precondition-failed", "not-implemented",
    "version-not-supported",  "operation-failed"};

/// A page says what happened, why, and what to do.
void expect_parts(const std::string& text, const std::string& page) {
  for (const char* part : {"\n**What happened.** ", "\n**Why.** ", "\n**What to do.** "}) {
    EXPECT_THAT(text, HasSubstr(part)) << page;
  }
}

class ErrorPages : public testing::Test {
 protected:
  void SetUp() override {
    const char* source = std::getenv("NOWTHEN_SOURCE_DIR");
    if (source == nullptr) GTEST_SKIP() << "NOWTHEN_SOURCE_DIR is not set; ctest sets it";
    folder_ = std::filesystem::path{source} / "docs" / "errors";
    for (int i = 1; i <= static_cast<int>(ErrorCode::rejected); ++i) {
      codes_.push_back(static_cast<ErrorCode>(i));
    }
  }

  std::filesystem::path folder_;
  std::vector<ErrorCode> codes_;  // all but none, which no error carries
};

TEST_F(ErrorPages, every_code_has_a_page_that_says_the_same_of_retries_as_the_code) {
  for (const ErrorCode code : codes_) {
    const std::string text = read_text(folder_ / page_name(code));
    ASSERT_FALSE(text.empty()) << page_name(code) << " is missing";
    const std::string title = "# " + std::string{to_string(code)} + "\n";
    EXPECT_EQ(text.substr(0, title.size()), title);
    EXPECT_THAT(text, HasSubstr(may_retry(code) ? "\n**Retry:** may help" : "\n**Retry:** no"));
    expect_parts(text, page_name(code));
  }
}

TEST_F(ErrorPages, every_problem_of_the_http_front_has_a_page) {
  for (const std::string type : kFrontTypes) {
    const std::string text = read_text(folder_ / (type + ".md"));
    EXPECT_THAT(text, StartsWith("# " + type + "\n")) << type << ".md";
    EXPECT_THAT(text, AnyOf(HasSubstr("\n**Retry:** may help"), HasSubstr("\n**Retry:** no")));
    expect_parts(text, type);
  }
}

TEST_F(ErrorPages, index_lists_every_page_and_there_are_no_others) {
  const std::string index = read_text(folder_ / "README.md");
  std::set<std::string> expected = {"README.md"};
  for (const ErrorCode code : codes_) {
    EXPECT_THAT(index, HasSubstr("](" + page_name(code) + ")"));
    expected.insert(page_name(code));
  }
  for (const std::string type : kFrontTypes) {
    EXPECT_THAT(index, HasSubstr("](" + type + ".md)"));
    expected.insert(type + ".md");
  }
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    found.insert(entry.path().filename().string());
  }
  EXPECT_EQ(found, expected);
}

}  // namespace
}  // namespace nowthen
