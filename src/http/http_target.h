#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nowthen/policy.h>
#include <nowthen/result.h>

#include "http/url.h"

namespace nowthen::http {

/// What becomes of an attempt whose request was sent and not answered.
enum class OnUnknown : std::uint8_t {
  retry,  ///< a failed attempt like others
  park,   ///< the request is made at most once: a person says what came of it
};

struct TargetHeader {
  std::string name;
  std::string value;   ///< where `secret` is empty
  std::string secret;  ///< the name of one
};

/// A service that runs an operation, as it was declared.
struct HttpTarget {
  Url url;
  std::vector<TargetHeader> headers;          ///< in order of their names
  Duration lease = std::chrono::seconds(30);  ///< of an attempt that it keeps by answering 202
  OnUnknown on_unknown = OnUnknown::retry;
  bool callbacks = false;  ///< the URL, and what it is sent, are in the input: see callback.h
};

inline constexpr std::size_t kTargetHeadersMax = 64;
inline constexpr std::size_t kTargetHeaderBytesMax = 8192;  ///< of one value

/// Reads what stands under "http" in the executor of a declaration:
/// `{"url": ..., "headers": {"Authorization": {"secret": "NAME"}}, "lease": "30s", "on_unknown":
/// "retry"}`, of which only the URL must be there. Unknown fields, headers that are ours to set,
/// and values out of range are refused by name: `codec_failed` or `invalid_argument`.
Result<HttpTarget> parse_http_target(std::string_view json);

}  // namespace nowthen::http
