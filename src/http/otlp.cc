#include "http/otlp.h"

#include <cstdio>

#include <nowthen/json.h>

#include "base/utf8.h"
#include "http/problem.h"

namespace nowthen::http {
namespace {

// Numbers of the enums Span.SpanKind and Status.StatusCode.
enum class Kind : std::uint8_t { internal = 1, server = 2, client = 3, producer = 4 };
constexpr int kStatusError = 2;

Kind kind_of(const core::Span& span) {
  if (span.kind == core::Span::Kind::invocation) return Kind::server;
  if (span.kind != core::Span::Kind::entry) return Kind::internal;
  if (span.entry == core::EntryKind::call) return Kind::client;
  return span.entry == core::EntryKind::send ? Kind::producer : Kind::internal;
}

std::string name_of(const core::Span& span) {
  switch (span.kind) {
    case core::Span::Kind::invocation:
      return span.operation;
    case core::Span::Kind::queue:
      return "queue";
    case core::Span::Kind::attempt:
      return "attempt";
    case core::Span::Kind::entry:
      return span.path;
  }
  return {};
}

void put_id(JsonWriter& out, std::string_view name, core::SpanId id) {
  char digits[17];
  std::snprintf(digits, sizeof(digits), "%016llx", static_cast<unsigned long long>(id));
  out.field(name);
  out.string(digits);
}

void put_time(JsonWriter& out, std::string_view name, WallTime time) {
  out.field(name);
  out.string(std::to_string(to_us(time)) + "000");
}

class Attributes {
 public:
  explicit Attributes(JsonWriter& out) : out_(out) {
    out_.field("attributes");
    out_.begin_array();
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { out_.end_array(); }

  void put(std::string_view name, std::string_view text) {
    begin(name);
    out_.field("stringValue");
    out_.string(as_utf8(text));
    end();
  }
  void put(std::string_view name, std::uint32_t number) {
    begin(name);
    out_.field("intValue");
    out_.string(std::to_string(number));
    end();
  }

 private:
  void begin(std::string_view name) {
    out_.begin_object();
    out_.field("key");
    out_.string(name);
    out_.field("value");
    out_.begin_object();
  }
  void end() {
    out_.end_object();
    out_.end_object();
  }
  JsonWriter& out_;
};

void put_attributes(JsonWriter& out, const core::Span& span) {
  Attributes attributes(out);
  attributes.put("nowthen.invocation", to_string(span.invocation));
  attributes.put("nowthen.operation", span.operation);
  switch (span.kind) {
    case core::Span::Kind::invocation:
      attributes.put("nowthen.mode", to_string(span.mode));
      attributes.put("nowthen.state", core::to_string(span.state));
      if (!span.decision.empty()) attributes.put("nowthen.decision", span.decision);
      return;
    case core::Span::Kind::queue:
      return;
    case core::Span::Kind::attempt:
      attributes.put("nowthen.attempt", span.attempt);
      return;
    case core::Span::Kind::entry:
      attributes.put("nowthen.attempt", span.attempt);
      attributes.put("nowthen.kind", core::to_string(span.entry));
      attributes.put("nowthen.path", span.path);
      if (core::is_step(span.entry)) attributes.put("nowthen.tries", span.tries);
      if (!span.child.is_null()) attributes.put("nowthen.child", to_string(span.child));
      return;
  }
}

void put_span(JsonWriter& out, const core::Span& span) {
  out.begin_object();
  out.field("traceId");
  out.string(span.trace);
  put_id(out, "spanId", span.id);
  if (span.parent != core::SpanId::none) put_id(out, "parentSpanId", span.parent);
  out.field("name");
  out.string(as_utf8(name_of(span)));
  out.field("kind");
  out.natural(static_cast<std::uint64_t>(kind_of(span)));
  put_time(out, "startTimeUnixNano", span.start);
  put_time(out, "endTimeUnixNano", std::max(span.start, span.end));
  put_attributes(out, span);
  if (span.code != ErrorCode::none) {
    out.field("status");
    out.begin_object();
    out.field("code");
    out.integer(kStatusError);
    out.field("message");
    out.string(std::string(to_string(span.code)) + ": " + as_utf8(span.error));
    out.end_object();
  }
  out.end_object();
}

}  // namespace

std::string encode_otlp(const std::vector<core::Span>& spans) {
  std::string text;
  JsonWriter out(text);
  const auto in_array = [&out](std::string_view name) {
    out.field(name);
    out.begin_array();
    out.begin_object();
  };
  out.begin_object();
  in_array("resourceSpans");
  out.field("resource");
  out.begin_object();
  {
    Attributes(out).put("service.name", "nowthen");
  }
  out.end_object();
  in_array("scopeSpans");
  out.field("scope");
  out.begin_object();
  out.field("name");
  out.string("nowthen");
  out.end_object();
  out.field("spans");
  out.begin_array();
  for (const core::Span& span : spans) put_span(out, span);
  out.end_array();
  for (int level = 0; level < 2; ++level) {
    out.end_object();
    out.end_array();
  }
  out.end_object();
  return text;
}

}  // namespace nowthen::http
