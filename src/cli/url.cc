#include "cli/url.h"

#include <algorithm>

namespace nowthen::cli {
namespace {

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

Error no_server(std::string_view text, std::string_view why) {
  return {ErrorCode::invalid_argument, "'" + std::string(text) + "' " + std::string(why)};
}

}  // namespace

std::string percent_encoded(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (unreserved(c)) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += '%';
      encoded += kHex[byte >> 4];
      encoded += kHex[byte & 0xf];
    }
  }
  return encoded;
}

Path& Path::segment(std::string_view text) {
  text_ += '/';
  // RFC 3986 5.2.4: a segment of dots would be taken as a way up.
  if (text == "." || text == "..") {
    for (std::size_t i = 0; i < text.size(); ++i) text_ += "%2E";
  } else {
    text_ += percent_encoded(text);
  }
  return *this;
}

Path& Path::query(std::string_view name, std::string_view value) {
  if (value.empty()) return *this;
  text_ += has_query_ ? '&' : '?';
  has_query_ = true;
  text_ += name;
  text_ += '=';
  text_ += percent_encoded(value);
  return *this;
}

Result<std::string> parse_server(std::string_view text) {
  std::string url(text);
  if (url.find("://") == std::string::npos) url.insert(0, "http://");
  const std::size_t host = url.find("://") + 3;
  const std::string_view scheme = std::string_view(url).substr(0, host - 3);
  if (scheme != "http" && scheme != "https") return no_server(text, "is not an http or https URL");
  if (url.find('@', host) != std::string::npos) {
    return no_server("the URL", "has a user in it: API keys come from NOWTHEN_API_KEY");
  }
  const bool plain = std::ranges::all_of(
      url, [](char c) { return c > ' ' && c <= '~' && c != '?' && c != '#' && c != '"'; });
  if (!plain) return no_server(text, "is not the URL of a server");
  while (url.size() > host && url.ends_with('/')) url.pop_back();
  if (url.size() == host || url[host] == '/' || url[host] == ':') {
    return no_server(text, "names no host");
  }
  return url;
}

bool is_loopback(std::string_view url) {
  url.remove_prefix(std::min(url.size(), url.find("://") + 3));
  std::string_view host = url.substr(0, url.find('/'));
  if (host.starts_with('[')) return host.starts_with("[::1]");
  host = host.substr(0, host.find(':'));
  const bool number = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || (number && host.starts_with("127."));
}

}  // namespace nowthen::cli
