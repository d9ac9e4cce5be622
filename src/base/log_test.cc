#include <gtest/gtest.h>

#include <nowthen/json.h>
#include <nowthen/log.h>

namespace nowthen {
namespace {

constexpr std::chrono::sys_time<std::chrono::microseconds> kAt{
    std::chrono::microseconds(1'772'359'200'123'999)};

LogLine parked() {
  LogLine line{LogLevel::warning, "parked, operator: looks odd", "charge", {}, {}};
  line.invocation = *parse_invocation_id("01j9x3k5w8m2c0q7r4t6v8y1za");
  line.trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  return line;
}

TEST(LogLine, as_text) {
  EXPECT_EQ(to_string(LogLine{LogLevel::info, "started", {}, {}, {}}, LogFormat::text, kAt),
            "2026-03-01T10:00:00.123Z info started");
  EXPECT_EQ(to_string(parked(), LogFormat::text, kAt),
            "2026-03-01T10:00:00.123Z warning operation=charge "
            "invocation=01j9x3k5w8m2c0q7r4t6v8y1za trace=4bf92f3577b34da6a3ce929d0e0e4736 "
            "parked, operator: looks odd");
}

TEST(LogLine, as_json) {
  EXPECT_EQ(to_string(LogLine{LogLevel::error, "a\"b", {}, {}, {}}, LogFormat::json, kAt),
            R"({"time":"2026-03-01T10:00:00.123Z","level":"error","message":"a\"b"})");
  EXPECT_EQ(
      to_string(parked(), LogFormat::json, kAt),
      R"({"time":"2026-03-01T10:00:00.123Z","level":"warning",)"
      R"("message":"parked, operator: looks odd","operation":"charge",)"
      R"("invocation":"01j9x3k5w8m2c0q7r4t6v8y1za","trace":"4bf92f3577b34da6a3ce929d0e0e4736"})");
}

TEST(LogLine, no_message_makes_a_second_line) {
  const std::string forged = "over\r\n2026-03-01T10:00:00.123Z info \x1b[2J\xff\xc2\x85 fine";
  const LogLine line{LogLevel::info, forged, forged, {}, {}};
  const std::string text = to_string(line, LogFormat::text, kAt);
  EXPECT_TRUE(text.ends_with(R"(over\r\n2026-03-01T10:00:00.123Z info \x1b[2J\xff\x85 fine)"))
      << text;
  const std::string json = to_string(line, LogFormat::json, kAt);
  EXPECT_TRUE(validate_json(json)) << json;
  for (const std::string& each : {text, json}) {
    for (const char c : each) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << each;
  }
}

}  // namespace
}  // namespace nowthen
