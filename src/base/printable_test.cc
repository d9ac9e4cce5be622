#include "base/printable.h"

#include <gtest/gtest.h>

namespace nowthen {
namespace {

TEST(Printable, what_a_terminal_would_obey_is_escaped) {
  const struct {
    std::string text;
    std::string shown;
  } kCases[] = {
      {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
      {"a\x1b[31mb", "a\\x1b[31mb"},
      {std::string("\0\x07\x7f", 3), "\\x00\\x07\\x7f"},
      {"a\nb\tc\r", "a\\nb\\tc\\r"},
      {"\xc2\x9b\xc2\x85", "\\x9b\\x85"},
      {"\xe2\x80\xae\xe2\x81\xa6", "\\u202e\\u2066"},
      {"\xff\xc3(", "\\xff\\xc3("},
  };
  for (const auto& each : kCases) {
    EXPECT_EQ(printable(each.text), each.shown);
    EXPECT_EQ(printable(each.shown), each.shown);
  }
  EXPECT_EQ(printable("a\nb\tc\r\x1b", LineBreaks::kept), "a\nb\tc\\r\\x1b");
}

}  // namespace
}  // namespace nowthen
