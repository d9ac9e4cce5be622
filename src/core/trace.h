#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/invocation.h"

namespace nowthen::core {

/// A W3C traceparent, taken apart; refers to its text.
struct TraceParent {
  std::string_view trace;  ///< 32 hexadecimal digits, not all 0
  std::string_view span;   ///< 16 hexadecimal digits, not all 0: of the caller
  bool sampled = false;    ///< the caller records it
};

/// None if it is no traceparent of a version that is known or comes later (Trace Context 3.2.2).
std::optional<TraceParent> parse_traceparent(std::string_view text);
/// The trace that it names, for a log; empty if it names none.
std::string trace_id_of(std::string_view traceparent);

/// Names a span. A function of what it is about: whoever works on an invocation, before or after a
/// crash, in whatever process, gives the same names.
enum class SpanId : std::uint64_t { none = 0 };
SpanId invocation_span(InvocationId id);
SpanId queue_span(InvocationId id);
SpanId attempt_span(InvocationId id, std::uint32_t attempt);
/// Of an entry that ended in that attempt.
SpanId entry_span(InvocationId id, std::string_view path, std::uint32_t attempt);
/// Of the entry that began `child`.
SpanId call_span(InvocationId child);

/// What is below `span` is told this: `00-TRACE-SPAN-01`.
std::string to_traceparent(std::string_view trace, SpanId span);
/// The trace that begins with `id`, sampled: its invocation is its own parent.
std::string new_trace(InvocationId id);
/// What is told to whoever runs the current attempt. `traced`: attempts are spans here.
std::string traceparent_of_attempt(const Invocation& invocation, bool traced);

}  // namespace nowthen::core
