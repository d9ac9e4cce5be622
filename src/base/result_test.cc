#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include <gtest/gtest.h>

#include <nowthen/result.h>

namespace nowthen {
namespace {

constexpr int kCodes = static_cast<int>(ErrorCode::rejected) + 1;

TEST(ErrorCode, every_code_has_a_word_of_its_own) {
  std::set<std::string_view> words;
  for (int i = 0; i < kCodes; ++i) {
    const std::string_view word = to_string(static_cast<ErrorCode>(i));
    EXPECT_NE(word, "unknown") << i;
    EXPECT_EQ(word.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos)
        << word;
    EXPECT_TRUE(words.insert(word).second) << word;
  }
}

TEST(ErrorCode, what_is_no_code_has_a_word_and_is_not_retried) {
  EXPECT_EQ(to_string(static_cast<ErrorCode>(kCodes)), "unknown");
  EXPECT_EQ(to_string(static_cast<ErrorCode>(255)), "unknown");
  EXPECT_FALSE(may_retry(static_cast<ErrorCode>(255)));
}

TEST(ErrorCode, retries_help_only_where_waiting_changes_something) {
  std::set<std::string_view> retried;
  for (int i = 0; i < kCodes; ++i) {
    const auto code = static_cast<ErrorCode>(i);
    if (may_retry(code)) retried.insert(to_string(code));
  }
  EXPECT_EQ(retried, (std::set<std::string_view>{"deadline_exceeded", "expired", "locked",
                                                 "overloaded", "timed_out", "unavailable"}));
}

Result<int> half(int number) {
  if (number % 2 != 0) return Error{ErrorCode::invalid_argument, "odd"};
  return number / 2;
}

TEST(Result, holds_a_value) {
  const Result<int> result = half(8);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result.has_value());
  EXPECT_EQ(*result, 4);
  EXPECT_EQ(result.value(), 4);
}

TEST(Result, holds_an_error) {
  const Result<int> result = half(7);
  ASSERT_FALSE(result);
  EXPECT_FALSE(result.has_value());
  EXPECT_EQ(result.error(), (Error{ErrorCode::invalid_argument, "odd"}));
}

TEST(Result, reading_what_it_does_not_hold_throws) {
  const Result<int> good = half(8);
  const Result<int> bad = half(7);
  EXPECT_THROW(static_cast<void>(bad.value()), std::bad_variant_access);
  EXPECT_THROW(static_cast<void>(good.error()), std::bad_variant_access);
}

TEST(Result, value_can_be_changed_and_moved_out) {
  Result<std::string> result = std::string(100, 'a');
  result->push_back('b');
  *result += 'c';
  const std::string moved = *std::move(result);
  EXPECT_EQ(moved, std::string(100, 'a') + "bc");
}

TEST(Result, holds_what_can_only_be_moved) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  const std::unique_ptr<int> moved = std::move(result).value();
  EXPECT_EQ(*moved, 7);
}

TEST(Result, of_void_is_success_or_an_error) {
  const Result<void> good;
  EXPECT_TRUE(good);
  EXPECT_TRUE(good.has_value());
  const Result<void> bad = Error{ErrorCode::gone, "removed"};
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::gone);
  EXPECT_EQ(bad.error().message, "removed");
}

TEST(Error, errors_are_equal_when_code_and_message_are) {
  const Error error{ErrorCode::gone, "removed"};
  EXPECT_EQ(error, (Error{ErrorCode::gone, "removed"}));
  EXPECT_NE(error, (Error{ErrorCode::gone, "expired"}));
  EXPECT_NE(error, (Error{ErrorCode::not_found, "removed"}));
  EXPECT_EQ(Error{}.code, ErrorCode::none);
}

}  // namespace
}  // namespace nowthen
