// Code that kills its process: it is found, and parked instead of killing for ever. Between its
// deaths the process dies of other things as well.

#include "sim/workloads/workloads.h"

namespace nowthen::sim {
namespace {

struct Killer {
  std::string name;
  std::uint32_t deaths = 0;
};
NOWTHEN_JSON(Killer, name, deaths);

Task<std::int64_t> killer(Context& ctx, Killer plan) {
  const std::int64_t before = co_await ctx.run("before", act, plan.name + ".before");
  const std::int64_t value = co_await ctx.run("deadly", act_deadly, plan.name, plan.deaths);
  expect_value(value, plan.name);
  co_return before + value;
}

class Killers final : public Workload {
 public:
  explicit Killers(World& world) : Workload(world), declaration_(drawn_declaration(world)) {}
  std::string_view name() const override { return "killers"; }

  void setup(Life& life) override { life.operation("killer", killer, declaration_); }
  void start() override {
    const std::uint64_t calls = world_.dice().between(1, 4);
    for (std::uint64_t i = 0; i < calls; ++i) {
      world_.later(world_.dice().wait(Duration(0), world_.plan().storm), 0, [this, i] {
        const Killer plan{"killer" + std::to_string(i),
                          static_cast<std::uint32_t>(world_.dice().below(7))};
        world_.call("killer", Codec<Killer>::encode(plan), CallOptions(),
                    [](const core::Reply*) {});
      });
    }
  }

 private:
  const Declaration declaration_;
};

}  // namespace

std::unique_ptr<Workload> workloads::killers(World& world) {
  return std::make_unique<Killers>(world);
}

}  // namespace nowthen::sim
