// A few steps in a row, some of which fail at first, called in every mode and with every patience.

#include "sim/workloads/workloads.h"

namespace nowthen::sim {
namespace {

using namespace std::chrono_literals;

struct Chain {
  std::string name;
  std::uint32_t steps = 1;
  std::uint32_t failures = 0;  ///< of the first step
  std::uint32_t once = 0;      ///< whether the last runs at most once
  std::uint32_t throws = 0;    ///< attempts that throw at their end
};
NOWTHEN_JSON(Chain, name, steps, failures, once, throws);

Task<std::int64_t> chain(Context& ctx, Chain plan) {
  std::int64_t sum = 0;
  for (std::uint32_t i = 0; i < plan.steps; ++i) {
    const std::string what = plan.name + "." + std::to_string(i);
    const std::int64_t value =
        co_await ctx.run("step", act_after, what, i == 0 ? plan.failures : 0u);
    expect_value(value, what);
    sum += value;
  }
  if (plan.once != 0) {
    const std::string what = plan.name + ".once";
    const std::int64_t value = co_await ctx.run_once("once", act, what);
    expect_value(value, what);
    sum += value;
  }
  if (ctx.attempt() <= plan.throws) throw std::runtime_error("simulated: attempt");
  co_return sum;
}

class Steps final : public Workload {
 public:
  explicit Steps(World& world) : Workload(world), declaration_(drawn_declaration(world)) {}
  std::string_view name() const override { return "steps"; }

  void setup(Life& life) override { life.operation("chain", chain, declaration_); }
  void start() override {
    const std::uint64_t calls = world_.dice().between(1, 40);
    for (std::uint64_t i = 0; i < calls; ++i) {
      world_.later(world_.dice().wait(Duration(0), world_.plan().storm), 0, [this, i] { call(i); });
    }
  }

 private:
  void call(std::uint64_t number) {
    Dice& dice = world_.dice();
    Chain plan;
    plan.name = "chain" + std::to_string(number);
    plan.steps = static_cast<std::uint32_t>(dice.between(0, 4));
    if (dice.chance(300)) plan.failures = static_cast<std::uint32_t>(dice.between(1, 4));
    if (dice.chance(300)) plan.once = 1;
    if (dice.chance(200)) plan.throws = static_cast<std::uint32_t>(dice.between(1, 3));
    CallOptions options;
    if (dice.chance(300)) options.wait(dice.wait(1ms, 5s));
    if (dice.chance(200)) options.respond_async();
    if (dice.chance(100)) options.delay(dice.wait(1ms, 10s));
    if (dice.chance(200)) options.priority(static_cast<std::uint8_t>(dice.below(10)));
    const std::int64_t sum = sum_of(plan);
    world_.call("chain", Codec<Chain>::encode(plan), options,
                [this, sum](const core::Reply* reply) {
                  if (reply == nullptr || reply->refused || reply->state != core::State::succeeded)
                    return;
                  if (reply->outcome.data != std::to_string(sum)) {
                    world_.wrong(name(), "a chain answered " + reply->outcome.data);
                  }
                });
  }
  static std::int64_t sum_of(const Chain& plan) {
    std::int64_t sum = 0;
    for (std::uint32_t i = 0; i < plan.steps; ++i) {
      sum += value_of(plan.name + "." + std::to_string(i));
    }
    return plan.once != 0 ? sum + value_of(plan.name + ".once") : sum;
  }

  const Declaration declaration_;
};

}  // namespace

std::unique_ptr<Workload> workloads::steps(World& world) { return std::make_unique<Steps>(world); }

}  // namespace nowthen::sim
