#pragma once

#include <cstdint>
#include <string>

#include <nowthen/id.h>
#include <nowthen/result.h>

#include "base/time.h"

namespace nowthen::core {

using Bytes = std::string;

/// How something ended: a result (`code` none, `data` its bytes) or an error (`data` its message).
struct Outcome {
  ErrorCode code = ErrorCode::none;
  Bytes data;

  bool ok() const { return code == ErrorCode::none; }
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// Stored as one byte: never renumber.
enum class EntryKind : std::uint8_t {
  step,       ///< runs a function; recorded when it ends
  step_once,  ///< an `at_most_once` step: its start is committed before it runs
  cleanup,    ///< a step that may also start after a cancel
  sleep,      ///< waits for a time
  call,       ///< runs another operation and waits for it
  send,       ///< starts another operation
  signal,     ///< waits for a message to this invocation
  value,      ///< something read once: the time, the winner of a race, per-key state
};

constexpr bool is_step(EntryKind kind) { return kind <= EntryKind::cleanup; }
std::string_view to_string(EntryKind kind);

/// How far the attempt that runs now has come with an open entry. Not stored.
enum class Stage : std::uint8_t {
  left,     ///< a former attempt opened it; the code of this one has not come to it yet
  asked,    ///< the code waits for it
  running,  ///< a step whose function has been let go
};

/// One line of a journal. Open while it waits; done entries never change.
///
/// `path` identifies it within its invocation: the numbers of the `all` / `race` branches it lies
/// in, its name, and from the second of that name on its occurrence: "charge", "charge#2",
/// "1.0/charge". `done_seq` (1, 2, ...) is the order in which results reached the code and in
/// which a replay repeats them; 0 while open. A cancel takes a number of the same sequence.
struct Entry {
  std::string path;
  EntryKind kind = EntryKind::step;
  std::uint32_t done_seq = 0;
  std::uint32_t tries = 0;    ///< tries of a step that failed so far
  WallTime due = kNever;      ///< open: when a sleep ends, a wait gives up, a step is retried
  WallTime since{};           ///< when it was opened; done: when it ended
  InvocationId child;         ///< call and send: the invocation started
  Outcome outcome;            ///< done: how it ended; open: the last failure
  Stage stage = Stage::left;  ///< open only, not stored
  bool wrote = false;         ///< open: state was written with it, which must not happen again

  bool done() const { return done_seq != 0; }
};

}  // namespace nowthen::core
