#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nowthen::http {

enum class Method : std::uint8_t { get, head, post, put, patch, delete_, options, other };
std::string_view to_string(Method method);

struct Header {
  std::string name;  ///< as it was written; compared without case
  std::string value;
};

/// RFC 9110 5.1: case does not matter.
bool is_named(const Header& header, std::string_view name);
/// The first header of that name, or none.
const std::string* find_header(const std::vector<Header>& headers, std::string_view name);

/// A request as it came, after the checks of the front: what is here is well-formed.
struct Request {
  Method method = Method::get;
  std::string target;  ///< path and query, as sent
  std::vector<Header> headers;
  std::string body;
  std::string peer;  ///< the address of the client, without its port

  const std::string* header(std::string_view name) const { return find_header(headers, name); }
};

struct Response {
  int status = 200;
  std::string content_type;  ///< empty: there is no body
  std::vector<Header> headers;
  std::string body;

  Response& with(std::string name, std::string value) {
    headers.push_back({std::move(name), std::move(value)});
    return *this;
  }
};

inline constexpr std::string_view kJson = "application/json";
inline constexpr std::string_view kBytes = "application/octet-stream";
inline constexpr std::string_view kProblem = "application/problem+json";
inline constexpr std::string_view kNdjson = "application/x-ndjson";

/// The reason phrase of a status (RFC 9110 15).
std::string_view reason_phrase(int status);

/// `%41` -> `A`; none where an escape is broken. `+` stays `+`.
std::optional<std::string> percent_decoded(std::string_view text);
/// What RFC 3986 leaves unreserved stays; everything else is escaped.
std::string percent_encoded(std::string_view text);

}  // namespace nowthen::http
