#include "core/trace.h"

#include <algorithm>

namespace nowthen::core {
namespace {

bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_id(std::string_view text) {
  return is_hex(text) && text.find_first_not_of('0') != text.npos;
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

}  // namespace nowthen::core
