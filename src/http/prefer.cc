#include "http/prefer.h"

#include <charconv>

namespace nowthen::http {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

Result<Prefer> parse_prefer(std::string_view value) {
  Prefer prefer;
  while (!value.empty()) {
    const std::string_view item = value.substr(0, std::min(value.find(','), value.size()));
    value.remove_prefix(std::min(item.size() + 1, value.size()));
    const std::string_view plain = item.substr(0, std::min(item.find(';'), item.size()));
    const std::size_t equals = std::min(plain.find('='), plain.size());
    const std::string_view name = trimmed(plain.substr(0, equals));
    const std::string_view text = trimmed(plain.substr(std::min(equals + 1, plain.size())));
    if (name == "respond-async") prefer.respond_async = true;
    if (name == "return" && text == "minimal") prefer.minimal = true;
    if (name != "wait" || prefer.wait) continue;  // RFC 7240 2: the first of a name counts
    // RFC 7240 4.3: wait is a whole number of seconds.
    std::uint32_t seconds = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (text.empty() || end.ec != std::errc() || end.ptr != text.data() + text.size()) {
      return Error{ErrorCode::invalid_argument,
                   "Prefer: wait is a whole number of seconds, not '" + std::string(text) + "'"};
    }
    prefer.wait = std::chrono::seconds(seconds);
  }
  return prefer;
}

std::string unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    text = text.substr(1, text.size() - 2);
  return std::string(text);
}

}  // namespace nowthen::http
