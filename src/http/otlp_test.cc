#include "http/otlp.h"

#include <gtest/gtest.h>

#include <nowthen/json.h>

namespace nowthen::http {
namespace {

core::Span sample() {
  core::Span span;
  span.trace = "0af7651916cd43dd8448eb211c80319c";
  span.id = static_cast<core::SpanId>(0xb7);
  span.parent = static_cast<core::SpanId>(0xf067aa0ba902b7);
  span.invocation = *parse_invocation_id("01j9x3k5w8m2c0q7r4t6v8y1za");
  span.operation = "charge";
  span.start = from_us(1'700'000'000'000'001);
  span.end = from_us(1'700'000'000'500'000);
  return span;
}

std::string only(const core::Span& span) {
  const std::string text = encode_otlp({span});
  EXPECT_TRUE(validate_json(text)) << text;
  const std::string head =
      R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name",)"
      R"("value":{"stringValue":"nowthen"}}]},"scopeSpans":[{"scope":{"name":"nowthen"},"spans":[)";
  EXPECT_TRUE(text.starts_with(head)) << text;
  EXPECT_TRUE(text.ends_with("]}]}]}")) << text;
  return text.substr(head.size(), text.size() - head.size() - 6);
}

constexpr std::string_view kIds =
    R"({"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"00000000000000b7",)"
    R"("parentSpanId":"00f067aa0ba902b7",)";
constexpr std::string_view kTimes =
    R"("startTimeUnixNano":"1700000000000001000","endTimeUnixNano":"1700000000500000000",)";
constexpr std::string_view kAbout =
    R"("attributes":[{"key":"nowthen.invocation","value":{"stringValue":)"
    R"("01j9x3k5w8m2c0q7r4t6v8y1za"}},{"key":"nowthen.operation","value":)"
    R"({"stringValue":"charge"}})";

TEST(Otlp, an_invocation) {
  core::Span span = sample();
  span.state = core::State::succeeded;
  span.decision = "handed-over";
  EXPECT_EQ(only(span),
            std::string(kIds) + R"("name":"charge","kind":2,)" + std::string(kTimes) +
                std::string(kAbout) +
                R"(,{"key":"nowthen.mode","value":{"stringValue":"auto"}})"
                R"(,{"key":"nowthen.state","value":{"stringValue":"succeeded"}})"
                R"(,{"key":"nowthen.decision","value":{"stringValue":"handed-over"}}]})");
}

TEST(Otlp, a_step_that_failed) {
  core::Span span = sample();
  span.kind = core::Span::Kind::entry;
  span.attempt = 2;
  span.path = "1.0/save";
  span.tries = 3;
  span.code = ErrorCode::failed;
  span.error = "no\nplace \xff";
  EXPECT_EQ(only(span), std::string(kIds) + R"("name":"1.0/save","kind":1,)" + std::string(kTimes) +
                            std::string(kAbout) +
                            R"(,{"key":"nowthen.attempt","value":{"intValue":"2"}})"
                            R"(,{"key":"nowthen.kind","value":{"stringValue":"step"}})"
                            R"(,{"key":"nowthen.path","value":{"stringValue":"1.0/save"}})"
                            R"(,{"key":"nowthen.tries","value":{"intValue":"3"}}],)"
                            R"("status":{"code":2,"message":"failed: no\nplace )"
                            "\xef\xbf\xbd\"}}");
}

TEST(Otlp, no_span_ends_before_it_starts) {
  core::Span span = sample();
  span.parent = core::SpanId::none;
  span.kind = core::Span::Kind::queue;
  span.end = from_us(1);
  const std::string text = only(span);
  EXPECT_FALSE(text.contains("parentSpanId"));
  EXPECT_TRUE(text.contains(R"("endTimeUnixNano":"1700000000000001000")")) << text;
}

}  // namespace
}  // namespace nowthen::http
