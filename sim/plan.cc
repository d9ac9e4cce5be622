#include "sim/plan.h"

#include <algorithm>

namespace nowthen::sim {
namespace {

using namespace std::chrono_literals;

/// Half of all histories do without this trouble.
std::uint64_t some(Dice& dice, std::uint64_t most) {
  return dice.chance(500) ? 0 : 1 + dice.below(most);
}
Duration mean(Dice& dice, Duration low, Duration high) {
  return dice.chance(400) ? Duration::zero() : dice.wait(low, high);
}

}  // namespace

Plan::Plan(Dice& dice) {
  partitions = static_cast<std::uint16_t>(dice.between(2, 8));
  loops = static_cast<std::uint16_t>(std::min<std::uint64_t>(dice.between(1, 3), partitions));
  if (dice.chance(300)) limits.running_max = static_cast<std::uint32_t>(dice.between(1, 6));
  if (dice.chance(100)) limits.signals_max = 2;
  if (dice.chance(100)) limits.waiters_max = 2;
  evict_after = dice.chance(300) ? Duration::zero() : dice.wait(1ms, 3s);
  storm = dice.wait(2s, 30s);

  crash_every = mean(dice, 200ms, 10s);
  jump_every = mean(dice, 1s, 20s);
  jumps_back = dice.chance(500);
  pause_every = mean(dice, 500ms, 10s);
  down_max = dice.chance(500) ? Duration::zero() : dice.wait(1ms, 5s);

  crash_before_commit = some(dice, 20);
  crash_after_commit = some(dice, 20);
  commit_fails = some(dice, 5);
  read_fails = some(dice, 5);
  start_fails = some(dice, 300);
  crash_at_step = some(dice, 20);
  zombie = some(dice, 500);
  commit_max = dice.chance(300) ? Duration::zero() : dice.wait(10us, 200ms);
  read_max = dice.chance(400) ? Duration::zero() : dice.wait(10us, 100ms);

  step_max = dice.chance(200) ? Duration::zero() : dice.wait(1ms, 2s);
  step_lost = some(dice, 30);
  report_lost = some(dice, 30);
  report_late = some(dice, 200);
  said_twice = some(dice, 200);
  if (dice.chance(200)) disk_budget = dice.between(1, 10'000);
  if (dice.chance(500)) gather = Duration(dice.between(1, 5'000));
}

void Plan::heal() {
  crash_every = jump_every = pause_every = down_max = Duration::zero();
  crash_before_commit = crash_after_commit = commit_fails = read_fails = start_fails = 0;
  crash_at_step = zombie = 0;
  step_lost = report_lost = report_late = said_twice = 0;
  step_max = std::min<Duration>(step_max, 10ms);
}

}  // namespace nowthen::sim
