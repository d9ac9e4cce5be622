#include <charconv>

#include "http/listener.h"

namespace nowthen::http {

Result<Address> parse_address(std::string_view text) {
  const auto wrong = [text](const char* why) {
    return Error{ErrorCode::invalid_argument, "address '" + std::string(text) + "': " + why};
  };
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) return wrong("write HOST:PORT");
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  Address address;
  const auto end = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (end.ec != std::errc() || end.ptr != port.data() + port.size())
    return wrong("the port is a number up to 65535");
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != host.npos) {
    return wrong("write an IPv6 address in brackets: [::1]:7070");
  }
  address.host = host.empty() ? "127.0.0.1" : std::string(host);
  return address;
}

std::string to_string(const Address& address) {
  const bool v6 = address.host.find(':') != address.host.npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

bool is_loopback(const Address& address) {
  const std::string& host = address.host;
  const bool number = host.find_first_not_of("0123456789.") == host.npos;
  return host == "localhost" || host == "::1" || (number && host.starts_with("127."));
}

}  // namespace nowthen::http
