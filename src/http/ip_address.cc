#include "http/ip_address.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include <arpa/inet.h>

#include "base/assert.h"

namespace nowthen::http {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned kV4Bits = 96;  // in front of an IPv4 address in its mapped form

struct Known {
  IpRange range;
  Reach reach;
};

/// The first that contains an address counts.
const std::vector<Known>& known_ranges() {
  static const std::vector<Known> known = [] {
    struct Line {
      std::string_view range;
      Reach reach;
    };
    constexpr Line kLines[] = {
        {"0.0.0.0/8", Reach::nothing},  // RFC 1122; Linux connects 0.0.0.0 to itself
        {"10.0.0.0/8", Reach::inside},
        {"100.64.0.0/10", Reach::inside},  // RFC 6598, shared by carriers and clouds
        {"127.0.0.0/8", Reach::loopback},
        {"169.254.0.0/16", Reach::link_local},
        {"172.16.0.0/12", Reach::inside},
        {"192.0.0.0/24", Reach::special},
        {"192.0.2.0/24", Reach::special},    // RFC 5737, documentation
        {"192.88.99.0/24", Reach::special},  // RFC 7526, 6to4 relays
        {"192.168.0.0/16", Reach::inside},
        {"198.18.0.0/15", Reach::inside},  // RFC 2544, networks under test
        {"198.51.100.0/24", Reach::special},
        {"203.0.113.0/24", Reach::special},
        {"224.0.0.0/4", Reach::nothing},  // multicast
        {"240.0.0.0/4", Reach::nothing},  // reserved, and broadcast
        {"::/128", Reach::nothing},
        {"::1/128", Reach::loopback},
        {"::/96", Reach::special},           // RFC 4291 2.5.5.1, an IPv4 address inside
        {"64:ff9b::/96", Reach::special},    // RFC 6052, translated to IPv4
        {"64:ff9b:1::/48", Reach::special},  // RFC 8215
        {"100::/64", Reach::special},        // RFC 6666, discarded
        {"2001::/23", Reach::special},       // RFC 2928; Teredo among them
        {"2001:db8::/32", Reach::special},
        {"2002::/16", Reach::special},             // RFC 3056, 6to4: an IPv4 address inside
        {"3fff::/20", Reach::special},             // RFC 9637, documentation
        {"fd00:ec2::254/128", Reach::link_local},  // metadata of AWS
        {"fc00::/7", Reach::inside},
        {"fe80::/10", Reach::link_local},
        {"fec0::/10", Reach::inside},  // RFC 3879
        {"ff00::/8", Reach::nothing},
    };
    std::vector<Known> ranges;
    for (const Line& line : kLines) {
      const std::optional<IpRange> range = IpRange::parse(line.range);
      NT_ASSERT(range.has_value());
      ranges.push_back({*range, line.reach});
    }
    return ranges;
  }();
  return known;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string plain(text.substr(0, text.find('%')));
  if (plain.find('\0') != std::string::npos) return std::nullopt;
  IpAddress address;
  if (::inet_pton(AF_INET6, plain.c_str(), address.bytes_.data()) == 1) return address;
  if (plain.size() != text.size()) return std::nullopt;  // IPv4 has no zones
  if (::inet_pton(AF_INET, plain.c_str(), address.bytes_.data() + kMapped.size()) != 1)
    return std::nullopt;
  std::ranges::copy(kMapped, address.bytes_.begin());
  return address;
}

bool IpAddress::is_v4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin()); }

std::string IpAddress::text() const {
  char buffer[INET6_ADDRSTRLEN] = {};
  const char* written =
      is_v4() ? ::inet_ntop(AF_INET, bytes_.data() + kMapped.size(), buffer, sizeof(buffer))
              : ::inet_ntop(AF_INET6, bytes_.data(), buffer, sizeof(buffer));
  NT_ASSERT(written != nullptr);
  return buffer;
}

std::optional<IpRange> IpRange::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || text.find('%') != std::string_view::npos)
    return std::nullopt;
  const std::optional<IpAddress> first = IpAddress::parse(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  unsigned bits = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (!first || digits.empty() || parsed.ec != std::errc{} ||
      parsed.ptr != digits.data() + digits.size())
    return std::nullopt;
  if (first->is_v4() && text.find(':') == std::string_view::npos) {
    if (bits > 32) return std::nullopt;
    bits += kV4Bits;
  }
  if (bits > 128 || (first->is_v4() && bits < kV4Bits)) return std::nullopt;
  for (unsigned bit = bits; bit < 128; ++bit) {
    if ((first->bytes_[bit / 8] >> (7 - bit % 8) & 1) != 0) return std::nullopt;
  }
  return IpRange{*first, bits};
}

bool IpRange::contains(const IpAddress& address) const {
  if (address.is_v4() != first.is_v4()) return false;
  const auto whole = static_cast<std::ptrdiff_t>(bits / 8);
  if (!std::equal(first.bytes_.begin(), first.bytes_.begin() + whole, address.bytes_.begin()))
    return false;
  const unsigned rest = bits % 8;
  if (rest == 0) return true;
  const auto at = static_cast<std::size_t>(whole);
  return (first.bytes_[at] ^ address.bytes_[at]) >> (8 - rest) == 0;
}

Reach reach_of(const IpAddress& address) {
  for (const Known& known : known_ranges()) {
    if (known.range.contains(address)) return known.reach;
  }
  return Reach::everyone;
}

std::string_view to_string(Reach reach) {
  switch (reach) {
    case Reach::everyone:
      return "a public address";
    case Reach::loopback:
      return "an address of this machine";
    case Reach::inside:
      return "a private address";
    case Reach::link_local:
      return "a link-local address";
    case Reach::special:
      return "an address for special purposes";
    case Reach::nothing:
      return "not the address of a host";
  }
  return "";
}

bool is_link_local(const IpRange& range) {
  return std::ranges::any_of(known_ranges(), [&range](const Known& known) {
    return known.reach == Reach::link_local && known.range.contains(range);
  });
}

}  // namespace nowthen::http
