#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nowthen/policy.h>

#include "base/prng.h"
#include "base/time.h"

namespace nowthen {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr Duration kDay = 24h;
constexpr Duration kCentury = 36'500 * kDay;

TEST(ParseDuration, numbers_with_units_are_accepted) {
  const std::vector<std::pair<std::string, Duration>> cases = {
      {"0s", 0us},
      {"0d", 0us},
      {"0.000us", 0us},
      {"1us", 1us},
      {"90us", 90us},
      {"300ms", 300ms},
      {"1.5s", 1500ms},
      {"1.50s", 1500ms},
      {"0.5s", 500ms},
      {"0.000001s", 1us},
      {"0.0000010000000000000000000000000s", 1us},
      {"2m", 2min},
      {"1.5m", 90s},
      {"2h", 2h},
      {"0.5h", 30min},
      {"1d", kDay},
      {"0.25d", 6h},
      {"0.0000000003125d", 27us},
      {"007s", 7s},
      {"1000000us", 1s},
      {"36500d", kCentury},
      {"3153600000000000us", kCentury},
      {"36499.9999999996875d", kCentury - 27us},
  };
  for (const auto& [text, expected] : cases) {
    const Result<Duration> parsed = parse_duration(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().message;
    EXPECT_EQ(*parsed, expected) << text;
  }
}

TEST(ParseDuration, everything_else_is_refused_by_name) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "not a duration"},
      {" ", "not a duration"},
      {"s", "not a duration"},
      {".", "no digit after the point"},
      {".5s", "not a duration"},
      {"+5s", "not a duration"},
      {" 5s", "not a duration"},
      {"forever", "not a duration"},
      {"inf", "not a duration"},
      {"-5s", "is negative"},
      {"-0s", "is negative"},
      {"5.s", "no digit after the point"},
      {"5..5s", "no digit after the point"},
      {"0", "no unit"},
      {"300", "no unit"},
      {"1.5", "no unit"},
      {"5 s", "unit that is not"},
      {"5s ", "unit that is not"},
      {"5S", "unit that is not"},
      {"5sec", "unit that is not"},
      {"5ns", "unit that is not"},
      {"5y", "unit that is not"},
      {"1h30m", "unit that is not"},
      {"1.5.5s", "unit that is not"},
      {"1e3s", "unit that is not"},
      {"0x10s", "unit that is not"},
      {"1,5s", "unit that is not"},
      {"0.5us", "whole number of microseconds"},
      {"1.0000001s", "whole number of microseconds"},
      {"0.33333333333333333333333333h", "whole number of microseconds"},
      {"0.00000000000001d", "whole number of microseconds"},
      {"36501d", "longer than 36500d"},
      {"36500.5d", "longer than 36500d"},
      {"3153600000000.001ms", "longer than 36500d"},
      {"3153600000000001us", "longer than 36500d"},
      {"106751991167301d", "longer than 36500d"},
      {"9223372036854775808us", "longer than 36500d"},
      {"99999999999999999999999999999999s", "longer than 36500d"},
  };
  for (const auto& [text, why] : cases) {
    const Result<Duration> parsed = parse_duration(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument) << text;
    EXPECT_THAT(parsed.error().message, HasSubstr('"' + text + '"'));
    EXPECT_THAT(parsed.error().message, HasSubstr(why)) << text;
  }
}

TEST(ParseDuration, refusal_cuts_long_text_and_leaves_out_what_cannot_be_printed) {
  const Result<Duration> many = parse_duration(std::string(1'000'000, '9'));
  ASSERT_FALSE(many);
  EXPECT_THAT(many.error().message, HasSubstr('"' + std::string(40, '9') + "...\""));
  EXPECT_LT(many.error().message.size(), 200U);
  const Result<Duration> bytes = parse_duration(std::string_view("5\0\xff\n\xc3\xa4", 6));
  ASSERT_FALSE(bytes);
  EXPECT_THAT(bytes.error().message, HasSubstr("\"5?????\""));
}

TEST(FormatDuration, the_shortest_form_is_taken_that_is_not_below_one_unit) {
  const std::vector<std::pair<Duration, std::string>> cases = {
      {0us, "0s"},
      {1us, "1us"},
      {90us, "90us"},
      {999us, "999us"},
      {1ms, "1ms"},
      {1500us, "1.5ms"},
      {1234us, "1234us"},
      {100ms, "100ms"},
      {300ms, "300ms"},
      {1s, "1s"},
      {1500ms, "1.5s"},
      {1050ms, "1.05s"},
      {1234ms, "1234ms"},
      {1000001us, "1000001us"},
      {30s, "30s"},
      {60s, "1m"},
      {90s, "90s"},
      {100s, "100s"},
      {90min, "90m"},
      {2h, "2h"},
      {24h, "1d"},
      {36h, "36h"},
      {90min + 1us, "5400000001us"},
      {100h, "100h"},
      {30 * kDay, "30d"},
      {3650 * kDay, "3650d"},
      {kCentury, "36500d"},
  };
  for (const auto& [duration, expected] : cases) {
    EXPECT_EQ(format_duration(duration), expected) << duration.count();
  }
}

TEST(FormatDuration, what_no_parser_accepts_still_has_a_text) {
  EXPECT_EQ(format_duration(-300ms), "-300ms");
  EXPECT_EQ(format_duration(Duration::min()), "-9223372036854775808us");
  EXPECT_EQ(format_duration(Duration::max()), "9223372036854775807us");
}

TEST(FormatDuration, text_round_trips_and_is_never_longer_than_whole_microseconds) {
  const auto check = [](Duration duration) {
    if (duration < Duration::zero() || duration > kCentury) return;
    const std::string text = format_duration(duration);
    const Result<Duration> parsed = parse_duration(text);
    ASSERT_TRUE(parsed) << duration.count() << " is " << text;
    ASSERT_EQ(*parsed, duration) << text;
    ASSERT_LE(text.size(), std::to_string(duration.count()).size() + 2) << text;
  };
  for (const Duration unit :
       {Duration{1us}, Duration{1ms}, Duration{1s}, Duration{1min}, Duration{1h}, kDay}) {
    for (const int count : {1, 2, 3, 7, 24, 59, 60, 61, 90, 999, 1000, 1001, 36'500}) {
      for (const Duration off : {-1us, 0us, 1us}) check(unit * count + off);
      for (const int parts : {2, 3, 4, 5, 8, 10, 16, 1000}) check(unit * count / parts);
    }
  }
  Prng prng{1};
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t bits = prng.next() >> prng.below(64);
    check(Duration{static_cast<std::int64_t>(bits >> 1)});
  }
}

TEST(WallTime, after_adds_and_never_passes_never) {
  const WallTime at = from_us(1'000);
  EXPECT_EQ(after(at, 5us), from_us(1'005));
  EXPECT_EQ(after(at, Duration::zero()), at);
  EXPECT_EQ(after(at, Duration::max()), kNever);
  EXPECT_EQ(after(from_us(0), Duration::max()), kNever);
  EXPECT_EQ(after(kNever, Duration::zero()), kNever);
  EXPECT_EQ(after(kNever, -1us), kNever);
  EXPECT_EQ(after(kNever - 1us, 1us), kNever);
  EXPECT_EQ(after(kNever - 2us, 1us), kNever - 1us);
  EXPECT_EQ(after(WallTime::min(), 1us), WallTime::min() + 1us);
  EXPECT_EQ(to_us(from_us(-7)), -7);
}

}  // namespace
}  // namespace nowthen
