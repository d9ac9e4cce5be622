#include "http/http_target.h"

#include <gtest/gtest.h>

namespace nowthen::http {
namespace {

using namespace std::chrono_literals;

std::string refusal(std::string_view json) {
  const Result<HttpTarget> target = parse_http_target(json);
  EXPECT_FALSE(target) << json;
  return target ? "" : target.error().message;
}
std::string with_header(std::string_view header) {
  return R"({"url": "http://h/", "headers": {)" + std::string(header) + "}}";
}

TEST(HttpTarget, is_read_with_all_its_fields) {
  const Result<HttpTarget> target = parse_http_target(
      R"({"url": "http://127.0.0.1:9000/charge",
          "headers": {"X-Team": "pay", "Authorization": {"secret": "CHARGE_TOKEN"}},
          "lease": "2m", "on_unknown": "park"})");
  ASSERT_TRUE(target) << target.error().message;
  EXPECT_EQ(target->url, *parse_url("http://127.0.0.1:9000/charge"));
  ASSERT_EQ(target->headers.size(), 2u);
  EXPECT_EQ(target->headers[0].name, "Authorization");
  EXPECT_EQ(target->headers[0].secret, "CHARGE_TOKEN");
  EXPECT_EQ(target->headers[1].value, "pay");
  EXPECT_EQ(target->lease, 2min);
  EXPECT_EQ(target->on_unknown, OnUnknown::park);
}

TEST(HttpTarget, only_the_url_must_be_there) {
  const Result<HttpTarget> target = parse_http_target(R"({"url": "https://example.org"})");
  ASSERT_TRUE(target);
  EXPECT_TRUE(target->headers.empty());
  EXPECT_EQ(target->lease, 30s);
  EXPECT_EQ(target->on_unknown, OnUnknown::retry);
}

TEST(HttpTarget, what_is_wrong_is_named) {
  const auto names = [](std::string_view json, std::string_view says) {
    const std::string message = refusal(json);
    EXPECT_NE(message.find(says), std::string::npos) << json << ": " << message;
  };
  names("{}", "'url'");
  names("[]", "an object");
  names(R"({"url": "http://h/"} x)", "");
  names(R"({"url": 1})", "'url'");
  names(R"({"url": "ftp://h/"})", "field 'url': the URL must begin with http:// or https://");
  names(R"({"url": "http://h/", "timeout": "1s"})", "'timeout'");
  names(R"({"url": "http://h/", "lease": "0s"})", "field 'lease': from 1s to 24h");
  names(R"({"url": "http://h/", "lease": "25h"})", "'lease'");
  names(R"({"url": "http://h/", "lease": 30})", "'lease'");
  names(R"({"url": "http://h/", "on_unknown": "ignore"})", "'on_unknown'");
  names(with_header(R"("A b": "x")"), "A b");
  names(with_header(R"("A": 1)"), "A");
  names(with_header(R"("A": "x\ny")"), "control character");
  names(with_header(R"("A": {"secret": "a-b"})"), "letters, digits");
  names(with_header(R"("A": {"secret": ""})"), "letters, digits");
  names(with_header(R"("A": {"env": "X"})"), "secret");
  names(with_header(R"("A": {})"), "secret");
  names(with_header(R"("A": "1", "a": "2")"), "twice");
  names(with_header("\"A\": \"" + std::string(9000, 'x') + "\""), "8192");
}

TEST(HttpTarget, headers_that_the_server_sets_are_refused_by_name) {
  for (const std::string name :
       {"Host", "content-length", "Content-Type", "Transfer-Encoding", "CONNECTION", "Keep-Alive",
        "TE", "Trailer", "Upgrade", "Expect", "traceparent", "Idempotency-Key",
        "Nowthen-Invocation", "nowthen-anything", "Proxy-Authorization"}) {
    const std::string message = refusal(with_header("\"" + name + "\": \"x\""));
    EXPECT_NE(message.find(name), std::string::npos) << message;
    EXPECT_NE(message.find("set by the server"), std::string::npos) << message;
  }
}

TEST(HttpTarget, number_of_headers_is_limited) {
  std::string headers;
  for (int i = 0; i < 65; ++i)
    headers += (i == 0 ? "\"A" : ",\"A") + std::to_string(i) + "\": \"x\"";
  EXPECT_NE(refusal(with_header(headers)).find("more than 64"), std::string::npos);
}

}  // namespace
}  // namespace nowthen::http
