#include "core/trace.h"

#include <algorithm>

#include "base/prng.h"

namespace nowthen::core {
namespace {

bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_id(std::string_view text) {
  return is_hex(text) && text.find_first_not_of('0') != text.npos;
}

void append_hex(std::string& out, std::uint64_t value) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[(value >> shift) & 0xf];
}

SpanId span(InvocationId id, std::string_view what, std::uint32_t number = 0) {
  std::uint64_t hash = mix64(mix64(mix64(id.high) ^ id.low) ^ number);
  for (const char c : what) hash = mix64(hash ^ static_cast<unsigned char>(c));
  return static_cast<SpanId>(hash != 0 ? hash : 1);
}

}  // namespace

std::optional<TraceParent> parse_traceparent(std::string_view text) {
  constexpr std::size_t kSize = 55;  // 00-32 digits-16 digits-01
  if (text.size() < kSize || text[2] != '-' || text[35] != '-' || text[52] != '-')
    return std::nullopt;
  const std::string_view version = text.substr(0, 2);
  if (!is_hex(version) || version == "ff") return std::nullopt;
  const bool longer = text.size() > kSize;  // later versions may go on
  if (longer && (version == "00" || text[kSize] != '-')) return std::nullopt;
  const std::string_view flags = text.substr(53, 2);
  constexpr std::string_view kOdd = "13579bdf";
  const TraceParent parent{text.substr(3, 32), text.substr(36, 16),
                           kOdd.find(flags[1]) != kOdd.npos};
  if (!is_id(parent.trace) || !is_id(parent.span) || !is_hex(flags)) return std::nullopt;
  return parent;
}

std::string trace_id_of(std::string_view traceparent) {
  const auto parent = parse_traceparent(traceparent);
  return parent ? std::string(parent->trace) : std::string();
}

SpanId invocation_span(InvocationId id) { return span(id, "invocation"); }
SpanId queue_span(InvocationId id) { return span(id, "queue"); }
SpanId attempt_span(InvocationId id, std::uint32_t attempt) { return span(id, "attempt", attempt); }
SpanId entry_span(InvocationId id, std::string_view path, std::uint32_t attempt) {
  return span(id, path, ~attempt);  // no attempt has that number: no path can take its name
}
SpanId call_span(InvocationId child) { return span(child, "call"); }

std::string to_traceparent(std::string_view trace, SpanId span) {
  std::string text = "00-";
  text += trace;
  text += '-';
  append_hex(text, static_cast<std::uint64_t>(span));
  return text + "-01";
}

std::string new_trace(InvocationId id) {
  std::string trace;
  append_hex(trace, static_cast<std::uint64_t>(span(id, "trace")));
  append_hex(trace, static_cast<std::uint64_t>(span(id, "trace", 1)));
  return to_traceparent(trace, invocation_span(id));
}

std::string traceparent_of_attempt(const Invocation& invocation, bool traced) {
  const auto parent = traced ? parse_traceparent(invocation.trace) : std::nullopt;
  if (!parent || !parent->sampled) return invocation.trace;
  return to_traceparent(parent->trace, attempt_span(invocation.id, invocation.attempt));
}

}  // namespace nowthen::core
