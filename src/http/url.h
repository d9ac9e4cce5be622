#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <nowthen/result.h>

namespace nowthen::http {

inline constexpr std::size_t kUrlBytesMax = 8192;  ///< RFC 9110 4.1 asks for 8000 at least

enum class Scheme : std::uint8_t { http, https };

/// An absolute http or https URL, as a request needs it.
struct Url {
  Scheme scheme = Scheme::http;
  std::string host;  ///< a name in lower case, or an address without brackets
  std::uint16_t port = 80;
  std::string target = "/";  ///< path and query, as they are sent

  /// The value of the header Host: "example.org", "[::1]:8080".
  std::string authority() const;
  /// "http://example.org:80": one text for all that one connection can serve.
  std::string origin() const;
  friend bool operator==(const Url&, const Url&) = default;
};

/// Strict (RFC 3986): what is not a URL character must be percent-encoded. Refused with
/// `invalid_argument`: other schemes, user names and passwords, fragments, host names in other
/// forms than letters, digits, '-', '_' and '.', and numbers that only some programs read as an
/// address.
Result<Url> parse_url(std::string_view text);

/// Whether `text` can name a host: labels of letters, digits, '-' and '_', the last no number.
bool is_host_name(std::string_view text);
/// A port from 1 to 65535 in decimal digits, else 0.
std::uint16_t parse_port(std::string_view digits);
/// ASCII only.
std::string lower_case(std::string_view text);

}  // namespace nowthen::http
