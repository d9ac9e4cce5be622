// Code that changes between lives: half-way invocations are parked with a diff, and nothing of the
// old journal reaches the new code by mistake.

#include "sim/workloads/workloads.h"

namespace nowthen::sim {
namespace {

using namespace std::chrono_literals;

Task<std::int64_t> before(Context& ctx, std::string name) {
  const std::int64_t a = co_await ctx.run("a", act, name + ".a");
  expect_value(a, name + ".a");
  co_await ctx.sleep(300ms);
  const std::int64_t b = co_await ctx.run("b", act, name + ".b");
  expect_value(b, name + ".b");
  co_return a + b;
}

Task<std::int64_t> after_change(Context& ctx, std::string name) {
  const std::int64_t b = co_await ctx.run("b", act, name + ".b");
  expect_value(b, name + ".b");
  co_await ctx.sleep(300ms);
  const std::int64_t a = co_await ctx.run("a", act, name + ".a");
  expect_value(a, name + ".a");
  co_return a + b;
}

class Changes final : public Workload {
 public:
  explicit Changes(World& world) : Workload(world), declaration_(drawn_declaration(world)) {}
  std::string_view name() const override { return "changes"; }

  void setup(Life& life) override {
    if (world_.dice().chance(700)) {
      life.operation("changing", before, declaration_);
    } else {
      life.operation("changing", after_change, declaration_);
    }
  }
  void start() override {
    const std::uint64_t calls = world_.dice().between(1, 8);
    for (std::uint64_t i = 0; i < calls; ++i) {
      world_.later(world_.dice().wait(Duration(0), world_.plan().storm), 0, [this, i] {
        const std::string plan = "change" + std::to_string(i);
        world_.call("changing", Codec<std::string>::encode(plan), CallOptions(),
                    [this, plan](const core::Reply* reply) { answered(plan, reply); });
      });
    }
  }

 private:
  void answered(const std::string& plan, const core::Reply* reply) {
    if (reply == nullptr || reply->refused || reply->state != core::State::succeeded) return;
    const std::int64_t sum = value_of(plan + ".a") + value_of(plan + ".b");
    if (reply->outcome.data != std::to_string(sum)) {
      world_.wrong(name(), plan + " answered " + reply->outcome.data);
    }
  }

  const Declaration declaration_;
};

}  // namespace

std::unique_ptr<Workload> workloads::changes(World& world) {
  return std::make_unique<Changes>(world);
}

}  // namespace nowthen::sim
