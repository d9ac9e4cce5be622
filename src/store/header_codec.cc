#include <utility>

#include "store/codec.h"
#include "store/row.h"

namespace nowthen::store {
namespace {

// Which of the fields follow, in this order; what has its default does not. The frequent ones have
// the low numbers, which keeps the varint short.
enum HeaderBit : std::uint32_t {
  kInputInline = 1u << 0,
  kInputRow = 1u << 1,
  kAttempt = 1u << 2,
  kAttemptStarted = 1u << 3,
  kOpen = 1u << 4,
  kFingerprint = 1u << 5,
  kIdempotencyKey = 1u << 6,
  kOrder = 1u << 7,
  kAnswerDue = 1u << 8,
  kStartDue = 1u << 9,
  kNotBefore = 1u << 10,
  kDoneAtStart = 1u << 11,
  kEpoch = 1u << 12,  // when it is not the number of the attempt
  kVersion = 1u << 13,
  kParents = 1u << 14,
  kHeldAbove = 1u << 15,
  kDepth = 1u << 16,
  kFailures = 1u << 17,
  kBackoffDue = 1u << 18,
  kNote = 1u << 19,
  kCrashes = 1u << 20,
  kParkReason = 1u << 21,
  kSignals = 1u << 22,
  kCancelSeq = 1u << 23,
  kCancelNote = 1u << 24,
  kCleanupDue = 1u << 25,
  kEnded = 1u << 26,
  kOutcome = 1u << 27,
  kTrace = 1u << 28,
  kCallback = 1u << 29,
  kUnknownHeaderBits = ~((1u << 30) - 1),
};

// Does not compile when a field is added to the header: it needs a bit, a place in put_optional and
// take_optional, and a line in docs/formats/rows.md.
[[maybe_unused]] void count_fields(const core::Header& header) {
  [[maybe_unused]] const auto& [id, operation, version, mode, priority, order, idempotency_key,
                                fingerprint, held_above, depth, trace, callback, parents,
                                accepted_seq, accepted, not_before, start_due, answer_due,
                                on_timeout, state, park_reason, note, attempt, epoch, failures,
                                crashes, done_at_start, backoff_due, attempt_started, cancel_seq,
                                cancel_note, cleanup_due, ended, outcome] = header;
}

std::uint32_t header_bits(const core::Invocation& of, std::uint64_t open_stored) {
  std::uint32_t bits = 0;
  const auto mark = [&](bool present, std::uint32_t bit) { bits |= present ? bit : 0; };
  const bool large = of.input_row || of.input.size() > kInlineBytesMax;
  mark(!large && !of.input.empty(), kInputInline);
  mark(large, kInputRow);
  mark(of.attempt != 0, kAttempt);
  mark(of.attempt_started != WallTime{}, kAttemptStarted);
  mark(open_stored != 0, kOpen);
  mark(of.fingerprint != 0, kFingerprint);
  mark(!of.idempotency_key.empty(), kIdempotencyKey);
  mark(!of.order.scope.empty() || !of.order.key.empty(), kOrder);
  mark(of.answer_due != kNever, kAnswerDue);
  mark(of.start_due != kNever, kStartDue);
  mark(of.not_before != WallTime{}, kNotBefore);
  mark(of.done_at_start != 0, kDoneAtStart);
  mark(static_cast<std::uint32_t>(of.epoch) != of.attempt, kEpoch);
  mark(of.version != 1, kVersion);
  mark(!of.parents.empty(), kParents);
  mark(!of.held_above.empty(), kHeldAbove);
  mark(of.depth != 0, kDepth);
  mark(of.failures != 0, kFailures);
  mark(of.backoff_due != kNever, kBackoffDue);
  mark(!of.note.empty(), kNote);
  mark(of.crashes != 0, kCrashes);
  mark(of.park_reason != core::ParkReason::none, kParkReason);
  mark(!of.signals.empty(), kSignals);
  mark(of.cancel_seq != 0, kCancelSeq);
  mark(!of.cancel_note.empty(), kCancelNote);
  mark(of.cleanup_due != kNever, kCleanupDue);
  mark(of.ended != WallTime{}, kEnded);
  mark(of.outcome != core::Outcome{}, kOutcome);
  mark(!of.trace.empty(), kTrace);
  mark(!of.callback.empty(), kCallback);
  return bits;
}

void put_open(Writer& out, const core::Invocation& of, std::uint64_t open_stored) {
  out.varint(open_stored);
  for (const core::Entry& entry : of.open) {
    if (core::is_stored(entry)) put_entry(out, of.id, entry);
  }
}

void put_optional(Writer& out, const core::Invocation& of, std::uint32_t bits,
                  std::uint64_t open_stored) {
  const auto has = [bits](HeaderBit bit) { return (bits & bit) != 0; };
  if (has(kInputInline)) out.bytes(of.input);
  if (has(kAttempt)) out.varint(of.attempt);
  if (has(kAttemptStarted)) put_time(out, of.id, of.attempt_started);
  if (has(kOpen)) put_open(out, of, open_stored);
  if (has(kFingerprint)) out.be64(of.fingerprint);
  if (has(kIdempotencyKey)) out.bytes(of.idempotency_key);
  if (has(kOrder)) put_order(out, of.order);
  if (has(kAnswerDue)) put_time(out, of.id, of.answer_due);
  if (has(kStartDue)) put_time(out, of.id, of.start_due);
  if (has(kNotBefore)) put_time(out, of.id, of.not_before);
  if (has(kDoneAtStart)) out.varint(of.done_at_start);
  if (has(kEpoch)) out.varint(static_cast<std::uint32_t>(of.epoch));
  if (has(kVersion)) out.varint(of.version);
  if (has(kParents)) {
    out.varint(of.parents.size());
    for (const core::ParentLink& parent : of.parents) put_parent(out, parent);
  }
  if (has(kHeldAbove)) {
    out.varint(of.held_above.size());
    for (const core::OrderKey& order : of.held_above) put_order(out, order);
  }
  if (has(kDepth)) out.varint(of.depth);
  if (has(kFailures)) out.varint(of.failures);
  if (has(kBackoffDue)) put_time(out, of.id, of.backoff_due);
  if (has(kNote)) out.bytes(of.note);
  if (has(kCrashes)) out.varint(of.crashes);
  if (has(kParkReason)) out.u8(static_cast<std::uint8_t>(of.park_reason));
  if (has(kSignals)) {
    out.varint(of.signals.size());
    for (const core::BufferedSignal& signal : of.signals) {
      out.bytes(signal.name);
      out.bytes(signal.payload);
    }
  }
  if (has(kCancelSeq)) out.varint(of.cancel_seq);
  if (has(kCancelNote)) out.bytes(of.cancel_note);
  if (has(kCleanupDue)) put_time(out, of.id, of.cleanup_due);
  if (has(kEnded)) put_time(out, of.id, of.ended);
  if (has(kOutcome)) put_outcome(out, of.outcome);
  if (has(kTrace)) out.bytes(of.trace);
  if (has(kCallback)) out.bytes(of.callback);
}

void take_optional(Reader& in, core::Invocation& to, std::uint32_t bits) {
  const auto has = [bits](HeaderBit bit) { return (bits & bit) != 0; };
  const auto take_list = [&in](auto& list, auto take) {
    const std::size_t count = in.count();
    list.reserve(count);
    for (std::size_t i = 0; i < count && !in.failed(); ++i) list.push_back(take());
  };
  const InvocationId id = to.id;
  if (has(kInputInline)) to.input = in.bytes();
  to.input_row = has(kInputRow);
  if (has(kAttempt)) to.attempt = in.varint32();
  if (has(kAttemptStarted)) to.attempt_started = take_time(in, id);
  if (has(kOpen)) take_list(to.open, [&] { return take_entry(in, id); });
  if (has(kFingerprint)) to.fingerprint = in.be64();
  if (has(kIdempotencyKey)) to.idempotency_key = in.bytes();
  if (has(kOrder)) to.order = take_order(in);
  if (has(kAnswerDue)) to.answer_due = take_time(in, id);
  if (has(kStartDue)) to.start_due = take_time(in, id);
  if (has(kNotBefore)) to.not_before = take_time(in, id);
  if (has(kDoneAtStart)) to.done_at_start = in.varint32();
  to.epoch = static_cast<core::LeaseEpoch>(has(kEpoch) ? in.varint32() : to.attempt);
  if (has(kVersion)) to.version = in.varint32();
  if (has(kParents)) take_list(to.parents, [&] { return take_parent(in); });
  if (has(kHeldAbove)) take_list(to.held_above, [&] { return take_order(in); });
  if (has(kDepth)) to.depth = in.varint32();
  if (has(kFailures)) to.failures = in.varint32();
  if (has(kBackoffDue)) to.backoff_due = take_time(in, id);
  if (has(kNote)) to.note = in.bytes();
  if (has(kCrashes)) to.crashes = in.varint32();
  if (has(kParkReason)) to.park_reason = take_enum(in, core::ParkReason::no_executor);
  if (has(kSignals)) {
    take_list(to.signals, [&] {
      core::BufferedSignal signal;
      signal.name = in.bytes();
      signal.payload = in.bytes();
      return signal;
    });
  }
  if (has(kCancelSeq)) to.cancel_seq = in.varint32();
  if (has(kCancelNote)) to.cancel_note = in.bytes();
  if (has(kCleanupDue)) to.cleanup_due = take_time(in, id);
  if (has(kEnded)) to.ended = take_time(in, id);
  if (has(kOutcome)) to.outcome = take_outcome(in);
  if (has(kTrace)) to.trace = in.bytes();
  if (has(kCallback)) to.callback = in.bytes();
}

}  // namespace

RowWrite encode_header(const core::Invocation& invocation) {
  constexpr std::size_t kFixedBytes = 192;
  const core::Invocation& of = invocation;
  std::uint64_t open_stored = 0;
  for (const core::Entry& entry : of.open) open_stored += core::is_stored(entry) ? 1 : 0;
  const std::uint32_t bits = header_bits(of, open_stored);

  std::string value;
  value.reserve(kFixedBytes + ((bits & kInputInline) != 0 ? of.input.size() : 0));
  Writer out(value);
  out.u8(kRowVersion);
  out.varint(bits);
  // While the process holds the attempt, its end is a lost attempt, even if it only waited.
  const bool kept = of.state == core::State::suspended && of.resident;
  out.u8(static_cast<std::uint8_t>(kept ? core::State::running : of.state));
  // mode: bits 0-1, on_timeout: bit 2, priority: bits 4-7
  out.u8(static_cast<std::uint8_t>(static_cast<unsigned>(of.mode) |
                                   (static_cast<unsigned>(of.on_timeout) << 2) |
                                   (static_cast<unsigned>(of.priority) << 4)));
  out.bytes(of.operation);
  out.varint(static_cast<std::uint64_t>(of.accepted_seq));
  put_time(out, of.id, of.accepted);
  put_optional(out, of, bits, open_stored);

  std::string key = live_key(of.id);
  seal(key, value);
  return {std::move(key), std::move(value)};
}

Result<std::unique_ptr<core::Invocation>> decode_header(std::string_view key,
                                                        std::string_view value) {
  const Result<std::string_view> payload = unseal(key, value);
  if (!payload) return payload.error();
  const auto id = invocation_of_key(key);
  if (!id || key.front() != 'L') return malformed(key);

  auto invocation = std::make_unique<core::Invocation>();
  core::Invocation& to = *invocation;
  to.id = *id;
  to.stored = true;
  Reader in(*payload);
  const std::uint32_t bits = in.varint32();
  if ((bits & kUnknownHeaderBits) != 0) in.fail();
  to.state = take_enum(in, core::State::expired);
  const std::uint8_t packed = in.u8();
  if ((packed & 3) > static_cast<unsigned>(Mode::later) || (packed & 8) != 0) in.fail();
  to.mode = static_cast<Mode>(packed & 3);
  to.on_timeout = static_cast<OnTimeout>((packed >> 2) & 1);
  to.priority = packed >> 4;
  to.operation = in.bytes();
  to.accepted_seq = static_cast<core::AcceptSeq>(in.varint());
  to.accepted = take_time(in, to.id);
  take_optional(in, to, bits);
  if (!in.finished()) return malformed(key);
  to.last_seq = to.cancel_seq;
  return invocation;
}

}  // namespace nowthen::store
