#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nowthen::http {

/// An IPv4 or IPv6 address. An IPv4-mapped one (RFC 4291 2.5.5.2) is the IPv4 address in it.
class IpAddress {
 public:
  /// Numeric text as inet_pton takes it; a zone ("%eth0") is not looked at. None for all else.
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_v4() const;
  /// "10.0.0.5", "fd00::1": one text per address.
  std::string text() const;
  friend bool operator==(const IpAddress&, const IpAddress&) = default;

 private:
  friend struct IpRange;
  std::array<std::uint8_t, 16> bytes_{};  // IPv4 in its mapped form
};

/// Addresses of one family that share their first bits.
struct IpRange {
  IpAddress first;
  unsigned bits = 128;  ///< of the 128; of an IPv4 range at least 96

  /// "10.0.0.0/8", "fd00::/8". None unless it is a range whose address has no bit beyond it.
  static std::optional<IpRange> parse(std::string_view text);
  static IpRange of(const IpAddress& address) { return {address, 128}; }
  bool contains(const IpAddress& address) const;
  bool contains(const IpRange& range) const { return range.bits >= bits && contains(range.first); }
};

/// What can be reached at an address (IANA special-purpose address registries).
enum class Reach : std::uint8_t {
  everyone,    ///< a public host
  loopback,    ///< this machine
  inside,      ///< a private network: RFC 1918, 4193, 6598, 2544
  link_local,  ///< this link, where clouds serve their metadata and credentials
  special,     ///< leads elsewhere or nowhere: translated, tunnelled, documentation
  nothing,     ///< no address of a host: unspecified, multicast, reserved
};
Reach reach_of(const IpAddress& address);
/// "a private address".
std::string_view to_string(Reach reach);

/// Whether all of `range` is link-local.
bool is_link_local(const IpRange& range);

}  // namespace nowthen::http
