#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/command.h"
#include "core/trace.h"

namespace nowthen::core {

// ---- row changes: which rows differ; their bytes are taken from the state when the turn closes --

struct HeaderChanged {
  InvocationId id;
};
/// `done` has an entry more.
struct EntryAdded {
  InvocationId id;
};
/// The invocation ended: its live rows go, its finished row comes.
struct Ended {
  std::unique_ptr<Invocation> invocation;
  Duration retain{};
};
/// Its journal rows go (restart).
struct JournalErased {
  InvocationId id;
  std::uint32_t rows = 0;
};
struct IdempotencyKeyTaken {
  std::string record;  ///< see `idempotency_record`
  InvocationId id;
  std::uint64_t fingerprint = 0;
};
struct StateChanged {
  OrderKey order;
  std::string name;
  std::optional<Bytes> value;
};
using RowChange = std::variant<HeaderChanged, EntryAdded, Ended, JournalErased, IdempotencyKeyTaken,
                               StateChanged>;

// ---- what leaves -----------------------------------------------------------------------------

/// Begin an attempt. Built from the state when it is released.
struct Dispatch : Lease {};
/// Let the function of a step go.
struct RunStep : Lease {
  std::string path;
  std::uint32_t tries = 0;
};
/// The time of a try is over, unless its function waited before it began: then it has it anew.
struct EndTry : Lease {
  std::string path;
  std::uint32_t tries = 0;
};
/// A new entry of `done` reaches the code. Stays inside the loop, so it waits for nothing.
struct Deliver : Lease {
  std::uint32_t index = 0;
};
/// The code is told of the cancel.
struct DeliverCancel : Lease {};
/// The attempt is over; what its executor holds of it is dropped.
struct DropAttempt : Lease {};
/// The command of an executor came too late, or cannot be: its attempt is over.
struct RefuseAttempt : Lease {
  Error error;
};

/// Why an answer looks as it does (header Nowthen-Decision).
struct Decision {
  enum class Kind : std::uint8_t { answered, handed_over, deferred, timed_out, attached, refused };
  Kind kind = Kind::answered;
  Duration after{};
  std::uint32_t done = 0;  ///< entries recorded so far
  std::string reason;
};
std::string_view to_string(Decision::Kind kind);
/// `handed-over; after_ms=300; done=1; reason="charge running"`
std::string to_string(const Decision& decision);

/// Answers one waiter: a result (terminal state), a ticket (live state) or a refusal (error).
/// `RecordStep` and `ReadStep` are answered with the recorded outcome of the step and a live state.
struct Reply {
  WaiterId waiter = WaiterId::none;
  InvocationId id;  ///< null: about no stored invocation
  State state = State::ready;
  Outcome outcome;  ///< when terminal; or the refusal
  bool refused = false;
  Decision decision;
  Applied applied;               ///< to Invoke
  bool cancelling = false;       ///< its cancel is recorded
  bool recorded_before = false;  ///< to RecordStep: nothing was changed
};
/// A command for another partition (or this one): delivered at least once, after the commit.
struct Message {
  std::uint16_t partition = 0;
  std::variant<Invoke, ChildEnded, Cancel> body;
};
/// A free place waits for an evicted invocation: load it, then apply StartLoaded.
struct Load {
  InvocationId id;
};
/// It waits for a person now, or has failed for good: worth a line in the log.
struct GivenUp {
  InvocationId id;
  std::string operation;
  std::string trace;
  State state = State::parked;
  ParkReason reason = ParkReason::none;
  std::string note;
};
/// What a trace shows of an invocation, once it is over (docs/observability.md, ADR 0014). Only of
/// those whose caller's trace is sampled, and only if PartitionState::traced.
struct Span {
  enum class Kind : std::uint8_t { invocation, queue, attempt, entry };
  Kind kind = Kind::invocation;
  std::string trace;  ///< 32 hexadecimal digits
  SpanId id = SpanId::none;
  SpanId parent = SpanId::none;
  InvocationId invocation;
  std::string operation;
  WallTime start{};
  WallTime end{};
  ErrorCode code = ErrorCode::none;  ///< none: nothing went wrong
  std::string error;

  Mode mode = Mode::auto_;            ///< invocation
  State state = State::ready;         ///< invocation: that it ended in
  std::string_view decision;          ///< invocation: what its caller was told; empty: not known
  std::uint32_t attempt = 0;          ///< attempt; entry: that it ended in
  EntryKind entry = EntryKind::step;  ///< entry, as the three below
  std::string path;
  std::uint32_t tries = 0;  ///< of a step: those that failed
  InvocationId child;
};
/// There is work for workers again: attempts that a Take would begin. Said once; the next time
/// after a Take that left nothing to take.
struct WorkWaits {
  std::string operation;
};
/// What a Take came to. For each id either its attempt begins, in time, or it is dropped.
struct Took {
  std::string operation;
  std::vector<InvocationId> ids;  ///< in order of the line
  bool more = false;  ///< another Take would begin more at once; else WorkWaits will come
};
using Effect = std::variant<Dispatch, RunStep, EndTry, Deliver, DeliverCancel, DropAttempt,
                            RefuseAttempt, Reply, Message, Load, GivenUp, Span, WorkWaits, Took>;

/// Whether an effect waits for the commit of what its partition has not committed yet.
enum class Gate : std::uint8_t { commit, none };
struct GatedEffect {
  Gate gate = Gate::commit;
  Effect effect;
};

/// What the engine carries out: the rows in one atomic write, then the effects, in order.
struct Effects {
  std::vector<RowChange> rows;
  std::vector<GatedEffect> effects;
};

// ---- rows that `apply` needs and does not have -----------------------------------------------

struct NeedsInvocation {
  InvocationId id;  ///< live (evicted) or finished
};
struct NeedsIdempotencyKey {
  std::string record;
};
struct NeedsState {
  OrderKey order;
  std::string name;
};
using Missing = std::variant<NeedsInvocation, NeedsIdempotencyKey, NeedsState>;

}  // namespace nowthen::core
