#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <nowthen/result.h>

namespace nowthen {

/// Names an invocation. 128 bits, sorts by creation time and names its partition:
/// 48 bits of Unix milliseconds, 16 bits of partition, 64 random bits.
/// Text form: 26 characters of Crockford base32, lower case, same order as the bytes.
struct InvocationId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  constexpr bool is_null() const { return high == 0 && low == 0; }
  constexpr std::uint16_t partition() const { return static_cast<std::uint16_t>(high & 0xffff); }
  constexpr std::uint64_t created_ms() const { return high >> 16; }
  static constexpr InvocationId make(std::uint64_t unix_ms, std::uint16_t partition,
                                     std::uint64_t random) {
    return {(unix_ms << 16) | partition, random};
  }

  friend constexpr auto operator<=>(const InvocationId&, const InvocationId&) = default;
};

std::string to_string(InvocationId id);
/// `invalid_argument` unless `text` is exactly the text form of an id.
Result<InvocationId> parse_invocation_id(std::string_view text);

}  // namespace nowthen

template <>
struct std::hash<nowthen::InvocationId> {
  std::size_t operator()(const nowthen::InvocationId& id) const noexcept {
    return static_cast<std::size_t>(id.low ^ (id.high * 0x9e3779b97f4a7c15ULL));
  }
};
