// Counters in per-key state: every increment is recorded once, however often its code runs.

#include <set>

#include "sim/workloads/workloads.h"

namespace nowthen::sim {
namespace {

using namespace std::chrono_literals;

struct Count {
  std::string name;
  Duration sleep{};
};
NOWTHEN_JSON(Count, name, sleep);

/// Answers the value that it has written.
Task<std::int64_t> count(Context& ctx, Count plan) {
  const std::optional<std::int64_t> before = co_await ctx.state<std::int64_t>("n");
  const std::int64_t next = before.value_or(0) + 1;
  if (plan.sleep > Duration::zero()) co_await ctx.sleep(plan.sleep);
  ctx.set_state("n", next);
  const std::string what = plan.name + "." + std::to_string(next);
  const std::int64_t value = co_await ctx.run("counted", act, what);
  expect_value(value, what);
  const std::optional<std::int64_t> now = co_await ctx.state<std::int64_t>("n");
  expect(now == next, "state is what its holder has written");
  co_return next;
}

class Counters final : public Workload {
 public:
  explicit Counters(World& world) : Workload(world), declaration_(drawn_declaration(world)) {
    declaration_.key_scope = "counters";
    declaration_.policy.start_within = Duration::zero();
  }
  std::string_view name() const override { return "counters"; }

  void setup(Life& life) override {
    life.operation("count", count, declaration_);
    life.operation("count-too", count, declaration_);
  }
  void start() override {
    const std::uint64_t calls = world_.dice().between(2, 25);
    keys_ = world_.dice().between(1, 4);
    for (std::uint64_t i = 0; i < calls; ++i) {
      world_.later(world_.dice().wait(Duration(0), world_.plan().storm), 0, [this, i] { call(i); });
    }
  }
  void check() override {
    std::map<std::string, std::int64_t> ended;
    for (const auto& [id, end] : world_.book().endings()) {
      if (end.order.scope != "counters") continue;
      // With a new journal it counts once more, maybe often.
      ended[end.order.key] += world_.may_restart(id) ? 1'000 : 1;
    }
    for (const auto& [place, bytes] : world_.book().state()) {
      if (place.first.scope != "counters" || std::stoll(bytes) <= ended[place.first.key]) continue;
      world_.wrong(name(), place.first.key + " is " + bytes + " after " +
                               std::to_string(ended[place.first.key]) + " invocations");
    }
    for (const auto& [key, counts] : told_) {
      const auto& state = world_.book().state();
      const auto row = state.find({{"counters", key}, "n"});
      const std::int64_t last = row == state.end() ? 0 : std::stoll(row->second);
      if (!counts.empty() && last < *counts.rbegin()) {
        world_.wrong(name(), key + " is " + std::to_string(last) + ", and somebody was told " +
                                 std::to_string(*counts.rbegin()));
      }
    }
  }

 private:
  void call(std::uint64_t number) {
    Dice& dice = world_.dice();
    const std::string key = "c" + std::to_string(dice.below(keys_));
    Count plan{"count" + std::to_string(number), {}};
    if (dice.chance(400)) plan.sleep = dice.wait(1ms, 5s);
    CallOptions options;
    options.order_key(key);
    if (dice.chance(200)) options.delay(dice.wait(1ms, 3s));
    world_.call(dice.chance(500) ? "count" : "count-too", Codec<Count>::encode(plan), options,
                [this, key](const core::Reply* reply) {
                  if (reply == nullptr || reply->refused) return;
                  if (reply->state != core::State::succeeded) return;
                  const std::int64_t value = std::stoll(reply->outcome.data);
                  if (!told_[key].insert(value).second) {
                    world_.wrong(name(), key + " was counted to " + std::to_string(value) +
                                             " by two invocations");
                  }
                });
  }

  Declaration declaration_;
  std::uint64_t keys_ = 1;
  std::map<std::string, std::set<std::int64_t>> told_;
};

}  // namespace

std::unique_ptr<Workload> workloads::counters(World& world) {
  return std::make_unique<Counters>(world);
}

}  // namespace nowthen::sim
