#pragma once

#include <optional>
#include <string>
#include <string_view>

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

}  // namespace nowthen::core
