#pragma once

#include <string>
#include <string_view>

#include <nowthen/id.h>
#include <nowthen/result.h>

#include "base/time.h"
#include "base/wire.h"
#include "core/invocation.h"

namespace nowthen::store {

// What the codecs of all rows share. Room-internal.

inline constexpr std::uint8_t kRowVersion = 1;
inline constexpr std::size_t kRowFrameBytes = 5;  // version byte and checksum

/// Ends a value that began with its version byte: appends the checksum of key and value.
void seal(std::string_view key, std::string& value);
/// The payload between version and checksum, when both are right.
Result<std::string_view> unseal(std::string_view key, std::string_view value);
/// The error for a payload that is not what its row kind expects.
Error malformed(std::string_view key);

inline void put_id(Writer& out, InvocationId id) {
  out.be64(id.high);
  out.be64(id.low);
}
inline InvocationId take_id(Reader& in) {
  InvocationId id;
  id.high = in.be64();
  id.low = in.be64();
  return id;
}

// Times are stored as their distance from the creation time in the id: few bytes. The arithmetic
// wraps, so that every time has an encoding.
inline std::uint64_t base_us(InvocationId id) { return id.created_ms() * 1000; }
inline void put_time(Writer& out, InvocationId id, WallTime time) {
  out.zigzag(static_cast<std::int64_t>(static_cast<std::uint64_t>(to_us(time)) - base_us(id)));
}
inline WallTime take_time(Reader& in, InvocationId id) {
  return from_us(static_cast<std::int64_t>(static_cast<std::uint64_t>(in.zigzag()) + base_us(id)));
}

inline void put_order(Writer& out, const core::OrderKey& order) {
  const auto& [scope, key] = order;
  out.bytes(scope);
  out.bytes(key);
}
inline core::OrderKey take_order(Reader& in) {
  core::OrderKey order;
  order.scope = in.bytes();
  order.key = in.bytes();
  return order;
}
inline void put_parent(Writer& out, const core::ParentLink& parent) {
  const auto& [id, path, call] = parent;  // does not compile when a field is added
  put_id(out, id);
  out.bytes(path);
  put_id(out, call);
}
inline core::ParentLink take_parent(Reader& in) {
  core::ParentLink parent;
  parent.id = take_id(in);
  parent.path = in.bytes();
  parent.call = take_id(in);
  return parent;
}

/// One byte that must be an enumerator up to `last`.
template <class Enum>
Enum take_enum(Reader& in, Enum last) {
  const std::uint8_t byte = in.u8();
  if (byte <= static_cast<std::uint8_t>(last)) return static_cast<Enum>(byte);
  in.fail();
  return Enum{};
}
inline constexpr ErrorCode kLastErrorCode = ErrorCode::rejected;

inline void put_outcome(Writer& out, const core::Outcome& outcome) {
  const auto& [code, data] = outcome;
  out.u8(static_cast<std::uint8_t>(code));
  out.bytes(data);
}
inline core::Outcome take_outcome(Reader& in) {
  core::Outcome outcome;
  outcome.code = take_enum(in, kLastErrorCode);
  outcome.data = in.bytes();
  return outcome;
}

/// An entry, open or done. Shared by header and journal rows.
void put_entry(Writer& out, InvocationId id, const core::Entry& entry);
core::Entry take_entry(Reader& in, InvocationId id);

}  // namespace nowthen::store
