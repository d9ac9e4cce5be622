#include "http/retry_after.h"

#include <gtest/gtest.h>

namespace nowthen::http {
namespace {

using namespace std::chrono_literals;

const WallTime kExample{784'111'777s};  // RFC 9110 5.6.7

TEST(RetryAfter, all_three_forms_of_a_date_are_read) {
  for (const std::string_view text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994"}) {
    const std::optional<WallTime> date = parse_http_date(text);
    ASSERT_TRUE(date) << text;
    EXPECT_EQ(*date, kExample);
  }
  EXPECT_EQ(parse_http_date("Thu, 29 Feb 2024 23:59:59 GMT"), WallTime(1'709'251'199s));
  EXPECT_EQ(parse_http_date("Friday, 01-Jan-69 00:00:00 GMT"),
            WallTime(std::chrono::sys_days(std::chrono::year{2069} / 1 / 1)));
}

TEST(RetryAfter, other_texts_are_no_dates) {
  for (const std::string_view text :
       {"", "now", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT more and more", "Sun, 06 Nov 99999 08:49:37 GMT",
        "Sun, 0x Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z", ", , , , - -"})
    EXPECT_FALSE(parse_http_date(text)) << text;
}

TEST(RetryAfter, is_seconds_or_a_date_within_bounds) {
  const auto wait = [](std::string_view value) { return parse_retry_after(value, kExample - 90s); };
  EXPECT_EQ(wait("0"), 0s);
  EXPECT_EQ(wait("120"), 120s);
  EXPECT_EQ(wait("86401"), kRetryAfterMax);
  EXPECT_EQ(wait("99999999999999999999"), kRetryAfterMax);
  EXPECT_EQ(wait("Sun, 06 Nov 1994 08:49:37 GMT"), 90s);
  EXPECT_EQ(wait("Sun, 06 Nov 1993 08:49:37 GMT"), 0s);
  EXPECT_EQ(wait("Sun, 06 Nov 2094 08:49:37 GMT"), kRetryAfterMax);
  for (const std::string_view value : {"", "-1", "1.5", "soon", "1s"})
    EXPECT_FALSE(wait(value)) << value;
}

}  // namespace
}  // namespace nowthen::http
