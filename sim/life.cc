#include "sim/life.h"

#include "core/callback.h"
#include "sim/sim_executor.h"
#include "sim/sim_pool.h"
#include "sim/sim_store.h"
#include "sim/world.h"

namespace nowthen::sim {
namespace {

class SimClock final : public Clock {
 public:
  explicit SimClock(const World& world) : world_(world) {}
  WallTime now() const override { return world_.wall(); }

 private:
  const World& world_;
};

Options options_of(const Plan& plan) {
  Options options;
  options.partitions(plan.partitions).loops(plan.loops).evict_after(plan.evict_after);
  return options;
}

/// Tries until it is heard, and is not kept for long.
engine::OperationElsewhere callback_operation() {
  engine::OperationElsewhere operation;
  operation.name = core::kCallbackOperation;
  Policy& policy = operation.declaration.policy;
  policy.mode = Mode::later;
  policy.attempt_timeout = std::chrono::seconds(10);
  policy.retry.attempts_max = 1'000;
  policy.retry.interval_max = std::chrono::seconds(5);
  policy.retain = policy.retain_failed = std::chrono::seconds(10);
  return operation;
}

}  // namespace

Life::Life(World& world, unsigned number)
    : Host(options_of(world.plan())), world_(world), number_(number) {
  options_.on_fatal([this](const Error& error) {
    world_.note(number_, "the store has failed: " + error.message);
    doomed = true;
  });
  paused_until.resize(world.plan().loops);
  busy.resize(world.plan().loops, true);
}

Life::~Life() { stop(Duration::zero()); }

Result<engine::EngineSetup> Life::set_up() {
  engine::EngineSetup setup;
  setup.store = std::make_unique<SimStore>(world_, *this);
  setup.clock = std::make_unique<SimClock>(world_);
  setup.partitions = world_.plan().partitions;
  setup.limits = world_.plan().limits;
  setup.disk_budget = world_.plan().disk_budget;
  setup.gather = world_.plan().gather;
  setup.seed = world_.dice().next();
  setup.built_in.push_back(callback_operation());
  black_box_ = std::make_unique<sdk::BlackBox>();
  setup.suspects = std::exchange(world_.disk().suspects, {});
  return setup;
}

std::unique_ptr<sdk::Pool> Life::make_pool() { return std::make_unique<SimPool>(world_, *this); }

std::unique_ptr<engine::Executor> Life::make_executor(engine::LoopPort& port) {
  auto own_port = std::make_unique<SimPort>(world_, *this, port);
  auto real = Host::make_executor(*own_port);
  auto pulled = make_pull_executor ? make_pull_executor(*own_port) : nullptr;
  return std::make_unique<SimExecutor>(world_, *this, std::move(own_port), std::move(real),
                                       std::move(pulled));
}

}  // namespace nowthen::sim
