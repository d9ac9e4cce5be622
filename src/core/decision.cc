#include <string>

#include "core/effect.h"

namespace nowthen::core {

std::string_view to_string(Decision::Kind kind) {
  switch (kind) {
    case Decision::Kind::answered:
      return "answered";
    case Decision::Kind::handed_over:
      return "handed-over";
    case Decision::Kind::deferred:
      return "deferred";
    case Decision::Kind::timed_out:
      return "timed-out";
    case Decision::Kind::attached:
      return "attached";
    case Decision::Kind::refused:
      return "refused";
  }
  return "unknown";
}

std::string to_string(const Decision& decision) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(decision.after).count();
  std::string text(to_string(decision.kind));
  text += "; after_ms=" + std::to_string(ms) + "; done=" + std::to_string(decision.done);
  if (decision.reason.empty()) return text;
  text += "; reason=\"";
  for (const char c : decision.reason) {  // RFC 8941 3.3.3: a quoted string
    if (c == '"' || c == '\\') text += '\\';
    text += c >= 0x20 && c < 0x7f ? c : '?';
  }
  return text + '"';
}

}  // namespace nowthen::core
