#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <nowthen/id.h>
#include <nowthen/policy.h>

#include "base/time.h"
#include "core/invocation_state.h"
#include "core/journal.h"

namespace nowthen::core {

/// Fences attempts: each dispatch raises it; what comes under an older one is refused.
enum class LeaseEpoch : std::uint32_t {};
constexpr LeaseEpoch next(LeaseEpoch epoch) {
  return static_cast<LeaseEpoch>(static_cast<std::uint32_t>(epoch) + 1);
}
/// Order of acceptance within a partition.
enum class AcceptSeq : std::uint64_t {};
/// One caller that waits for an answer. Minted by the engine, lives in memory only.
enum class WaiterId : std::uint64_t { none = 0 };

/// Where the result of a called invocation goes.
struct ParentLink {
  InvocationId id;
  std::string path;   ///< the entry in the parent's journal
  InvocationId call;  ///< `child` of that entry: tells a former call at the same path apart
  friend bool operator==(const ParentLink&, const ParentLink&) = default;
};

/// An order key in its scope: one invocation at a time, in order of acceptance.
struct OrderKey {
  std::string scope;
  std::string key;
  bool empty() const { return key.empty(); }
  friend auto operator<=>(const OrderKey&, const OrderKey&) = default;
};

/// A message to the invocation that no wait has taken yet.
struct BufferedSignal {
  std::string name;
  Bytes payload;
};

/// What a caller's preference came to (RFC 7240 Preference-Applied).
struct Applied {
  bool respond_async = false;    ///< it was asked for, and the call is deferred
  std::optional<Duration> wait;  ///< the patience agreed on, where one was asked for
  friend bool operator==(const Applied&, const Applied&) = default;
};

/// A caller waiting for the answer.
struct Waiter {
  WaiterId id = WaiterId::none;
  WallTime due = kNever;    ///< when it is answered without a result
  Mode mode = Mode::auto_;  ///< `now`: with `deadline_exceeded`, else with a ticket
  Applied applied = {};
};

/// Everything stored in the header row of an invocation. docs/formats/rows.md.
struct Header {
  InvocationId id;
  std::string operation;
  std::uint32_t version = 1;
  Mode mode = Mode::auto_;
  std::uint8_t priority = 4;  ///< 0..9, 9 first
  OrderKey order;
  std::string idempotency_key;
  std::uint64_t fingerprint = 0;     ///< of operation, order key, input and callback
  std::vector<OrderKey> held_above;  ///< keys that the calling ancestors hold, see `as_held`
  std::uint32_t depth = 0;           ///< calls above this one
  std::string trace;                 ///< W3C traceparent of its caller; empty: none
  std::string callback;              ///< a URL that is told of its end; empty: none
  std::vector<ParentLink> parents;   ///< who waits for the result, durably
  AcceptSeq accepted_seq{};
  WallTime accepted{};
  WallTime not_before{};         ///< scheduled until then
  WallTime start_due = kNever;   ///< expires when not started by then
  WallTime answer_due = kNever;  ///< `now` only: cancelled when not ended by then
  OnTimeout on_timeout = OnTimeout::cancel;

  State state = State::ready;
  ParkReason park_reason = ParkReason::none;
  std::string note;           ///< of the park, or of the last failed attempt
  std::uint32_t attempt = 0;  ///< attempts begun
  LeaseEpoch epoch{};
  std::uint32_t failures = 0;       ///< failed attempts since the last resume, for the retry policy
  std::uint32_t crashes = 0;        ///< deaths of the process in its code, without progress
  std::uint32_t done_at_start = 0;  ///< `done_seq` when the current attempt began
  WallTime backoff_due = kNever;
  WallTime attempt_started{};    ///< or when it went on after a wait
  std::uint32_t cancel_seq = 0;  ///< the done_seq that the cancel took; 0: not cancelled
  std::string cancel_note;
  WallTime cleanup_due = kNever;
  WallTime ended{};
  Outcome outcome;  ///< once terminal
};

/// An invocation in memory: its header, its input and its journal.
struct Invocation : Header {
  Bytes input;
  std::vector<Entry> done;              ///< in order of done_seq; done[i] is row i
  std::vector<Entry> open;              ///< in order of opening; stored with the header
  std::vector<BufferedSignal> signals;  ///< in order of arrival; stored with the header
  std::uint32_t last_seq = 0;           ///< the last done_seq given out
  std::size_t journal_bytes = 0;
  InvocationId told_by;  ///< once ended: the invocation that tells its callback; null: none

  // In memory only.
  bool stored = false;             ///< a row of it is written, or will be with this turn
  bool resident = false;           ///< its executor holds a live attempt
  std::uint32_t rows = 0;          ///< entries of `done` that have a row already
  bool input_row = false;          ///< its input has a row of its own already
  bool header_row = false;         ///< its header has a row already
  std::uint64_t first_turn = 0;    ///< the turn of its loop that stored it; 0: an earlier process
  std::uint64_t changed_turn = 0;  ///< the last turn of its loop that changed a row of it
  bool header_dirty = false;       ///< the open turn will write its header
  std::vector<Waiter> waiters;
  WallTime attempt_begun{};     ///< when the attempt that is held began
  std::string_view decision{};  ///< what its caller was told without a result; see Decision::Kind
  /// Of long journals: hash of the path to the index in `done`; extended when searched, cleared
  /// with it.
  mutable std::unordered_multimap<std::size_t, std::uint32_t> done_index;

  /// Quick for journals of any length.
  const Entry* find_done(std::string_view path) const;
  Entry* find_open(std::string_view path);
};

/// Due time of a step whose retry waits for nothing but its code.
inline constexpr WallTime kAtOnce = WallTime::min();

/// An open entry that must survive: everything but the first try of a plain step that wrote
/// nothing.
bool is_stored(const Entry& open);

/// The state that the header row names: an attempt that is held is lost with its process, even
/// if it only waited.
State stored_state(const Invocation& invocation);

/// The earliest due time of anything in `invocation`, given the timeouts in force.
WallTime next_due(const Invocation& invocation, const Policy& policy);

}  // namespace nowthen::core
