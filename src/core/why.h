#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/partition_state.h"

namespace nowthen::core {

/// One answer to "why is this not running?", or what runs of it.
struct Cause {
  enum class Kind : std::uint8_t {
    not_due,      ///< scheduled; `until`
    order_key,    ///< `name` of scope `scope` is held by `holder`; `position` of `of` in its line
    place,        ///< running_max (`number`) is reached; `position` of `of` for a free place
    worker,       ///< no worker of operation `name` has asked for it; `position` of `of`
    stopping,     ///< the process stops and begins nothing
    loading,      ///< a place is kept for it, its rows are being read
    backing_off,  ///< attempt `number` comes at `until`; the last one failed with `note`
    timer,        ///< sleeps at `name`; `until`
    child,        ///< calls at `name`; waits for `holder`
    signal,       ///< waits for the signal at `name`; gives up at `until`
    step_retry,   ///< try `number` of step `name` comes at `until`; the last one failed with `note`
    parked,       ///< for `reason`, `note`; a person may give one of `answers`
    step_running,  ///< try `number` of step `name` runs; opened at `since`, times out at `until`
    attempt,       ///< attempt `number` runs its code; `since`
    cancelling,    ///< because of `note`; may clean up `until`
    row_needed,    ///< evicted, and more is known from its row
  };
  Kind kind = Kind::row_needed;
  std::string name;
  std::string scope;
  InvocationId holder;
  std::size_t position = 0;  ///< 1 is the next
  std::size_t of = 0;
  std::uint32_t number = 0;
  WallTime since{};
  WallTime until = kNever;  ///< kAtOnce: as soon as its code asks for it
  ParkReason reason = ParkReason::none;
  std::string note;
  std::vector<std::string> answers;  ///< "resume", "restart", "resolve 'pay'", "cancel"
};
/// The stable word for a kind: "order_key".
std::string_view to_string(Cause::Kind kind);
/// For people: "waits for order key 'k' of scope 'op', held by 01h..., place 2 in its line".
std::string to_string(const Cause& cause);

/// Why a live invocation is where it is, the foremost cause first; never empty. `invocation` may be
/// the one in memory or what its rows say. Walks the line that it stands in.
std::vector<Cause> causes(const PartitionState& state, const Invocation& invocation);
/// The same by id. Empty if it is not live here. If it is evicted: what is known without its row,
/// and `row_needed` last.
std::vector<Cause> causes(const PartitionState& state, InvocationId id);

/// `causes` in words.
std::vector<std::string> why(const PartitionState& state, const Invocation& invocation);

}  // namespace nowthen::core
