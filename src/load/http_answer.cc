#include "load/http_answer.h"

#include <charconv>
#include <optional>

#include <strings.h>

namespace nowthen::load {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

template <class Number>
std::optional<Number> number_of(std::string_view text, int base = 10) {
  Number number{};
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Takes the chunks at the front of `bytes` and the empty line after the last one.
Cut take_chunks(std::string_view bytes, std::size_t& used, std::string& body) {
  body.clear();
  used = 0;
  for (;;) {
    const std::size_t line = bytes.find(kLineEnd, used);
    if (line == bytes.npos) return Cut::more;
    const std::string_view text = bytes.substr(used, line - used);
    const auto size = number_of<std::size_t>(text.substr(0, text.find(';')), 16);
    if (!size) return Cut::broken;
    used = line + kLineEnd.size();
    if (bytes.size() - used < *size || bytes.size() - used - *size < kLineEnd.size())
      return Cut::more;
    if (bytes.substr(used + *size, kLineEnd.size()) != kLineEnd) return Cut::broken;
    body += bytes.substr(used, *size);
    used += *size + kLineEnd.size();
    if (*size == 0) return Cut::whole;  // Nowthen sends no trailer
  }
}

}  // namespace

std::string_view HttpAnswer::field(std::string_view name) const {
  std::size_t at = head.find(kLineEnd);
  while (at != head.npos && at + kLineEnd.size() < head.size()) {
    at += kLineEnd.size();
    const std::size_t end = head.find(kLineEnd, at);
    const std::string_view line = head.substr(at, end - at);
    const std::size_t colon = line.find(':');
    if (colon == name.size() && same_word(line.substr(0, colon), name)) {
      const std::size_t value = line.find_first_not_of(" \t", colon + 1);
      return value == line.npos ? std::string_view() : line.substr(value);
    }
    at = end;
  }
  return {};
}

Cut cut_answer(std::string_view bytes, HttpAnswer& answer, std::size_t& used, std::string& chunks) {
  constexpr std::string_view kHeadEnd = "\r\n\r\n";
  const std::size_t blank = bytes.find(kHeadEnd);
  if (blank == bytes.npos) return Cut::more;
  answer.head = bytes.substr(0, blank + kLineEnd.size());
  const std::string_view rest = bytes.substr(blank + kHeadEnd.size());
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  if (!answer.head.starts_with(kVersion)) return Cut::broken;
  const auto status = number_of<int>(answer.head.substr(kVersion.size(), 3));
  if (!status || *status < 200) return Cut::broken;  // nobody asked for 100 Continue
  answer.status = *status;
  answer.last = same_word(answer.field("Connection"), "close");
  answer.body = {};
  std::size_t body = 0;
  if (same_word(answer.field("Transfer-Encoding"), "chunked")) {
    const Cut cut = take_chunks(rest, body, chunks);
    if (cut != Cut::whole) return cut;
    answer.body = chunks;
  } else if (answer.status != 204 && answer.status != 304) {
    const auto length = number_of<std::size_t>(answer.field("Content-Length"));
    if (!length) return Cut::broken;
    body = *length;
    if (rest.size() < body) return Cut::more;
    answer.body = rest.substr(0, body);
  }
  used = blank + kHeadEnd.size() + body;
  return Cut::whole;
}

}  // namespace nowthen::load
