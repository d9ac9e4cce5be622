#pragma once

#include <chrono>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace nowthen {

/// Bugs that can be compiled in (NOWTHEN_PLANT_BUGS) and switched on, one at a time, to prove that
/// the checkers of the simulation find them.
enum class Bug : std::uint8_t {
  none,
  reply_before_commit,
  old_owner_accepted,
  old_lease_accepted,
  timer_early,
  timer_lost_on_eviction,
  step_again_after_hand_over,
  order_key_released_early,
  idempotency_not_atomic,
  child_result_twice,
  cancel_lost,
  retention_drops_parent,
  state_without_step,
  journal_by_position,
  outbox_forgotten,
  signal_lost,
  innocent_blamed,
  step_answered_early,
  taken_unstored,
  callback_forgotten,
};

inline constexpr std::string_view kBugNames[] = {
    "none",
    "reply_before_commit",
    "old_owner_accepted",
    "old_lease_accepted",
    "timer_early",
    "timer_lost_on_eviction",
    "step_again_after_hand_over",
    "order_key_released_early",
    "idempotency_not_atomic",
    "child_result_twice",
    "cancel_lost",
    "retention_drops_parent",
    "state_without_step",
    "journal_by_position",
    "outbox_forgotten",
    "signal_lost",
    "innocent_blamed",
    "step_answered_early",
    "taken_unstored",
    "callback_forgotten",
};

static_assert(std::size(kBugNames) == static_cast<std::size_t>(Bug::callback_forgotten) + 1);

inline constexpr std::chrono::milliseconds kEarly{20};  ///< of `timer_early`

#ifdef NOWTHEN_PLANT_BUGS
inline Bug planted_bug = Bug::none;
inline bool planted(Bug bug) { return planted_bug == bug; }
#else
constexpr bool planted(Bug) { return false; }
#endif

}  // namespace nowthen
