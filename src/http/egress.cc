#include "http/egress.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "http/url.h"

namespace nowthen::http {
namespace {

Error bad_entry(std::string_view entry, const std::string& why) {
  return {ErrorCode::invalid_argument, "--allow-egress " + std::string(entry) + ": " + why};
}

/// Says why a text with a '/' is no range.
std::string range_fault(std::string_view entry) {
  const std::string_view address = entry.substr(0, entry.find('/'));
  if (!IpAddress::parse(address))
    return "a CIDR is an address, '/' and a number of bits, as in 10.0.0.0/8";
  return "the number of bits must fit the address, and the address must end in zeros after them, "
         "as in 10.0.0.0/8";
}

}  // namespace

Result<Egress> Egress::make(const EgressOptions& options) {
  Egress egress;
  egress.loopback_allowed_ = options.loopback_allowed;
  for (const std::string& entry : options.allow) {
    if (Result<void> added = egress.add(entry); !added) return added.error();
  }
  return egress;
}

Result<void> Egress::add(std::string_view entry) {
  if (entry == "*") {
    all_public_ = true;
    return {};
  }
  if (entry.find("://") != std::string_view::npos)
    return bad_entry(entry, "write the host alone, without http:// and path");
  if (entry.find('/') != std::string_view::npos) {
    const std::optional<IpRange> range = IpRange::parse(entry);
    if (!range) return bad_entry(entry, range_fault(entry));
    ranges_.push_back({*range, 0});
    return {};
  }
  // "[::1]:80", "::1", "10.0.0.5:80", "host:80", "host"
  std::string_view name = entry;
  std::string_view port_text;
  bool has_port = false;
  if (entry.starts_with('[') && entry.find(']') != std::string_view::npos) {
    const std::size_t end = entry.find(']');
    name = entry.substr(1, end - 1);
    has_port = end + 1 < entry.size();
    if (has_port && entry[end + 1] != ':')
      return bad_entry(entry, "a port follows the ']' after a ':'");
    if (has_port) port_text = entry.substr(end + 2);
  } else if (std::ranges::count(entry, ':') == 1) {
    const std::size_t colon = entry.find(':');
    name = entry.substr(0, colon);
    has_port = true;
    port_text = entry.substr(colon + 1);
  }
  const std::uint16_t port = has_port ? parse_port(port_text) : std::uint16_t{0};
  if (has_port && port == 0) return bad_entry(entry, "a port is a number from 1 to 65535");
  if (const auto address = IpAddress::parse(name);
      address && name.find('%') == std::string_view::npos) {
    ranges_.push_back({IpRange::of(*address), port});
  } else if (is_host_name(name) && !entry.starts_with('[')) {
    hosts_.push_back({lower_case(name), port});
  } else {
    return bad_entry(entry, "neither a host name, an IP address, a CIDR nor '*'");
  }
  return {};
}

bool Egress::lists(const IpAddress& address, std::uint16_t port) const {
  const bool local = reach_of(address) == Reach::link_local;
  return std::ranges::any_of(ranges_, [&](const Range& each) {
    return each.range.contains(address) && (each.port == 0 || each.port == port) &&
           (!local || is_link_local(each.range));
  });
}

bool Egress::lists(std::string_view host, std::uint16_t port) const {
  if (all_public_) return true;
  const std::string name = lower_case(host);
  return std::ranges::any_of(hosts_, [&](const Host& each) {
    return each.name == name && (each.port == 0 || each.port == port);
  });
}

Result<void> Egress::check(std::string_view host, std::string_view address,
                           std::uint16_t port) const {
  const auto refuse = [](const std::string& why) {
    return Error{ErrorCode::invalid_argument, "egress to " + why};
  };
  const std::optional<IpAddress> parsed = IpAddress::parse(address);
  if (!parsed) return refuse(std::string(address) + " is not allowed: it is no IP address");
  const Reach reach = reach_of(*parsed);
  const std::string text = parsed->text();
  if (reach == Reach::nothing)
    return refuse(text + " is never allowed: it is " + std::string(to_string(reach)));
  if (lists(*parsed, port)) return {};
  if (reach == Reach::loopback && loopback_allowed_) return {};
  if (reach == Reach::everyone && lists(host, port)) return {};

  const std::string flag = "; start the server with --allow-egress ";
  const bool named = !IpAddress::parse(host);
  if (!named) return refuse(text + " is not allowed" + flag + text);
  const std::string name = lower_case(host);
  if (reach == Reach::everyone)
    return refuse(name + " (" + text + ") is not allowed" + flag + name);
  return refuse(name + " is not allowed: it is at " + text + ", " + std::string(to_string(reach)) +
                flag + text);
}

Result<void> Egress::check_unresolved(std::string_view host, std::uint16_t port) const {
  if (IpAddress::parse(host)) return check(host, host, port);
  const std::string name = lower_case(host);
  const bool here = name == "localhost" || name.ends_with(".localhost");  // RFC 6761 6.3
  if (lists(name, port) || !ranges_.empty() || (here && loopback_allowed_)) return {};
  return Error{ErrorCode::invalid_argument, "egress to " + name +
                                                " is not allowed; start the server with "
                                                "--allow-egress " +
                                                name};
}

}  // namespace nowthen::http
