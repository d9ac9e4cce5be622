#include <array>
#include <utility>

#include "base/wire.h"
#include "store/keys.h"

namespace nowthen::store {
namespace {

// The id that ends a key or its fixed part. Its partition is the one that the key begins with.
InvocationId take_id(Reader& in, std::uint16_t partition) {
  InvocationId id;
  id.high = in.be64();
  id.low = in.be64();
  if (id.partition() != partition) in.fail();
  return id;
}

// A key of `range`: its letter and partition are taken off; failed when it is of another range.
Reader open_key(std::string_view key, char range, std::uint16_t& partition) {
  Reader in(key);
  if (in.u8() != static_cast<std::uint8_t>(range)) in.fail();
  partition = in.be16();
  return in;
}

std::string take_text(Reader& in) {
  std::string text;
  while (!in.failed()) {
    const auto byte = static_cast<char>(in.u8());
    if (byte != '\0') {
      text.push_back(byte);
      continue;
    }
    const std::uint8_t mark = in.u8();
    if (mark == 0x01) return text;
    if (mark != 0xff) in.fail();
    text.push_back('\0');
  }
  return {};
}

}  // namespace

std::optional<InvocationId> invocation_of_key(std::string_view key) {
  if (key.empty()) return std::nullopt;
  if (key.front() == 'F') {
    const auto place = parse_finished_key(key);
    return place ? std::optional(place->id) : std::nullopt;
  }
  if (key.front() == 'J') {
    const auto place = parse_entry_key(key);
    return place ? std::optional(place->id) : std::nullopt;
  }
  if (key.front() != 'L' && key.front() != 'P' && key.front() != 'R') return std::nullopt;
  std::uint16_t partition = 0;
  Reader in = open_key(key, key.front(), partition);
  if (key.front() == 'R') in.be32();
  const InvocationId id = take_id(in, partition);
  return in.finished() ? std::optional(id) : std::nullopt;
}

std::optional<EntryPlace> parse_entry_key(std::string_view key) {
  std::uint16_t partition = 0;
  Reader in = open_key(key, 'J', partition);
  EntryPlace place;
  place.id = take_id(in, partition);
  place.index = in.be32();
  if (!in.finished()) return std::nullopt;
  return place;
}

std::optional<FinishedPlace> parse_finished_key(std::string_view key) {
  std::uint16_t partition = 0;
  Reader in = open_key(key, 'F', partition);
  FinishedPlace place;
  place.bucket = static_cast<Bucket>(in.be32());
  const std::uint8_t aux = in.u8();
  place.aux = static_cast<Aux>(aux);
  place.id = take_id(in, partition);
  if (!in.finished() || aux > 1) return std::nullopt;
  return place;
}

std::optional<StatePlace> parse_state_key(std::string_view key) {
  StatePlace place;
  Reader in = open_key(key, 'K', place.partition);
  place.order.scope = take_text(in);
  place.order.key = take_text(in);
  place.name = in.raw(in.remaining());
  if (in.failed()) return std::nullopt;
  return place;
}

std::optional<std::uint64_t> parse_outbox_key(std::string_view key) {
  std::uint16_t partition = 0;
  Reader in = open_key(key, 'O', partition);
  const std::uint64_t seq = in.be64();
  return in.finished() ? std::optional(seq) : std::nullopt;
}

std::optional<PolicyPlace> parse_policy_key(std::string_view key) {
  Reader in(key);
  if (in.u8() != 'C') return std::nullopt;
  PolicyPlace place;
  place.operation = take_text(in);
  switch (in.u8()) {
    case 'd':
      break;
    case 'o':
      place.row = PolicyRow::override_;
      break;
    case 'h':
      place.row = PolicyRow::history;
      place.seq = in.be64();
      break;
    default:
      return std::nullopt;
  }
  if (!in.finished()) return std::nullopt;
  return place;
}

std::optional<WallTime> parse_audit_key(std::string_view key) {
  Reader in(key);
  if (in.u8() != 'A') return std::nullopt;
  const WallTime at = from_us(static_cast<std::int64_t>(in.be64()));
  in.be64();
  if (!in.finished()) return std::nullopt;
  return at;
}

std::string describe_key(std::string_view key) {
  if (const auto place = parse_entry_key(key)) {
    return "journal entry " + std::to_string(place->index) + " of " + to_string(place->id);
  }
  static constexpr std::array<std::pair<char, std::string_view>, 12> kNames = {{
      {'A', "audit entry"},
      {'L', "live header"},
      {'J', "journal entry"},
      {'P', "input"},
      {'F', "finished row"},
      {'R', "result"},
      {'I', "idempotency record"},
      {'K', "per-key state"},
      {'O', "outbox message"},
      {'E', "owner epoch"},
      {'M', "data folder fact"},
      {'C', "policy row"},
  }};
  std::string text = "row";
  for (const auto& [range, name] : kNames) {
    if (!key.empty() && key.front() == range) text = name;
  }
  if (const auto id = invocation_of_key(key)) return text + " of " + to_string(*id);
  text += " with the key ";
  static constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr std::size_t kShown = 64;
  for (const char byte : key.substr(0, kShown)) {
    text.push_back(kDigits[static_cast<unsigned char>(byte) >> 4]);
    text.push_back(kDigits[static_cast<unsigned char>(byte) & 15]);
  }
  if (key.size() > kShown) text += "...";
  return text;
}

}  // namespace nowthen::store
