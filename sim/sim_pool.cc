#include "sim/sim_pool.h"

#include "sim/life.h"
#include "sim/world.h"

namespace nowthen::sim {

void SimPool::submit(std::string_view, std::move_only_function<void()> work) {
  Dice& dice = world_.dice();
  const Plan& plan = world_.plan();
  if (dice.chance(plan.step_lost)) {
    world_.note(life_.number(), "a function hangs");
    return;
  }
  auto run = [this, work = std::move(work)]() mutable {
    const World::StepScope scope(world_, life_);
    work();
  };
  if (plan.step_max == Duration::zero()) {
    run();
  } else {
    world_.later(dice.wait(Duration(1), plan.step_max), life_.number(), std::move(run));
  }
}

}  // namespace nowthen::sim
