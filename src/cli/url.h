#pragma once

#include <string>
#include <string_view>

#include <nowthen/result.h>

namespace nowthen::cli {

/// What RFC 3986 leaves unreserved stays; everything else is escaped.
std::string percent_encoded(std::string_view text);

/// A path of the API that is put together from names: each segment is escaped.
class Path {
 public:
  explicit Path(std::string_view start) : text_(start) {}
  Path& segment(std::string_view text);
  /// Adds `name=value` to the query, unless the value is empty.
  Path& query(std::string_view name, std::string_view value);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool has_query_ = false;
};

/// The server that `text` names, without a slash at the end: "127.0.0.1:7070" is
/// "http://127.0.0.1:7070". `invalid_argument` for what is no http or https server.
Result<std::string> parse_server(std::string_view text);
/// Whether the host of an URL is this machine.
bool is_loopback(std::string_view url);

}  // namespace nowthen::cli
