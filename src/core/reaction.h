#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/command.h"
#include "core/invocation_state.h"

namespace nowthen::core {

/// What a command does to an invocation in a state.
enum class Reaction : std::uint8_t {
  act = 'A',     ///< it is carried out
  stale = 's',   ///< its lease is gone: refused with `lease_lost`
  refuse = 'r',  ///< refused with `invalid_state`
  ignore = '-',  ///< nothing to do; said twice does no harm
};

/// One row per command, one column per live state; ended invocations are in the last column.
struct ReactionRow {
  std::string_view command;
  std::string_view live;  ///< scheduled ready running suspended backing_off parked
  char ended;
};

// Order of rows = order of alternatives in CommandBody.
inline constexpr std::array<ReactionRow, 26> kReactions = {{
    //                   S R r s B P   ended
    {"invoke", "AAAAAA", 'A'},  // of an idempotency key in use: attaches
    {"await", "AAAAAA", 'A'},
    {"signal", "AAAAAA", 'r'},
    {"cancel", "AAAAAA", 'r'},
    {"park", "rAAAA-", 'r'},  // scheduled: nothing to stop yet, it can be cancelled
    {"resume", "rrrrrA", 'r'},
    {"restart", "rrrrrA", 'r'},
    {"resolve_step", "rrrrrA", 'r'},
    {"open_entry", "ssAsss", 's'},
    {"complete_step", "ssAsss", 's'},
    {"record_value", "ssAsss", 's'},
    {"read_state", "ssAsss", 's'},
    {"suspend", "ssAAss", 's'},
    {"finish", "ssAsss", 's'},
    {"fail_attempt", "ssAsss", 's'},
    {"park_attempt", "ssAsss", 's'},
    {"record_step", "ssAsss", 's'},
    {"read_step", "ssAsss", 's'},
    {"heartbeat", "ssAsss", 's'},
    {"release", "ssAsss", 's'},
    {"child_ended", "AAAAAA", '-'},
    {"fire_timers", "AAAAAA", '-'},
    {"start_loaded", "-A----", '-'},  // in any state it gives back the place kept for it
    {"recover", "------", '-'},       // about no invocation
    {"configure", "------", '-'},     // about no invocation
    {"take", "------", '-'},          // about no invocation
}};
static_assert(kReactions.size() == std::variant_size_v<CommandBody>);

constexpr Reaction reaction(std::size_t command, State state) {
  const ReactionRow& row = kReactions[command];
  return static_cast<Reaction>(is_terminal(state) ? row.ended
                                                  : row.live[static_cast<std::size_t>(state)]);
}

}  // namespace nowthen::core
