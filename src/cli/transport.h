#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <nowthen/policy.h>
#include <nowthen/result.h>

#include "cli/source.h"

namespace nowthen::cli {

struct Header {
  std::string name;
  std::string value;
};

struct Request {
  std::string method = "GET";
  std::string url;  ///< whole, escaped
  std::vector<Header> headers;
  std::string body;
  Source upload;                        ///< instead of a body: sent as it comes
  std::string ca_file;                  ///< PEM; empty: the authorities of the system
  Duration timeout = Duration::zero();  ///< of the whole exchange; zero: none
  /// Gets the body of a 2xx as it comes, instead of `Reply::body`. False ends the exchange well.
  std::function<bool(std::string_view)> on_bytes;
};

struct Reply {
  int status = 0;
  std::vector<Header> headers;
  std::string body;

  /// Of the first header of that name (RFC 9110 5.1: case does not matter); none: nullptr.
  const std::string* header(std::string_view name) const;
};

/// An answer may hold a whole journal page; above this it is refused as `too_large`.
inline constexpr std::size_t kReplyBytesMax = std::size_t{256} << 20;

/// How a command reaches the server; tests put a recorded one here.
class Transport {
 public:
  virtual ~Transport() = default;
  /// One exchange; redirects are answers like any other. Errors: `unavailable` (not reached,
  /// nothing was sent), `failed` (it broke: the server may have got it), `timed_out`, `too_large`,
  /// `cancelled` (a person interrupted); what `upload` says is wrong with it.
  virtual Result<Reply> send(const Request& request) = 0;
};

}  // namespace nowthen::cli
