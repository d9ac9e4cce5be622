// The strict reader and the writer.

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <nowthen/json.h>

namespace nowthen {
namespace {

std::string error_of(std::string_view text) {
  const Result<void> valid = validate_json(text);
  return valid ? "" : valid.error().message;
}

TEST(Json, valid_texts_are_accepted) {
  for (const char* text :
       {"null", " true ", "false", "0", "-0", "-0.0e+5", "1E400", "12345678901234567890123", "\"\"",
        "[]", "[[],{}]", "{}", "{\"a\":{\"a\":[1,2,{\"b\":null}]}}", "\"\\u0000\\ud83d\\ude00\"",
        "\"\xf0\x9f\x98\x80\xc3\xa9\xe2\x82\xac\"", "\t[1 , 2]\r\n", "{\"\":1}",
        "\"\\/\\b\\f\\n\\r\\t\""})
    EXPECT_EQ(error_of(text), "") << text;
}

TEST(Json, everything_else_is_refused) {
  for (const char* text : {"",
                           " ",
                           "nul",
                           "nulll",
                           "True",
                           "+1",
                           "01",
                           "-",
                           "1.",
                           ".5",
                           "1e",
                           "1e+",
                           "0x1",
                           "NaN",
                           "Infinity",
                           "'a'",
                           "\"",
                           "\"a",
                           "\"\\\"",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\u12g4\"",
                           "\"\\ud800\"",
                           "\"\\udc00\"",
                           "\"\\ud800\\u0041\"",
                           "\"\n\"",
                           "\"\x01\"",
                           "[",
                           "]",
                           "[1",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "[1,,2]",
                           "{",
                           "}",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{,}",
                           "{a:1}",
                           "{1:1}",
                           "{\"a\":1 \"b\":2}",
                           "1 2",
                           "[]]",
                           "null,",
                           "// c\n1",
                           "[1]\xc2\xa0",
                           "\"\xc0\x80\"",
                           "\"\xed\xa0\x80\"",
                           "\"\xf4\x90\x80\x80\"",
                           "\"\x80\"",
                           "\"\xe2\x82\"",
                           "\"\xff\"",
                           "\xef\xbb\xbf"
                           "1",
                           "\"\\u-123\"",
                           "\"\\ud800\\",
                           "\"\\ud800\\u"})
    EXPECT_NE(error_of(text), "") << text;
}

TEST(Json, duplicate_names_are_refused_however_they_are_written) {
  EXPECT_EQ(error_of(R"({"a":1,"b":2,"\u0061":3})"), "field 'a': the name is there twice");
  std::string many = "{";
  for (int i = 0; i < 5000; ++i) many += "\"n" + std::to_string(i) + "\":1,";
  EXPECT_EQ(error_of(many + "\"x\":1}"), "");
  EXPECT_EQ(error_of(many + "\"n4000\":1}"), "field 'n4000': the name is there twice");
}

TEST(Json, depth_is_limited_at_256) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(error_of(nested(256)), "");
  EXPECT_NE(error_of(nested(257)).find("more than 256 levels"), std::string::npos);
  EXPECT_NE(error_of(std::string(1'000'000, '[')), "");
  EXPECT_NE(error_of(std::string(1'000'000, '{')), "");
}

TEST(Json, errors_name_the_place) {
  EXPECT_EQ(error_of(R"({"items":[{"price":1},{"price":x}]})"),
            "field 'items[1].price': expected a value");
  EXPECT_EQ(error_of(R"([[1,]])"), "field '[0][1]': expected a value");
}

template <class T>
std::string written(const T& value) {
  std::string out;
  JsonWriter writer(out);
  json::write(writer, value);
  return out;
}
template <class T>
Result<T> parsed(std::string_view text) {
  JsonReader reader(text);
  T value{};
  json::read(reader, value);
  reader.finish();
  if (!reader.ok()) return reader.error();
  return value;
}
template <class T>
std::string why(std::string_view text) {
  const Result<T> result = parsed<T>(text);
  return result ? "" : result.error().message;
}

TEST(Json, integers_are_exact_and_checked) {
  EXPECT_EQ(written(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(parsed<std::int64_t>("-9223372036854775808").value(),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parsed<std::uint64_t>("18446744073709551615").value(), UINT64_MAX);
  EXPECT_EQ(parsed<std::uint64_t>("-0").value(), 0u);
  for (const char* out : {"18446744073709551616", "-1", "300"})
    EXPECT_EQ(why<std::uint8_t>(out), "the integer is out of range") << out;
  EXPECT_EQ(why<std::int8_t>("-129"), "the integer is out of range");
  for (const char* no : {"1.0", "1e3", "true", "\"1\"", "null"})
    EXPECT_EQ(why<int>(no), "expected an integer") << no;
}

TEST(Json, numbers_survive_the_round_trip) {
  for (const double value :
       {0.0, -0.0, 0.1, 1e300, 5e-324, 1.7976931348623157e308, 123456789.125}) {
    const double back = parsed<double>(written(value)).value();
    EXPECT_EQ(back, value);
  }
  EXPECT_EQ(written(0.1), "0.1");
  EXPECT_EQ(written(0.1f), "0.1");
  EXPECT_EQ(parsed<float>("0.1").value(), 0.1f);
  EXPECT_EQ(why<double>("1e400"), "the number is out of range");
  EXPECT_EQ(why<float>("1e39"), "the number is out of range");
}

TEST(Json, texts_survive_the_round_trip) {
  std::string text = "\"\\/\b\f\n\r\t\x01\x1f\x7f";
  text += '\0';
  text += "\xc3\xa9\xf0\x9f\x98\x80";
  EXPECT_EQ(parsed<std::string>(written(text)).value(), text);
  EXPECT_EQ(error_of(written(text)), "");
}

TEST(Json, random_bytes_never_pass_as_a_text_that_does_not_reread) {
  std::uint64_t state = 1;
  const std::string_view alphabet = "[]{}\",:0123456789.eE+-\\utrfalsn \n\xc3\xa9";
  std::size_t valid = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string text;
    for (int i = 0; i < 6; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      text += alphabet[(state >> 33) % alphabet.size()];
    }
    valid += validate_json(text) ? 1u : 0u;
  }
  EXPECT_GT(valid, 100u);
}

struct Two {
  std::int64_t a = 0;
  std::optional<std::int64_t> b;
};
NOWTHEN_JSON(Two, a, b);

TEST(Json, fields_that_nobody_asked_for_are_skipped_or_refused_by_name) {
  Two two;
  JsonReader lenient(R"({"a":1,"c":2})");
  nowthen_json_read(lenient, two);
  EXPECT_TRUE(lenient.ok());
  JsonReader strict(R"({"a":1,"c":2})", JsonReader::Unknown::refused);
  nowthen_json_read(strict, two);
  ASSERT_FALSE(strict.ok());
  EXPECT_EQ(strict.error().message, "field 'c': there is no such field here");
}

TEST(Json, a_value_passes_through_as_it_is_written) {
  JsonReader reader(R"([ {"n": 1.50 , "x":12345678901234567890123} , 2])");
  ASSERT_TRUE(reader.begin_array());
  ASSERT_TRUE(reader.next_element());
  const std::string_view slice = reader.raw();
  EXPECT_EQ(slice, R"({"n": 1.50 , "x":12345678901234567890123})");
  std::string out;
  JsonWriter writer(out);
  writer.begin_array();
  writer.raw(slice);
  writer.integer(1);
  writer.end_array();
  EXPECT_EQ(out, R"([{"n": 1.50 , "x":12345678901234567890123},1])");
  ASSERT_TRUE(reader.next_element());
  EXPECT_EQ(reader.raw(), "2");
  EXPECT_FALSE(reader.next_element());
  reader.finish();
  EXPECT_TRUE(reader.ok());
}

}  // namespace
}  // namespace nowthen
