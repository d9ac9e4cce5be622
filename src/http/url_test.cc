#include "http/url.h"

#include <gtest/gtest.h>

namespace nowthen::http {
namespace {

TEST(Url, is_taken_apart) {
  struct Case {
    std::string_view text, host;
    std::uint16_t port;
    std::string_view target, authority, origin;
  };
  for (const Case& each : std::vector<Case>{
           {"http://example.org", "example.org", 80, "/", "example.org", "http://example.org:80"},
           {"HTTPS://Example.ORG/A?b=C", "example.org", 443, "/A?b=C", "example.org",
            "https://example.org:443"},
           {"http://127.0.0.1:9000/charge", "127.0.0.1", 9000, "/charge", "127.0.0.1:9000",
            "http://127.0.0.1:9000"},
           {"http://h?x=/1", "h", 80, "/?x=/1", "h", "http://h:80"},
           {"https://[0:0::1]:8443/", "::1", 8443, "/", "[::1]:8443", "https://[::1]:8443"},
           {"http://[::ffff:10.0.0.1]", "10.0.0.1", 80, "/", "10.0.0.1", "http://10.0.0.1:80"},
           {"http://a_b.internal:443/%20", "a_b.internal", 443, "/%20", "a_b.internal:443",
            "http://a_b.internal:443"},
           {"https://h:80", "h", 80, "/", "h:80", "https://h:80"},
           {"https://h:443//a//b", "h", 443, "//a//b", "h", "https://h:443"}}) {
    const Result<Url> url = parse_url(each.text);
    ASSERT_TRUE(url) << each.text << ": " << url.error().message;
    EXPECT_EQ(url->host, each.host);
    EXPECT_EQ(url->port, each.port);
    EXPECT_EQ(url->target, each.target);
    EXPECT_EQ(url->authority(), each.authority);
    EXPECT_EQ(url->origin(), each.origin);
    EXPECT_EQ(url->scheme == Scheme::https, url->origin().starts_with("https"));
  }
}

TEST(Url, what_could_be_read_in_two_ways_is_refused) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv,
                                      "example.org"sv,
                                      "/path"sv,
                                      "ftp://h/"sv,
                                      "file:///etc"sv,
                                      "http:/h"sv,
                                      "http:h"sv,
                                      "http://"sv,
                                      "http:///path"sv,
                                      "http://:80/"sv,
                                      "http://user@h/"sv,
                                      "http://u:p@h/"sv,
                                      "http://h@evil/"sv,
                                      "http://h/#part"sv,
                                      "http://h#"sv,
                                      "http://h/a b"sv,
                                      "http://h/\t"sv,
                                      "http://h/\r\nX: y"sv,
                                      "http://h/\0"sv,
                                      "http://h\0.evil/"sv,
                                      "http://h/\xc3\xa4"sv,
                                      "http://h\xc3\xa4/"sv,
                                      "http://h/%"sv,
                                      "http://h/%2"sv,
                                      "http://h/%zz"sv,
                                      "http://h%41/"sv,
                                      "http://h:/"sv,
                                      "http://h:0/"sv,
                                      "http://h:65536/"sv,
                                      "http://h:80:80/"sv,
                                      "http://h:+8/"sv,
                                      "http://h:8a/"sv,
                                      "http://[::1/"sv,
                                      "http://[::1]8/"sv,
                                      "http://[fe80::1%25eth0]/"sv,
                                      "http://[fe80::1%eth0]/"sv,
                                      "http://[10.0.0.1]/"sv,
                                      "http://[h]/"sv,
                                      "http://::1/"sv,
                                      "http://127.1/"sv,
                                      "http://2130706433/"sv,
                                      "http://0x7f000001/"sv,
                                      "http://0x7f.0.0.1/"sv,
                                      "http://010.0.0.1/"sv,
                                      "http://1.2.3.4.5/"sv,
                                      "http://1.2.3.256/"sv,
                                      "http://h./"sv,
                                      "http://.h/"sv,
                                      "http://a..b/"sv,
                                      "http://-a/"sv,
                                      "http://a-/"sv,
                                      "http://h\\evil/"sv,
                                      "http://h/a\\b"sv,
                                      "http://h/<x>"sv,
                                      "http://h/\"x\""sv,
                                      "http://h/{x}"sv,
                                      "http://h/a|b"sv,
                                      " http://h/"sv,
                                      "http://h/ "sv}) {
    const Result<Url> url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, ErrorCode::invalid_argument);
  }
}

TEST(Url, refusal_never_repeats_a_password) {
  EXPECT_EQ(parse_url("http://u:secret@h/").error().message,
            "the URL has a user name or an '@'; put credentials into a header");
}

TEST(Url, lengths_are_limited) {
  EXPECT_TRUE(parse_url("http://h/" + std::string(kUrlBytesMax - 9, 'a')));
  EXPECT_FALSE(parse_url("http://h/" + std::string(kUrlBytesMax - 8, 'a')));
  EXPECT_TRUE(parse_url("http://" + std::string(63, 'a') + "/"));
  EXPECT_FALSE(parse_url("http://" + std::string(64, 'a') + "/"));
}

}  // namespace
}  // namespace nowthen::http
