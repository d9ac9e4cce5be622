// Goal: numbers keep what was written, are ordered exactly, and doubles are written as jq does.

#include "expr/decimal.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace nowthen::expr {
namespace {

std::string canonical_of(std::string_view text) { return canonical(text).value_or("(none)"); }
std::string written(double number) {
  std::string text;
  append_double(text, number);
  return text;
}

// The examples of the specification for to-scientific-string, and what jq's manual shows.
TEST(Decimal, canonical_text_is_the_scientific_string) {
  const std::pair<const char*, const char*> cases[] = {
      {"123", "123"},
      {"-123", "-123"},
      {"123e1", "1.23E+3"},
      {"123e3", "1.23E+5"},
      {"12.3", "12.3"},
      {"123e-5", "0.00123"},
      {"123e-10", "1.23E-8"},
      {"-123e-12", "-1.23E-10"},
      {"0", "0"},
      {"0.00", "0.00"},
      {"0e2", "0E+2"},
      {"-0", "-0"},
      {"5e-6", "0.000005"},
      {"50e-7", "0.0000050"},
      {"5e-7", "5E-7"},
      {"1.000", "1.000"},
      {"100e-2", "1.00"},
      {"0.10", "0.10"},
      {"1E+1000", "1E+1000"},
      {"9999999999E999999990", "9.999999999E+999999999"},
      {"0.000000001E-999999990", "1E-999999999"},
      {"100000000000000000000000000001", "100000000000000000000000000001"}};
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(canonical_of(text), expected) << text;
    EXPECT_EQ(canonical_of(expected), expected);
  }
  EXPECT_EQ(canonical_of("1e1000000000001"), "(none)");
  EXPECT_EQ(canonical_of("1e-99999999999999999999"), "(none)");
}

TEST(Decimal, nearest_double_also_out_of_its_range) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(to_double("12.50"), 12.5);
  EXPECT_EQ(to_double("9007199254740993"), 9007199254740992.0);
  EXPECT_EQ(to_double("1E+1000"), kInfinity);
  EXPECT_EQ(to_double("-1E+1000"), -kInfinity);
  EXPECT_EQ(to_double("1E-1000"), 0.0);
  EXPECT_TRUE(std::signbit(to_double("-1E-1000")));
  EXPECT_EQ(to_double(std::string(400, '9')), kInfinity);
}

TEST(Decimal, order_is_exact) {
  const char* const ascending[] = {"-1E+1000",
                                   "-100000000000000000001",
                                   "-100000000000000000000",
                                   "-1.1",
                                   "-1",
                                   "-0.5",
                                   "0",
                                   "1E-1000",
                                   "0.5",
                                   "0.50000000000000000001",
                                   "1",
                                   "9007199254740992",
                                   "9007199254740993",
                                   "1E+1000"};
  for (const std::string_view a : ascending) {
    bool before = true;
    for (const std::string_view b : ascending) {
      if (a == b) before = false;
      const auto expected = a == b   ? std::strong_ordering::equal
                            : before ? std::strong_ordering::greater
                                     : std::strong_ordering::less;
      EXPECT_EQ(compare_decimals(a, b), expected) << a << " " << b;
    }
  }
  for (const auto& [a, b] :
       {std::pair{"1", "1.000"}, {"1E+3", "1000"}, {"0", "-0.00"}, {"0.10", "0.1"}})
    EXPECT_EQ(compare_decimals(a, b), std::strong_ordering::equal) << a;
}

TEST(Decimal, doubles_are_written_as_jq_does) {
  const std::pair<double, const char*> cases[] = {
      {0, "0"},
      {-0.0, "-0"},
      {1, "1"},
      {-1.5, "-1.5"},
      {0.1, "0.1"},
      {1e15, "1000000000000000"},
      {1e17, "1e+17"},
      {123456789012345678, "123456789012345680"},
      {1e-4, "0.0001"},
      {1e-5, "1e-05"},
      {1e-6, "1e-06"},
      {1.05e-19, "1.05e-19"},
      {5e-324, "5e-324"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {std::numeric_limits<double>::infinity(), "1.7976931348623157e+308"},
      {-std::numeric_limits<double>::infinity(), "-1.7976931348623157e+308"},
      {std::nan(""), "null"},
      {1e100, "1e+100"},
      {12.5, "12.5"},
      {3.141592653589793, "3.141592653589793"}};
  for (const auto& [number, expected] : cases) EXPECT_EQ(written(number), expected);
}

}  // namespace
}  // namespace nowthen::expr
