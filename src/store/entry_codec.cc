#include <utility>

#include "store/codec.h"
#include "store/row.h"

namespace nowthen::store {
namespace {

// Which of the fields follow; what has its default does not.
enum EntryBit : std::uint8_t {
  kDoneSeq = 1 << 0,
  kTries = 1 << 1,
  kDue = 1 << 2,
  kSince = 1 << 3,
  kChild = 1 << 4,
  kCode = 1 << 5,
  kData = 1 << 6,
  kUnknownEntryBits = 1 << 7,
};

}  // namespace

void put_entry(Writer& out, InvocationId id, const core::Entry& entry) {
  // Does not compile when a field is added: it needs a place here, in take_entry and in the docs.
  const auto& [path, kind, done_seq, tries, own_due, since, child, outcome, stage, wrote] = entry;
  // What runs now is lost with the process; its time is that of this try, not of the next.
  const WallTime due = stage == core::Stage::running ? core::kAtOnce : own_due;
  std::uint8_t bits = 0;
  const auto mark = [&](bool present, std::uint8_t bit) {
    if (present) bits = static_cast<std::uint8_t>(bits | bit);
  };
  mark(done_seq != 0, kDoneSeq);
  mark(tries != 0, kTries);
  mark(due != kNever, kDue);
  mark(since != WallTime{}, kSince);
  mark(!child.is_null(), kChild);
  mark(!outcome.ok(), kCode);
  mark(!outcome.data.empty(), kData);

  out.u8(bits);
  out.u8(static_cast<std::uint8_t>(kind));
  out.bytes(path);
  if ((bits & kDoneSeq) != 0) out.varint(done_seq);
  if ((bits & kTries) != 0) out.varint(tries);
  if ((bits & kDue) != 0) put_time(out, id, due);
  if ((bits & kSince) != 0) put_time(out, id, since);
  if ((bits & kChild) != 0) put_id(out, child);
  if ((bits & kCode) != 0) out.u8(static_cast<std::uint8_t>(outcome.code));
  if ((bits & kData) != 0) out.bytes(outcome.data);
}

core::Entry take_entry(Reader& in, InvocationId id) {
  core::Entry entry;
  const std::uint8_t bits = in.u8();
  if ((bits & kUnknownEntryBits) != 0) in.fail();
  entry.kind = take_enum(in, core::EntryKind::value);
  entry.path = in.bytes();
  if ((bits & kDoneSeq) != 0) entry.done_seq = in.varint32();
  if ((bits & kTries) != 0) entry.tries = in.varint32();
  if ((bits & kDue) != 0) entry.due = take_time(in, id);
  if ((bits & kSince) != 0) entry.since = take_time(in, id);
  if ((bits & kChild) != 0) entry.child = take_id(in);
  if ((bits & kCode) != 0) entry.outcome.code = take_enum(in, kLastErrorCode);
  if ((bits & kData) != 0) entry.outcome.data = in.bytes();
  entry.wrote = !entry.done() && !core::is_stored(entry);  // why else would it be here
  return entry;
}

RowWrite encode_entry(InvocationId id, std::uint32_t index, const core::Entry& entry) {
  constexpr std::size_t kFixedBytesMax = 64;
  std::string value;
  value.reserve(kFixedBytesMax + entry.path.size() + entry.outcome.data.size());
  Writer out(value);
  out.u8(kRowVersion);
  put_entry(out, id, entry);
  std::string key = entry_key(id, index);
  seal(key, value);
  return {std::move(key), std::move(value)};
}

Result<core::Entry> decode_entry(std::string_view key, std::string_view value) {
  const Result<std::string_view> payload = unseal(key, value);
  if (!payload) return payload.error();
  const auto place = parse_entry_key(key);
  if (!place) return malformed(key);
  Reader in(*payload);
  core::Entry entry = take_entry(in, place->id);
  if (!in.finished() || !entry.done()) return malformed(key);
  return entry;
}

}  // namespace nowthen::store
