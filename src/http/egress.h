#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nowthen/result.h>

#include "http/ip_address.h"

namespace nowthen::http {

struct EgressOptions {
  /// Targets on this machine may be called: the listener is on loopback itself, so whoever can
  /// declare a target could reach them anyway.
  bool loopback_allowed = false;
  /// Values of --allow-egress: HOST, IP, either with :PORT, CIDR, or `*` for all public addresses.
  std::vector<std::string> allow = {};
};

/// Decides to which addresses requests may go. Everything is refused that no rule allows:
///
/// - an IP or CIDR entry allows the addresses in it. Link-local ones, where clouds serve their
///   credentials, need an entry that lies within that range: 0.0.0.0/0 does not open them;
/// - a HOST entry, and `*`, allow public addresses only: a public name that resolves to a private
///   address (DNS rebinding) is refused unless that address has an entry of its own;
/// - unspecified, multicast and reserved addresses are never allowed.
///
/// The check is about one address, and the connection must go to that very address. Immutable, so
/// any thread.
class Egress {
 public:
  /// `invalid_argument` names the entry and says what is wrong with it.
  static Result<Egress> make(const EgressOptions& options);

  /// `host`: as it stands in the URL; `address`: what it resolved to, in numbers.
  /// `invalid_argument` says which flag would allow it.
  Result<void> check(std::string_view host, std::string_view address, std::uint16_t port) const;
  /// The same of a host that is not resolved yet: refused where no address that it may turn out to
  /// have would be allowed, but for a name of this machine that nobody has listed.
  Result<void> check_unresolved(std::string_view host, std::uint16_t port) const;

 private:
  struct Host {
    std::string name;        ///< in lower case
    std::uint16_t port = 0;  ///< 0: any
  };
  struct Range {
    IpRange range;
    std::uint16_t port = 0;
  };
  Result<void> add(std::string_view entry);
  bool lists(const IpAddress& address, std::uint16_t port) const;
  bool lists(std::string_view host, std::uint16_t port) const;

  bool loopback_allowed_ = false;
  bool all_public_ = false;
  std::vector<Host> hosts_;
  std::vector<Range> ranges_;
};

}  // namespace nowthen::http
