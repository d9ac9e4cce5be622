// Cut text, tables, URLs, and answers read by name.

#include "cli/text.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cli/json_value.h"
#include "cli/url.h"

namespace nowthen::cli {
namespace {

TEST(Text, is_cut_between_characters) {
  EXPECT_EQ(cut("abcdef", 6), "abcdef");
  EXPECT_EQ(cut("abcdefg", 6), "abc...");
  EXPECT_EQ(cut("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 4), "\xc3\xa9...");
}

TEST(Text, a_table_is_aligned_from_page_to_page) {
  Table table({"ID", "NAME"});
  table.add({"1", "\xc3\xa9"});
  EXPECT_EQ(table.take(Look::bold_titles), "\x1b[1mID  NAME\x1b[0m\n1   \xc3\xa9\n");
  table.add({"22", ""});
  table.add({"1"});
  EXPECT_EQ(table.take(Look::bold_titles), "22\n1\n");
  EXPECT_EQ(table.take(Look::plain), "");
}

TEST(Url, a_server_is_an_http_url_without_more) {
  const struct {
    std::string text;
    std::string url;  // empty: refused
  } kCases[] = {
      {"http://127.0.0.1:7070", "http://127.0.0.1:7070"},
      {"127.0.0.1:7070", "http://127.0.0.1:7070"},
      {"https://a.example/nowthen//", "https://a.example/nowthen"},
      {"[::1]:7070", "http://[::1]:7070"},
      {"", ""},
      {"http://", ""},
      {"http:///x", ""},
      {"http://:80", ""},
      {"ftp://a", ""},
      {"file:///etc/passwd", ""},
      {"http://user:secret@a", ""},
      {"http://a?b", ""},
      {"http://a#b", ""},
      {"http://a b", ""},
      {"http://a\r\nb", ""},
      {"http://\xc3\xa9", ""},
  };
  for (const auto& each : kCases) {
    const auto url = parse_server(each.text);
    EXPECT_EQ(url ? *url : "", each.url) << each.text;
    if (url) continue;
    EXPECT_EQ(url.error().message.find("secret"), std::string::npos);
  }
}

TEST(Url, loopback_is_told_from_the_rest) {
  for (const char* url : {"http://127.0.0.1:1", "http://localhost", "http://[::1]:1/x"}) {
    EXPECT_TRUE(is_loopback(url)) << url;
  }
  for (const char* url : {"http://a", "https://localhost.example", "http://[::2]", "http://1.2.7.0",
                          "http://127.a.example"}) {
    EXPECT_FALSE(is_loopback(url)) << url;
  }
}

TEST(Url, a_path_holds_any_name_in_one_segment) {
  Path path("/v1/operations");
  path.segment("a/b?c").segment("..").segment("\xc3\xa9~-._").query("x", "1&2=3").query("y", "");
  EXPECT_EQ(path.text(), "/v1/operations/a%2Fb%3Fc/%2E%2E/%C3%A9~-._?x=1%262%3D3");
}

TEST(JsonValue, is_read_by_name_in_the_order_in_which_it_was_sent) {
  const auto value =
      JsonValue::parse(R"( {"b": 1.50, "a": [true , "x\u0041"], "n": null, "o": { "p" : {} } } )");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->fields().front().first, "b");
  EXPECT_EQ(value->at("b").text(), "1.50");
  EXPECT_EQ(value->at("a").elements().at(1).text(), "xA");
  EXPECT_EQ(value->at("o").at("p").json(), "{}");
  EXPECT_EQ(value->at("o").json(), R"({ "p" : {} })");
  EXPECT_TRUE(value->at("n").is_null());
  EXPECT_EQ(value->at("n").text(), "");
  EXPECT_TRUE(value->at("missing").at("deeper").elements().empty());
  EXPECT_TRUE(value->at("a").fields().empty());
  EXPECT_FALSE(JsonValue::parse("{\"a\": }"));
  EXPECT_FALSE(JsonValue::parse(""));
}

}  // namespace
}  // namespace nowthen::cli
