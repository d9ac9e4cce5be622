// Sleeps and delays of very different lengths between steps, so that frames and invocations are
// evicted and come back.

#include "sim/workloads/workloads.h"

namespace nowthen::sim {
namespace {

using namespace std::chrono_literals;

struct Night {
  std::string name;
  std::vector<Duration> sleeps;
};
NOWTHEN_JSON(Night, name, sleeps);

Task<std::int64_t> night(Context& ctx, Night plan) {
  for (std::size_t i = 0; i < plan.sleeps.size(); ++i) {
    const std::string what = plan.name + "." + std::to_string(i);
    if (i % 2 == 1) co_await ctx.sleep(plan.sleeps[i]);
    const std::int64_t value = co_await ctx.run("wake", act, what);
    expect_value(value, what);
    if (i % 2 == 0) co_await ctx.sleep(plan.sleeps[i]);
  }
  co_return value_of(plan.name);
}

/// Code that changes no time: what the clock shows after a sleep is recorded beside it.
Task<Duration> watch(Context& ctx, Duration sleep) {
  const WallTime before = co_await ctx.time();
  co_await ctx.sleep_until(before + sleep);
  const WallTime after = co_await ctx.time();
  co_return after - before - sleep;
}

class Sleeps final : public Workload {
 public:
  explicit Sleeps(World& world) : Workload(world), declaration_(drawn_declaration(world)) {
    declaration_.policy.mode = Mode::later;
    declaration_.policy.start_within = Duration::zero();
  }
  std::string_view name() const override { return "sleeps"; }

  void setup(Life& life) override {
    life.operation("night", night, declaration_);
    life.operation("watch", watch, declaration_);
  }
  void start() override {
    const std::uint64_t calls = world_.dice().between(1, 20);
    for (std::uint64_t i = 0; i < calls; ++i) {
      world_.later(world_.dice().wait(Duration(0), world_.plan().storm), 0, [this, i] { call(i); });
    }
  }

 private:
  void call(std::uint64_t number) {
    Dice& dice = world_.dice();
    Night plan{"night" + std::to_string(number), {}};
    const Duration longest = dice.chance(100) ? Duration(1h) : Duration(20s);
    for (std::uint64_t i = dice.between(1, 4); i > 0; --i) {
      plan.sleeps.push_back(dice.wait(Duration(0), longest));
    }
    CallOptions options;
    if (dice.chance(200)) options.delay(dice.wait(1ms, 20s));
    if (dice.chance(500)) {
      options.wait(20s);
      const Duration sleep = plan.sleeps.front();
      world_.call(
          "watch", Codec<Duration>::encode(sleep), options, [this](const core::Reply* reply) {
            if (reply == nullptr || reply->refused || reply->state != core::State::succeeded)
              return;
            const auto over = Codec<Duration>::decode(reply->outcome.data);
            const bool early = !over || *over < Duration::zero();
            if (early && !world_.clock_goes_back()) {
              world_.wrong("timers are never early",
                           "a sleep was too short: " + reply->outcome.data);
            }
          });
      return;
    }
    world_.call("night", Codec<Night>::encode(plan), options, [](const core::Reply*) {});
  }

  Declaration declaration_;
};

}  // namespace

std::unique_ptr<Workload> workloads::sleeps(World& world) {
  return std::make_unique<Sleeps>(world);
}

}  // namespace nowthen::sim
