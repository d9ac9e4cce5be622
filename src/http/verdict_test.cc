#include "http/verdict.h"

#include <gtest/gtest.h>

namespace nowthen::http {
namespace {

using namespace std::chrono_literals;
using Kind = Verdict::Kind;

const WallTime kNow{784'111'777s};

Verdict of(int status, std::string body = {}, std::vector<Header> headers = {}) {
  return judge(ClientResponse{status, std::move(headers), std::move(body)}, kNow);
}

TEST(Verdict, success_is_json_or_declared_bytes) {
  for (const std::string_view body : {"{\"a\": 1}", "1", "null", " [1, 2] "}) {
    const Verdict verdict = of(200, std::string(body), {{"Content-Type", "text/html"}});
    EXPECT_EQ(verdict.kind, Kind::final);
    EXPECT_EQ(verdict.outcome, (core::Outcome{ErrorCode::none, std::string(body)}));
  }
  EXPECT_EQ(of(201).outcome.data, "null");
  EXPECT_EQ(of(204).outcome.data, "null");
  const std::string bytes("\x00\xff{", 3);
  const Verdict verdict = of(200, bytes, {{"content-type", "Application/Octet-Stream; charset=x"}});
  EXPECT_EQ(verdict.kind, Kind::final);
  EXPECT_EQ(verdict.outcome, (core::Outcome{ErrorCode::none, bytes}));
}

TEST(Verdict, success_without_json_is_a_failed_attempt) {
  for (const std::string_view body :
       {"{\"a\": 1", "<html>", "{} {}", "{\"a\":1,\"a\":2}", "\"\xff\"", "NaN", " "}) {
    const Verdict verdict = of(200, std::string(body), {{"Content-Type", "application/json"}});
    EXPECT_EQ(verdict.kind, Kind::failed) << body;
    EXPECT_TRUE(
        verdict.outcome.data.starts_with("the service answered 200, but its body is no JSON ("))
        << verdict.outcome.data;
  }
}

TEST(Verdict, accepted_is_kept_by_the_service) { EXPECT_EQ(of(202, "x").kind, Kind::kept); }

TEST(Verdict, client_errors_are_final_and_passed_on_but_those_that_pass) {
  for (const int status : {400, 401, 403, 404, 409, 410, 418, 422, 451, 499}) {
    const Verdict verdict = of(status, "{\"no\":1}", {{"Content-Type", "application/json"}});
    EXPECT_EQ(verdict.kind, Kind::final);
    EXPECT_EQ(verdict.outcome.code, ErrorCode::rejected);
    EXPECT_EQ(verdict.outcome.data, std::to_string(status) + " application/json\n{\"no\":1}");
    const auto read = read_rejection(verdict.outcome.data);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->status, status);
    EXPECT_EQ(read->content_type, "application/json");
    EXPECT_EQ(read->body, "{\"no\":1}");
  }
  for (const int status : {408, 425, 429}) EXPECT_EQ(of(status).kind, Kind::failed);
  EXPECT_EQ(of(404).outcome.data, "404 \n");
  for (const char* other : {"", "404", "no\n", "399 a\n", "500 a\n", "99999999999 a\n"})
    EXPECT_FALSE(read_rejection(other)) << other;
  EXPECT_EQ(of(404, "x").outcome.data, "404 application/octet-stream\nx");
  const Verdict large = of(404, std::string(kRejectionBytesMax + 1, 'x'));
  EXPECT_EQ(large.kind, Kind::final);
  EXPECT_EQ(large.outcome.code, ErrorCode::failed);
  EXPECT_NE(large.outcome.data.find("rejection_bytes_max (65536)"), std::string::npos);
  EXPECT_EQ(of(404, std::string(kRejectionBytesMax, 'x')).outcome.data.size(),
            kRejectionBytesMax + std::string("404 application/octet-stream\n").size());
}

TEST(Verdict, failures_say_status_and_the_beginning_of_the_body_printably) {
  const Verdict verdict = of(503, "no\r\n\x1b[31m \xc3\xa4" + std::string(1000, 'x'));
  EXPECT_EQ(verdict.kind, Kind::failed);
  EXPECT_EQ(verdict.outcome.data, "the service answered 503: no  ?[31m ??" +
                                      std::string(kExcerptBytesMax - 12, 'x') + "...");
  EXPECT_EQ(of(500).outcome.data, "the service answered 500");
  EXPECT_EQ(of(302).outcome.data, "the service answered 302; redirects are not followed");
  EXPECT_EQ(of(599).kind, Kind::failed);
  EXPECT_EQ(of(700).kind, Kind::failed);
}

TEST(Verdict, retry_after_is_the_least_wait) {
  EXPECT_EQ(of(429, "", {{"Retry-After", "7"}}).retry_after, 7s);
  EXPECT_EQ(of(503, "", {{"retry-after", "Sun, 06 Nov 1994 08:49:47 GMT"}}).retry_after, 10s);
  EXPECT_EQ(of(503, "", {{"Retry-After", "soon"}}).retry_after, 0s);
  EXPECT_EQ(of(503).retry_after, 0s);
}

TEST(Verdict, error_of_the_client_is_unknown_only_if_something_left) {
  using Error = ClientError::Kind;
  EXPECT_EQ(judge(ClientError{Error::not_sent, false, "m"}).kind, Kind::failed);
  EXPECT_EQ(judge(ClientError{Error::refused_egress, false, "m"}).kind, Kind::failed);
  const Verdict verdict = judge(ClientError{Error::unknown, true, "m"});
  EXPECT_EQ(verdict.kind, Kind::unknown);
  EXPECT_EQ(verdict.outcome, (core::Outcome{ErrorCode::timed_out, "m"}));
}

}  // namespace
}  // namespace nowthen::http
