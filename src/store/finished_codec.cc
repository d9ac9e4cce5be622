#include <algorithm>
#include <utility>

#include "core/partition_state.h"
#include "store/codec.h"
#include "store/row.h"

namespace nowthen::store {
namespace {

// Which of the fields follow, in this order; what has its default does not.
enum FinishedBit : std::uint32_t {
  kOutcomeInline = 1u << 0,
  kResultRow = 1u << 1,
  kInputInline = 1u << 2,
  kInputRow = 1u << 3,
  kAttempt = 1u << 4,
  kDigest = 1u << 5,
  kFingerprint = 1u << 6,
  kIdempotencyKey = 1u << 7,
  kOrder = 1u << 8,
  kVersion = 1u << 9,
  kNote = 1u << 10,
  kCancelNote = 1u << 11,
  kTrace = 1u << 12,
  kCallback = 1u << 13,
  kUnknownFinishedBits = ~((1u << 14) - 1),
};

std::uint32_t finished_bits(const core::Invocation& of) {
  std::uint32_t bits = 0;
  const auto mark = [&](bool present, std::uint32_t bit) { bits |= present ? bit : 0; };
  const bool large_result = of.outcome.data.size() > kInlineBytesMax;
  const bool large_input = of.input_row || of.input.size() > kInlineBytesMax;
  mark(!large_result && !of.outcome.data.empty(), kOutcomeInline);
  mark(large_result, kResultRow);
  mark(!large_input && !of.input.empty(), kInputInline);
  mark(large_input, kInputRow);
  mark(of.attempt != 0, kAttempt);
  mark(!of.done.empty(), kDigest);
  mark(of.fingerprint != 0, kFingerprint);
  mark(!of.idempotency_key.empty(), kIdempotencyKey);
  mark(!of.order.scope.empty() || !of.order.key.empty(), kOrder);
  mark(of.version != 1, kVersion);
  mark(!of.note.empty(), kNote);
  mark(!of.cancel_note.empty(), kCancelNote);
  mark(!of.trace.empty(), kTrace);
  mark(!of.callback.empty(), kCallback);
  return bits;
}

// An entry of which only a part may be kept: the entry with its data cut, then the full size.
void put_digest_entry(Writer& out, InvocationId id, const core::Entry& entry) {
  enum : std::uint8_t { kTries = 1, kChild = 2, kCode = 4 };
  const auto bits = static_cast<std::uint8_t>((entry.tries != 0 ? kTries : 0) |
                                              (entry.child.is_null() ? 0 : kChild) |
                                              (entry.outcome.ok() ? 0 : kCode));
  out.u8(bits);
  out.u8(static_cast<std::uint8_t>(entry.kind));
  out.bytes(entry.path);
  out.varint(entry.done_seq);
  put_time(out, id, entry.since);
  if ((bits & kTries) != 0) out.varint(entry.tries);
  if ((bits & kChild) != 0) put_id(out, entry.child);
  if ((bits & kCode) != 0) out.u8(static_cast<std::uint8_t>(entry.outcome.code));
  const std::string_view data = entry.outcome.data;
  out.varint(data.size());
  out.raw(data.substr(0, kDigestValueBytesMax));
}

DigestEntry take_digest_entry(Reader& in, InvocationId id) {
  DigestEntry entry;
  const std::uint8_t bits = in.u8();
  if (bits > 7) in.fail();
  entry.kind = take_enum(in, core::EntryKind::value);
  entry.path = in.bytes();
  entry.done_seq = in.varint32();
  entry.ended = take_time(in, id);
  if ((bits & 1) != 0) entry.tries = in.varint32();
  if ((bits & 2) != 0) entry.child = take_id(in);
  if ((bits & 4) != 0) entry.code = take_enum(in, kLastErrorCode);
  entry.data_bytes = in.varint();
  entry.data = in.raw(std::min<std::uint64_t>(entry.data_bytes, kDigestValueBytesMax));
  return entry;
}

void put_digest(Writer& out, const core::Invocation& of) {
  std::string entries;
  std::size_t kept = 0, kept_bytes = 0;
  Writer entry_out(entries);
  for (const core::Entry& entry : of.done) {
    put_digest_entry(entry_out, of.id, entry);
    if (entries.size() > kDigestBytesMax) break;
    ++kept;
    kept_bytes = entries.size();
  }
  out.varint(of.done.size());
  out.varint(kept);
  out.raw(std::string_view(entries).substr(0, kept_bytes));
}

void take_digest(Reader& in, FinishedRow& to) {
  to.done = in.varint32();
  const std::size_t kept = in.count();
  if (kept > to.done) in.fail();
  for (std::size_t i = 0; i < kept && !in.failed(); ++i) {
    to.digest.push_back(take_digest_entry(in, to.id));
  }
}

std::string encode_payload(const core::Invocation& of, std::uint32_t bits) {
  constexpr std::size_t kFixedBytes = 192;
  const auto has = [bits](FinishedBit bit) { return (bits & bit) != 0; };
  std::string value;
  value.reserve(kFixedBytes + (has(kInputInline) ? of.input.size() : 0) +
                (has(kOutcomeInline) ? of.outcome.data.size() : 0));
  Writer out(value);
  out.u8(kRowVersion);
  out.varint(bits);
  out.u8(static_cast<std::uint8_t>(of.state));
  out.u8(static_cast<std::uint8_t>(of.mode));
  out.u8(static_cast<std::uint8_t>(of.outcome.code));
  out.bytes(of.operation);
  put_time(out, of.id, of.accepted);
  put_time(out, of.id, of.ended);
  if (has(kOutcomeInline)) out.bytes(of.outcome.data);
  if (has(kInputInline)) out.bytes(of.input);
  if (has(kAttempt)) out.varint(of.attempt);
  if (has(kDigest)) put_digest(out, of);
  if (has(kFingerprint)) out.be64(of.fingerprint);
  if (has(kIdempotencyKey)) out.bytes(of.idempotency_key);
  if (has(kOrder)) put_order(out, of.order);
  if (has(kVersion)) out.varint(of.version);
  if (has(kNote)) out.bytes(of.note);
  if (has(kCancelNote)) out.bytes(of.cancel_note);
  if (has(kTrace)) out.bytes(of.trace);
  if (has(kCallback)) {
    out.bytes(of.callback);
    put_id(out, of.told_by);
  }
  return value;
}

}  // namespace

void encode_finished(const core::Invocation& invocation, Bucket bucket,
                     std::vector<RowWrite>& rows) {
  const std::uint32_t bits = finished_bits(invocation);
  const Aux aux = (bits & (kIdempotencyKey | kInputRow)) != 0 ? Aux::rows : Aux::none;
  std::string key = finished_key(invocation.id, bucket, aux);
  std::string value = encode_payload(invocation, bits);
  seal(key, value);
  rows.push_back({std::move(key), std::move(value)});
  if ((bits & kResultRow) != 0) {
    rows.push_back(encode_opaque(result_key(invocation.id, bucket), invocation.outcome.data));
  }
}

Result<FinishedRow> decode_finished(std::string_view key, std::string_view value) {
  const Result<std::string_view> payload = unseal(key, value);
  if (!payload) return payload.error();
  const auto place = parse_finished_key(key);
  if (!place) return malformed(key);

  FinishedRow to;
  to.id = place->id;
  to.bucket = place->bucket;
  Reader in(*payload);
  const std::uint32_t bits = in.varint32();
  if ((bits & kUnknownFinishedBits) != 0) in.fail();
  const auto has = [bits](FinishedBit bit) { return (bits & bit) != 0; };
  to.state = take_enum(in, core::State::expired);
  to.mode = take_enum(in, Mode::later);
  to.outcome.code = take_enum(in, kLastErrorCode);
  to.operation = in.bytes();
  to.accepted = take_time(in, to.id);
  to.ended = take_time(in, to.id);
  if (has(kOutcomeInline)) to.outcome.data = in.bytes();
  to.result_row = has(kResultRow);
  if (has(kInputInline)) to.input = in.bytes();
  to.input_row = has(kInputRow);
  if (has(kAttempt)) to.attempt = in.varint32();
  if (has(kDigest)) take_digest(in, to);
  if (has(kFingerprint)) to.fingerprint = in.be64();
  if (has(kIdempotencyKey)) to.idempotency_key = in.bytes();
  if (has(kOrder)) to.order = take_order(in);
  if (has(kVersion)) to.version = in.varint32();
  if (has(kNote)) to.note = in.bytes();
  if (has(kCancelNote)) to.cancel_note = in.bytes();
  if (has(kTrace)) to.trace = in.bytes();
  if (has(kCallback)) {
    to.callback = in.bytes();
    to.told_by = take_id(in);
  }
  if (!in.finished()) return malformed(key);
  return to;
}

std::vector<std::string> aux_keys(const FinishedRow& row) {
  std::vector<std::string> keys;
  if (!row.idempotency_key.empty()) {
    keys.push_back(idempotency_key(
        row.id.partition(),
        core::idempotency_record(row.operation, row.order.key, row.idempotency_key)));
  }
  if (row.input_row) keys.push_back(input_key(row.id));
  return keys;
}

}  // namespace nowthen::store
