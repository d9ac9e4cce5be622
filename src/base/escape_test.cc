// Goal: an escape is taken as RFC 8259 has it, or it is said what is wrong with it.

#include "base/escape.h"

#include <gtest/gtest.h>

namespace nowthen {
namespace {

TEST(Escape, is_taken_whole_or_not_at_all) {
  struct Case {
    const char* text;  // behind the reverse solidus
    Escape what;
    const char* out;
    const char* rest;
  };
  const Case cases[] = {{"nx", Escape::taken, "\n", "x"},
                        {"\\", Escape::taken, "\\", ""},
                        {"/", Escape::taken, "/", ""},
                        {"u00e9!", Escape::taken, "\u00e9", "!"},
                        {"ud83d\\ude0ex", Escape::taken, "\U0001f60e", "x"},
                        {"", Escape::cut, "", ""},
                        {"u00", Escape::cut, "", "u00"},
                        {"ud83d", Escape::cut, "", "ud83d"},
                        {"ud83d\\", Escape::cut, "", "ud83d\\"},
                        {"ud83d\\ude", Escape::cut, "", "ud83d\\ude"},
                        {"ud83d\"", Escape::half, "", "ud83d\""},
                        {"ud83d\\u0041", Escape::half, "", "ud83d\\u0041"},
                        {"ude0e\\ud83d", Escape::half, "", "ude0e\\ud83d"},
                        {"q", Escape::bad, "", "q"},
                        {"u00g0", Escape::bad, "", "u00g0"},
                        {"u-001", Escape::bad, "", "u-001"}};
  for (const Case& each : cases) {
    std::string_view text = each.text;
    std::string out;
    EXPECT_EQ(take_escape(text, out), each.what) << each.text;
    EXPECT_EQ(out, each.out) << each.text;
    EXPECT_EQ(text, each.rest) << each.text;
  }
  std::string out;
  append_escape(out, 0x1f);
  EXPECT_EQ(out, "\\u001f");
}

}  // namespace
}  // namespace nowthen
