// Goal: strict JSON becomes values and comes back as it was written, number by number; what is no
// JSON is an error with its place; a text may come in any pieces.

#include "expr/read.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "expr/write.h"

namespace nowthen::expr {
namespace {

std::string back(std::string_view json, WriteOptions options = {}, ReadOptions read = {}) {
  const auto value = read_json(json, read);
  if (!value) return value.error().message;
  std::string text;
  write_json(text, *value, options);
  return text;
}

TEST(ReadJson, comes_back_as_it_was) {
  for (const std::string_view json : {"null",
                                      "true",
                                      "false",
                                      "0",
                                      "-0",
                                      "1",
                                      "-17",
                                      "999999999999999",
                                      "123456789012345678901",
                                      "0.1",
                                      "12.50",
                                      "1.000",
                                      "0.00001",
                                      "0.000001",
                                      "-2.5",
                                      "1E+1000",
                                      "\"\"",
                                      "\"abc\"",
                                      "\"a text of many letters\"",
                                      "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"",
                                      "[]",
                                      "{}",
                                      "[[],{}]",
                                      "[1,[2,[3]],{\"a\":{\"b\":[null]}}]",
                                      "{\"b\":1,\"a\":2,\"\":3}",
                                      R"("\"\\\b\f\n\r\t\u0001\u007f")"})
    EXPECT_EQ(back(json), json);
  EXPECT_EQ(back(" \t\r\n[ 1 ,\n2 , { \"a\" : 3 } ] "), "[1,2,{\"a\":3}]");
  EXPECT_EQ(back("1e3"), "1E+3");
  EXPECT_EQ(back("100e-2"), "1.00");
  EXPECT_EQ(back(R"("\u00e4\ud83d\ude00\/\u0041")"), "\"\xc3\xa4\xf0\x9f\x98\x80/A\"");
  EXPECT_EQ(back("\xef\xbb\xbf 1"), "1");
  const std::string digits(100'000, '7');
  EXPECT_EQ(back(digits), digits);
}

TEST(ReadJson, every_place_of_a_string_is_looked_at) {
  for (std::size_t size = 0; size < 20; ++size) {
    for (const std::string_view special : {"\\n", "\xc3\xa4", "\\\"", "\\u0000"}) {
      const std::string json = '"' + std::string(size, 'x') + std::string(special) + "yyyyyyyyy\"";
      EXPECT_EQ(back(json), json);
    }
    for (const char wrong : {'\x01', '\x1f', '\xff', '\n'})
      EXPECT_TRUE(
          back('"' + std::string(size, 'x') + wrong + "yyyyyyyyyy\"").starts_with("line 1"));
  }
}

TEST(ReadJson, what_is_none_is_an_error_with_its_place) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "line 1, column 1: there is no value"},
      {"[1,\n 2,,3]", "line 2, column 4: expected a value"},
      {"[1 2]", "line 1, column 4: expected ',' or ']'"},
      {"{\"a\" 1}", "line 1, column 6: expected ':'"},
      {"{\"a\":1,}", "line 1, column 8: expected a name in quotation marks"},
      {"{a:1}", "line 1, column 2: expected a name in quotation marks"},
      {"[1,]", "line 1, column 4: expected a value"},
      {"[", "line 1, column 2: the text ends within a value"},
      {"{\"a\":1", "line 1, column 7: the text ends within a value"},
      {"\"abc", "line 1, column 5: the text ends within a value"},
      {"tru", "line 1, column 1: the text ends within a value"},
      {"truth", "line 1, column 1: expected a value"},
      {"01", "line 1, column 1: a number begins with 0"},
      {"1.", "line 1, column 1: the text ends within a value"},
      {"1.e1", "line 1, column 1: expected a digit"},
      {"-", "line 1, column 1: the text ends within a value"},
      {"+1", "line 1, column 1: expected a value"},
      {".5", "line 1, column 1: expected a value"},
      {"1e99999999999999999999", "line 1, column 1: the exponent of a number is too large"},
      {"NaN", "line 1, column 1: expected a value"},
      {"-Infinity", "line 1, column 1: expected a value"},
      {"'a'", "line 1, column 1: expected a value"},
      {R"("\x")", "line 1, column 2: a bad escape in a string"},
      {R"("\u12g4")", "line 1, column 2: a bad escape in a string"},
      {R"("\ud800")", "line 1, column 8: half of a pair of surrogates in a string"},
      {R"("\udc00\ud800")", "line 1, column 8: half of a pair of surrogates in a string"},
      {"\"\xc0\x80\"", "line 1, column 2: not UTF-8"},
      {"{\"a\":1,\"b\":2,\"a\":3}",
       "line 1, column 20: a name is twice in the object that ends here"},
      {"1 2", "there is more text behind the value"},
      {"[1}", "line 1, column 3: expected ',' or ']'"},
      {"]", "line 1, column 1: expected a value"}};
  for (const auto& [json, error] : cases) EXPECT_EQ(back(json), error) << json;
}

TEST(ReadJson, depth_is_limited_and_costs_no_stack) {
  const auto nested = [](std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
  };
  EXPECT_EQ(back(nested(10'000)), nested(10'000));
  EXPECT_EQ(back(nested(10'001)), "line 1, column 10001: more than depth_max (10000) levels");
  EXPECT_EQ(back(nested(3), {}, {.depth_max = 2}),
            "line 1, column 3: more than depth_max (2) levels");
  Value deep;
  for (int i = 0; i < 10'003; ++i) {
    Value outer = Value::array(&deep, 1);
    deep = std::move(outer);
  }
  std::string text;
  write_json(text, deep);
  EXPECT_NE(text.find("<skipped: too deep>"), text.npos);
}

TEST(ReadJson, options_of_jq) {
  EXPECT_EQ(back("{\"a\":1,\"b\":2,\"a\":3}", {}, {.repeated = ReadOptions::Repeated::last}),
            "{\"a\":3,\"b\":2}");
  EXPECT_EQ(back("[NaN,nan,-NaN,Infinity,-Infinity]", {}, {.not_finite = true}),
            "[null,null,null,1.7976931348623157e+308,-1.7976931348623157e+308]");
}

TEST(ReadJson, is_written_for_people_too) {
  EXPECT_EQ(back(R"({"b":[1,[]],"a":{}})", {.indent = 2}),
            "{\n  \"b\": [\n    1,\n    []\n  ],\n  \"a\": {}\n}");
  EXPECT_EQ(back(R"({"b":1,"a":{"d":1,"c":2}})", {.indent = 1, .tabs = true, .sorted = true}),
            "{\n\t\"a\": {\n\t\t\"c\": 2,\n\t\t\"d\": 1\n\t},\n\t\"b\": 1\n}");
}

TEST(ReadJson, text_may_come_in_any_pieces) {
  const std::string whole =
      "\xef\xbb\xbf 1 [12.50,\"a\\ud83d\\ude00\xc3\xa4\"]\n{\"a\":true,\"b\":null} \"x\" 1e5 "
      "false\n";
  const std::string expected =
      "1|[12.50,\"a\xf0\x9f\x98\x80\xc3\xa4\"]|{\"a\":true,\"b\":null}|\"x\"|1E+5|false|";
  for (std::size_t piece = 1; piece <= whole.size(); ++piece) {
    Reader reader;
    std::string got, waiting;
    for (std::size_t from = 0; from < whole.size(); from += piece) {
      waiting += whole.substr(from, piece);
      const bool last = from + piece >= whole.size();
      std::string_view rest = waiting;
      Value value;
      for (;;) {
        const auto next = reader.next(rest, last, value);
        ASSERT_TRUE(next) << next.error().message << " in pieces of " << piece;
        if (*next != Reader::Got::value) break;
        write_json(got, value);
        got += '|';
      }
      waiting = std::string(rest);
    }
    EXPECT_EQ(got, expected) << piece;
    EXPECT_EQ(waiting, "");
  }
}

TEST(ReadJson, what_is_cut_anywhere_goes_on) {
  ReadOptions options;
  options.not_finite = true;
  const std::string all =
      "[nan,NaN,-Infinity,null,true,-12.50e1,\"a\\u00e9\\ud83d\\ude00\xc3\xa9\"]";
  for (std::size_t cut = 0; cut < all.size(); ++cut) {
    Reader reader(options);
    Value value;
    std::string_view part = std::string_view(all).substr(0, cut);
    const auto got = reader.next(part, false, value);
    ASSERT_TRUE(got) << cut << ": " << got.error().message;
    EXPECT_NE(*got, Reader::Got::value) << cut;
  }
}

TEST(ReadJson, columns_are_characters_in_all_that_was_read) {
  Reader reader;
  std::string_view text = "1 \"\xc3\xa9\" \"ab\" \"\xc3\xa9\xc3\xa9\" ?";
  Value value;
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(reader.next(text, true, value));
  const auto wrong = reader.next(text, true, value);
  ASSERT_FALSE(wrong);
  EXPECT_TRUE(wrong.error().message.starts_with("line 1, column 17: ")) << wrong.error().message;
}

}  // namespace
}  // namespace nowthen::expr
