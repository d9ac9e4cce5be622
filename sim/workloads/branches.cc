// all and race, nested, over steps that end in any order: each result must reach its own branch.

#include "sim/workloads/workloads.h"

namespace nowthen::sim {
namespace {

using namespace std::chrono_literals;

struct Tree {
  std::string name;
  std::uint32_t width = 1;
  std::uint32_t depth = 0;
  Duration limit{};
};
NOWTHEN_JSON(Tree, name, width, depth, limit);

Task<std::int64_t> branch(Context& ctx, Tree tree) {
  const std::int64_t own = co_await ctx.run("leaf", act, tree.name);
  expect_value(own, tree.name);
  if (tree.depth == 0) co_return own;
  std::vector<Task<std::int64_t>> below;
  for (std::uint32_t i = 0; i < tree.width; ++i) {
    Tree child{tree.name + "/" + std::to_string(i), tree.width, tree.depth - 1, tree.limit};
    below.push_back(branch(ctx, child));
  }
  std::int64_t sum = own;
  for (const std::int64_t value : co_await all(std::move(below))) sum += value;
  co_return sum;
}

Task<std::int64_t> patience(Context& ctx, Duration limit) {
  co_await ctx.sleep(limit);
  co_return -1;
}

Task<std::int64_t> tree(Context& ctx, Tree plan) {
  const std::string large = co_await ctx.run("large", act_large, plan.name);
  expect(large.starts_with(plan.name + "|"), "a large result is its own");
  Task<std::int64_t> work = branch(ctx, plan);
  Task<std::int64_t> wait = patience(ctx, plan.limit);
  const auto won = co_await race(std::move(work), std::move(wait));
  const std::string what = plan.name + ".won" + std::to_string(won.index);
  const std::int64_t value = co_await ctx.run("leaf", act, what);
  expect_value(value, what);
  co_return static_cast<std::int64_t>(won.index);
}

class Branches final : public Workload {
 public:
  explicit Branches(World& world) : Workload(world), declaration_(drawn_declaration(world)) {}
  std::string_view name() const override { return "branches"; }

  void setup(Life& life) override { life.operation("tree", tree, declaration_); }
  void start() override {
    const std::uint64_t calls = world_.dice().between(1, 12);
    for (std::uint64_t i = 0; i < calls; ++i) {
      world_.later(world_.dice().wait(Duration(0), world_.plan().storm), 0, [this, i] {
        Dice& dice = world_.dice();
        const Tree plan{"tree" + std::to_string(i), static_cast<std::uint32_t>(dice.between(1, 4)),
                        static_cast<std::uint32_t>(dice.between(0, 2)), dice.wait(1ms, 20s)};
        world_.call("tree", Codec<Tree>::encode(plan), CallOptions(), [](const core::Reply*) {});
      });
    }
  }

 private:
  const Declaration declaration_;
};

}  // namespace

std::unique_ptr<Workload> workloads::branches(World& world) {
  return std::make_unique<Branches>(world);
}

}  // namespace nowthen::sim
