#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/invocation.h"

namespace nowthen::core {

/// What the caller of one invocation asks for.
struct CallOptions {
  std::optional<Mode> prefer;    ///< RFC 7240 respond-async: Mode::later
  std::optional<Duration> wait;  ///< RFC 7240 wait
  std::uint8_t priority = 4;     ///< 0..9, 9 first
  Duration delay{};              ///< not before this much later
  std::string order_key;
  std::string idempotency_key;
  std::string trace;     ///< W3C traceparent, at most kTraceBytesMax; children have their parent's
  std::string callback;  ///< a URL that is told of the end, at most kCallbackBytesMax; empty: none
};
/// W3C Trace Context 3.2.2: version 00 has 2 + 1 + 32 + 1 + 16 + 1 + 2 characters.
inline constexpr std::size_t kTraceBytesMax = 55;
inline constexpr std::size_t kCallbackBytesMax = 2048;

/// A change of per-key state, committed with the entry or end that carries it.
struct StateWrite {
  std::string name;
  std::optional<Bytes> value;  ///< none erases
};

// ---- from callers and operators -----------------------------------------------------------

struct Invoke {
  InvocationId id;  ///< its partition is where it is applied
  std::string operation;
  std::uint32_t version = 0;  ///< 0: the highest
  Bytes input;
  CallOptions options;
  std::optional<ParentLink> parent;  ///< the caller waits in another invocation
  bool sent = false;                 ///< started by `send`: always later, no one waits for its end
  std::vector<OrderKey> held_above;
  std::uint32_t depth = 0;
  bool redelivered = false;  ///< from an outbox: may have been accepted, and ended, before
  WaiterId waiter = WaiterId::none;
};
/// Waits for the end of an invocation; a ticket after `wait`.
struct Await {
  InvocationId id;
  Duration wait{};
  WaiterId waiter = WaiterId::none;
};
struct Signal {
  InvocationId id;
  std::string name;
  Bytes payload;
  WaiterId waiter = WaiterId::none;
};
struct Cancel {
  InvocationId id;
  std::string reason;
  WaiterId waiter = WaiterId::none;
};
/// Stops a live invocation until a person answers.
struct Park {
  InvocationId id;
  std::string reason;
  WaiterId waiter = WaiterId::none;
};
struct Resume {
  InvocationId id;
  WaiterId waiter = WaiterId::none;
};
/// A parked invocation begins again with an empty journal.
struct Restart {
  InvocationId id;
  WaiterId waiter = WaiterId::none;
};
/// The answer of a person to `outcome_unknown`: this is its result, or (none) it did not happen.
struct ResolveStep {
  InvocationId id;
  std::string path;
  std::optional<Outcome> outcome;
  WaiterId waiter = WaiterId::none;
};

// ---- from executors, under a lease ----------------------------------------------------------

struct Lease {
  InvocationId id;
  LeaseEpoch epoch{};
};
/// Begins a wait, a step, or a child; or finds again the one that a former attempt began.
struct OpenEntry : Lease {
  std::string path;
  EntryKind kind = EntryKind::step;
  WallTime due = kNever;        ///< sleep: its end; signal: when it gives up
  std::string signal;           ///< signal: the name waited for
  std::optional<Invoke> child;  ///< call and send
  std::vector<StateWrite> writes;
};
/// The function of a step ended, well or badly.
struct CompleteStep : Lease {
  std::string path;
  std::uint32_t tries = 0;  ///< which try this was; a late one is refused
  Outcome outcome;
  bool permanent = false;  ///< a failure that must not be tried again
};
/// Records a value that the code has read, or the winner of a race.
struct RecordValue : Lease {
  std::string path;
  Bytes value;
  std::vector<StateWrite> writes;
  std::vector<std::string> withdrawn;  ///< waits that lost the race
};
/// Reads per-key state and records it as an entry.
struct ReadState : Lease {
  std::string path;
  std::string name;
};
/// The code waits for open entries only. `seen`: the last done_seq that it was given.
struct Suspend : Lease {
  std::uint32_t seen = 0;
  bool kept = false;  ///< the executor still holds the attempt
};
struct Finish : Lease {
  Outcome outcome;
  std::vector<StateWrite> writes;
  WaiterId waiter = WaiterId::none;  ///< told the id and the state that came of it
};
struct FailAttempt : Lease {
  Error error;
  bool permanent = false;            ///< no further attempt, whatever the policy says
  Duration retry_after{};            ///< the backoff is at least that long
  WaiterId waiter = WaiterId::none;  ///< told the id and the state that came of it
};
/// The code cannot go on: it does not fit its journal, or is not here.
struct ParkAttempt : Lease {
  ParkReason reason = ParkReason::none;
  std::string detail;
};
/// A worker did a step: recorded, unless it is there already. Either way it is told what is
/// recorded.
struct RecordStep : Lease {
  std::string path;  ///< a name, see is_name
  Outcome outcome;
  WaiterId waiter = WaiterId::none;
};
/// Asks for the recorded outcome of a step; `not_found` if there is none.
struct ReadStep : Lease {
  std::string path;
  WaiterId waiter = WaiterId::none;
};
/// The attempt is alive; what lives so long is stored.
struct Heartbeat : Lease {
  WaiterId waiter = WaiterId::none;
};
/// The attempt reached no worker: it is taken back as if it had not begun. Its executor holds
/// nothing of it any more.
struct Release : Lease {};

// ---- from other partitions and from the engine ------------------------------------------------

/// A called invocation ended.
struct ChildEnded {
  ParentLink parent;
  Outcome outcome;
};
/// Everything of one invocation that is due at the stamped time fires.
struct FireTimers {
  InvocationId id;
};
/// An evicted invocation that a free place waits for is in memory again.
struct StartLoaded {
  InvocationId id;
};
/// All live rows were loaded: attempts that the last process held are lost.
struct Recover {
  std::vector<InvocationId> suspects;  ///< whose code was on a thread when that process died
};
/// The effective policy of an operation, and what runs it here.
struct Configure {
  std::string operation;
  Policy policy;
  std::string key_scope;                ///< empty: the operation's own
  std::vector<std::uint32_t> versions;  ///< ascending; empty: nothing runs it here
  bool pulled = false;                  ///< its attempts begin when a worker asks for them (Take)
};
/// Workers ask for attempts of a pulled operation: up to `count` begin, in order of their line.
struct Take {
  std::string operation;
  std::uint32_t count = 0;
};

using CommandBody = std::variant<Invoke, Await, Signal, Cancel, Park, Resume, Restart, ResolveStep,
                                 OpenEntry, CompleteStep, RecordValue, ReadState, Suspend, Finish,
                                 FailAttempt, ParkAttempt, RecordStep, ReadStep, Heartbeat, Release,
                                 ChildEnded, FireTimers, StartLoaded, Recover, Configure, Take>;

/// Input of `apply`. Time and randomness are stamped before it is applied.
struct Command {
  WallTime now{};
  std::uint64_t random = 0;
  CommandBody body;
};

}  // namespace nowthen::core
