#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace nowthen::core {

/// Where an invocation is in its life. Stored as one byte: never renumber.
enum class State : std::uint8_t {
  scheduled,    ///< accepted, its time has not come
  ready,        ///< may run; waits for its order key or a free place
  running,      ///< an attempt holds the lease
  suspended,    ///< waits for a timer, a child or a signal; nothing of it runs
  backing_off,  ///< the last attempt failed; the next one has its time
  parked,       ///< needs a person
  succeeded,
  failed,
  cancelled,
  expired,
};
inline constexpr std::size_t kStates = 10;

constexpr bool is_terminal(State state) { return state >= State::succeeded; }

/// The legal transitions: row = from, column = to. A transition to itself is none.
inline constexpr std::array<std::string_view, kStates> kTransitions = {
    //  to: scheduled ready running suspended backing_off parked | the four ends
    /* scheduled   */ ".R......CE",
    /* ready       */ "..r..P.FCE",
    /* running     */ ".R.sBPSFC.",
    /* suspended   */ ".Rr..P.FC.",
    /* backing_off */ ".R...P.FC.",
    /* parked      */ ".R.....FCE",
    /* succeeded   */ "..........",
    /* failed      */ "..........",
    /* cancelled   */ "..........",
    /* expired     */ "..........",
};

constexpr bool is_legal(State from, State to) {
  return kTransitions[static_cast<std::size_t>(from)][static_cast<std::size_t>(to)] != '.';
}

/// Why a person is needed. Stored as one byte: never renumber.
enum class ParkReason : std::uint8_t {
  none,
  journal_mismatch,  ///< the code replays differently from its journal
  outcome_unknown,   ///< an `at_most_once` step started and never reported
  crash_loop,        ///< the process died too often while its code ran
  exhausted,         ///< attempts used up, and the policy parks
  operator_,         ///< a person asked for it
  no_executor,       ///< nothing here runs this operation in this version
};

std::string_view to_string(State state);
std::string_view to_string(ParkReason reason);

}  // namespace nowthen::core
