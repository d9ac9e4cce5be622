#include "http/url.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "http/ip_address.h"

namespace nowthen::http {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

Error refused(std::string why) {
  return {ErrorCode::invalid_argument, "the URL " + std::move(why)};
}

constexpr std::uint16_t default_port(Scheme scheme) { return scheme == Scheme::https ? 443 : 80; }

/// RFC 3986 3.3, 3.4: pchar, '/' and '?'.
bool is_target(char c) {
  return is_digit(c) || is_letter(c) ||
         std::string_view("-._~!$&'()*+,;=:@/?%").find(c) != std::string_view::npos;
}

Error refused_character(char c) {
  if (c > ' ' && c <= '~') {
    return refused(std::string("has a '") + c + "'" +
                   (c == '#' ? ": a fragment is not sent, leave it out" : "; percent-encode it"));
  }
  return refused("has a space, a control character or a byte that is not ASCII; percent-encode it");
}

Result<void> check_target(std::string_view target) {
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (!is_target(target[i])) return refused_character(target[i]);
    if (target[i] != '%') continue;
    if (i + 2 >= target.size() || !is_hex(target[i + 1]) || !is_hex(target[i + 2]))
      return refused("has a '%' that no two hexadecimal digits follow");
  }
  return {};
}

/// Takes "http://" or "https://" away.
std::optional<Scheme> take_scheme(std::string_view& text) {
  for (const Scheme scheme : {Scheme::http, Scheme::https}) {
    const std::string_view start = scheme == Scheme::https ? "https://" : "http://";
    if (lower_case(text.substr(0, start.size())) != start) continue;
    text.remove_prefix(start.size());
    return scheme;
  }
  return std::nullopt;
}

/// Splits "host:port" or "[address]:port" and fills both.
Result<void> read_authority(std::string_view text, Url& url) {
  if (text.find('@') != std::string_view::npos)
    return refused("has a user name or an '@'; put credentials into a header");
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return refused("has a '[' without a ']'");
    const std::string_view inside = text.substr(1, end - 1);
    const std::optional<IpAddress> address = IpAddress::parse(inside);
    if (!address || inside.find(':') == std::string_view::npos ||
        inside.find('%') != std::string_view::npos)
      return refused("has no IPv6 address between '[' and ']'");
    url.host = address->text();
    port = text.substr(end + 1);
    has_port = !port.empty();
    if (has_port && port.front() != ':') return refused("has text between ']' and its path");
    if (has_port) port.remove_prefix(1);
  } else {
    const std::size_t colon = text.find(':');
    url.host = lower_case(text.substr(0, colon));
    has_port = colon != std::string_view::npos;
    if (has_port) port = text.substr(colon + 1);
    if (url.host.empty()) return refused("has no host");
    const std::optional<IpAddress> address = IpAddress::parse(url.host);
    if (!address && !is_host_name(url.host))
      return refused(
          "has a host that is neither a name of letters, digits, '-', '_' and '.' "
          "nor an IPv4 address of four numbers");
  }
  if (!has_port) return {};
  url.port = parse_port(port);
  if (url.port == 0) return refused("has a port that is no number from 1 to 65535");
  return {};
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::uint16_t parse_port(std::string_view digits) {
  std::uint16_t port = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size()) return 0;
  return port;
}

bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;  // RFC 1035 2.3.4, as text
  std::string_view last;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find('.', start), text.size());
    last = text.substr(start, end - start);
    const auto fits = [](char c) { return is_digit(c) || is_letter(c) || c == '-' || c == '_'; };
    if (last.empty() || last.size() > 63 || last.front() == '-' || last.back() == '-' ||
        !std::ranges::all_of(last, fits))
      return false;
    start = end + 1;
  }
  // "127.1", "2130706433" and "0x7f000001" are addresses to some resolvers, and names to others.
  return !std::ranges::all_of(last, is_digit) &&
         !(lower_case(last.substr(0, 2)) == "0x" && std::ranges::all_of(last.substr(2), is_hex));
}

std::string Url::authority() const {
  std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != default_port(scheme)) text += ":" + std::to_string(port);
  return text;
}

std::string Url::origin() const {
  const std::string start = scheme == Scheme::https ? "https://" : "http://";
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return start + name + ":" + std::to_string(port);
}

Result<Url> parse_url(std::string_view text) {
  if (text.size() > kUrlBytesMax)
    return refused("is longer than " + std::to_string(kUrlBytesMax) + " bytes");
  std::string_view rest = text;
  const std::optional<Scheme> scheme = take_scheme(rest);
  if (!scheme) return refused("must begin with http:// or https://");
  Url url;
  url.scheme = *scheme;
  url.port = default_port(*scheme);
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  if (Result<void> read = read_authority(rest.substr(0, end), url); !read) return read.error();
  const std::string_view target = rest.substr(end);
  if (Result<void> checked = check_target(target); !checked) return checked.error();
  url.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
  return url;
}

}  // namespace nowthen::http
