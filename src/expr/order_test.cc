// Goal: the order of jq, exact for exact numbers, at any depth within the limit.

#include "expr/order.h"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "expr/read.h"

namespace nowthen::expr {
namespace {

using Order = std::strong_ordering;

TEST(Compare, kinds_then_what_is_in_them) {
  const char* const ascending[] = {"null",
                                   "false",
                                   "true",
                                   "-1E+400",
                                   "-1",
                                   "0",
                                   "0.10",
                                   "9007199254740992",
                                   "9007199254740993",
                                   "1E+400",
                                   "\"\"",
                                   "\"B\"",
                                   "\"a\"",
                                   "\"a longer text than fits\"",
                                   "\"ab\"",
                                   "\"\xc3\xa4\"",
                                   "[]",
                                   "[null]",
                                   "[0,1]",
                                   "[1]",
                                   "[1,null]",
                                   "[[]]",
                                   "{}",
                                   "{\"a\":null}",
                                   "{\"a\":2}",
                                   "{\"a\":1,\"b\":0}",
                                   "{\"b\":0,\"a\":2}",
                                   "{\"b\":0}"};
  const std::size_t count = std::size(ascending);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < count; ++j) {
      const auto order = compare(*read_json(ascending[i]), *read_json(ascending[j]));
      ASSERT_TRUE(order.has_value());
      EXPECT_EQ(*order, i <=> j) << ascending[i] << " " << ascending[j];
    }
  }
}

TEST(Compare, what_is_no_number_is_before_all_numbers_and_itself) {
  const Value none(std::nan(""));
  EXPECT_EQ(compare(none, none), Order::less);
  EXPECT_EQ(compare(none, Value(-1e300)), Order::less);
  EXPECT_EQ(compare(Value(-1e300), none), Order::greater);
  EXPECT_EQ(compare(Value(true), none), Order::less);
}

TEST(Compare, an_exact_number_and_a_double_are_compared_as_doubles) {
  EXPECT_EQ(compare(*read_json("9007199254740993"), Value(9007199254740992.0)), Order::equal);
  EXPECT_EQ(compare(*read_json("1.10"), Value(1.1)), Order::equal);
}

TEST(Compare, is_limited_in_depth) {
  const auto nested = [](std::size_t levels) {
    Value value;
    for (std::size_t i = 0; i < levels; ++i) {
      Value outer = Value::array(&value, 1);
      value = std::move(outer);
    }
    return value;
  };
  EXPECT_EQ(compare(nested(10'000), nested(10'000)), Order::equal);
  EXPECT_EQ(compare(nested(10'000), nested(9'999)), Order::greater);
  EXPECT_EQ(compare(nested(10'001), nested(10'001)), std::nullopt);
}

}  // namespace
}  // namespace nowthen::expr
