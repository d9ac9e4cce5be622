#include "http/verdict.h"

#include <charconv>
#include <utility>

#include <nowthen/json.h>

#include "http/retry_after.h"

namespace nowthen::http {
namespace {

constexpr std::size_t kTypeBytesMax = 256;

/// "text/html" of "Text/HTML; charset=utf-8".
std::string media_type(const std::string& value) {
  std::string_view type(value);
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
  return lower_case(type);
}

/// The beginning of a body, safe in a log: ASCII in one line.
std::string excerpt(std::string_view body) {
  std::string text;
  for (const char c : body.substr(0, kExcerptBytesMax)) {
    if (c == '\n' || c == '\r' || c == '\t') {
      text += ' ';
    } else {
      text += c >= ' ' && c <= '~' ? c : '?';
    }
  }
  if (body.size() > kExcerptBytesMax) text += "...";
  return text;
}

/// A page about an error may show the request that led to it.
void hide(std::string& text, const std::vector<std::string>& secrets) {
  constexpr std::string_view kHidden = "***";
  for (const std::string& each : secrets) {
    if (each.empty()) continue;
    std::string clean;
    std::size_t from = 0;
    for (std::size_t at; (at = text.find(each, from)) != text.npos; from = at + each.size())
      clean.append(text, from, at - from).append(kHidden);
    if (from > 0) text = clean.append(text, from);
  }
}

std::string answered(const ClientResponse& response) {
  return "the service answered " + std::to_string(response.status);
}

Verdict failure(std::string message) {
  return {Verdict::Kind::failed, {ErrorCode::unavailable, std::move(message)}, {}};
}

Verdict result(ClientResponse response, const Unspoken& unspoken) {
  const std::string* type = response.header("content-type");
  const bool bytes = type != nullptr && media_type(*type) == kBytes;
  if (!bytes) {
    if (response.body.empty()) response.body = "null";
    if (const Result<void> valid = validate_json(response.body); !valid) {
      if (unspoken) hide(response.body, unspoken());
      return failure(answered(response) + ", but its body is no JSON (" + valid.error().message +
                     "): " + excerpt(response.body));
    }
  }
  return {Verdict::Kind::final, {ErrorCode::none, std::move(response.body)}, {}};
}

Verdict rejection(const ClientResponse& response) {
  if (response.body.size() > kRejectionBytesMax) {
    return {Verdict::Kind::final,
            {ErrorCode::failed,
             answered(response) + " with " + std::to_string(response.body.size()) +
                 " bytes, more than rejection_bytes_max (" + std::to_string(kRejectionBytesMax) +
                 "): " + excerpt(response.body)},
            {}};
  }
  std::string data = std::to_string(response.status) + " ";
  const std::string* type = response.header("content-type");
  if (!response.body.empty())
    data += type != nullptr && type->size() <= kTypeBytesMax ? *type : std::string(kBytes);
  data += "\n";
  data += response.body;
  return {Verdict::Kind::final, {ErrorCode::rejected, std::move(data)}, {}};
}

}  // namespace

Verdict judge(ClientResponse response, WallTime now, const Unspoken& unspoken) {
  const int status = response.status;
  if (status == 202) return {Verdict::Kind::kept, {}, {}};
  if (status >= 200 && status < 300) return result(std::move(response), unspoken);
  if (unspoken) {
    const std::vector<std::string> secrets = unspoken();
    hide(response.body, secrets);
    for (Header& header : response.headers) hide(header.value, secrets);
  }
  const bool passing = status == 408 || status == 425 || status == 429;
  if (status >= 400 && status < 500 && !passing) return rejection(response);

  std::string message = answered(response);
  if (status >= 300 && status < 400) message += "; redirects are not followed";
  if (!response.body.empty()) message += ": " + excerpt(response.body);
  Verdict verdict = failure(std::move(message));
  if (const std::string* value = response.header("retry-after"))
    verdict.retry_after = parse_retry_after(*value, now).value_or(Duration::zero());
  return verdict;
}

Verdict judge(const ClientError& error) {
  const auto kind =
      error.kind == ClientError::Kind::unknown ? Verdict::Kind::unknown : Verdict::Kind::failed;
  const auto code = error.timed_out ? ErrorCode::timed_out : ErrorCode::unavailable;
  return {kind, {code, error.message}, {}};
}

std::optional<Rejection> read_rejection(std::string_view recorded) {
  Rejection read;
  const std::size_t line = recorded.find('\n');
  if (line == recorded.npos) return std::nullopt;
  const std::string_view head = recorded.substr(0, line);
  const auto end = std::from_chars(head.data(), head.data() + head.size(), read.status);
  if (end.ec != std::errc() || read.status < 400 || read.status > 499) return std::nullopt;
  const auto type = static_cast<std::size_t>(end.ptr - head.data()) + 1;
  if (type < line) read.content_type = head.substr(type);
  read.body = recorded.substr(line + 1);
  return read;
}

}  // namespace nowthen::http
