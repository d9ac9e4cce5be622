// Impatient clients: they repeat their call with its idempotency key, across crashes, several at a
// time, until they are told how it ended. The effect must be there once.

#include "sim/workloads/workloads.h"

namespace nowthen::sim {
namespace {

using namespace std::chrono_literals;

Task<std::int64_t> pay(Context& ctx, std::string order) {
  const std::int64_t paid = co_await ctx.run("pay", act, order);
  expect_value(paid, order);
  co_await ctx.run("book", act, order + ".book");
  co_return paid;
}

class Repeats final : public Workload {
 public:
  explicit Repeats(World& world) : Workload(world), declaration_(drawn_declaration(world)) {
    declaration_.policy.start_within = Duration::zero();
    declaration_.policy.retain = declaration_.policy.retain_failed = 60s;
  }
  std::string_view name() const override { return "repeats"; }

  void setup(Life& life) override { life.operation("pay", pay, declaration_); }
  void start() override {
    const std::uint64_t orders = world_.dice().between(1, 12);
    for (std::uint64_t i = 0; i < orders; ++i) {
      for (std::uint64_t clients = world_.dice().between(1, 3); clients > 0; --clients) {
        world_.later(world_.dice().wait(Duration(0), world_.plan().storm), 0,
                     [this, i] { call("order" + std::to_string(i)); });
      }
    }
  }

 private:
  void call(const std::string& order) {
    Dice& dice = world_.dice();
    CallOptions options;
    options.idempotency_key(order);
    if (dice.chance(500)) options.wait(dice.wait(1ms, 2s));
    if (dice.chance(200)) options.respond_async();
    const std::string input = Codec<std::string>::encode(order);
    call_until_ended(world_, "pay", input, options, [this, order](const core::Reply& reply) {
      if (reply.state != core::State::succeeded) return;
      if (reply.outcome.data != std::to_string(value_of(order))) {
        world_.wrong(name(), order + " was answered by another one's result");
      }
    });
    if (dice.chance(100)) {  // the same key for another order: refused, whoever was first
      world_.call("pay", Codec<std::string>::encode(order + "?"), options,
                  [](const core::Reply*) {});
    }
  }

  Declaration declaration_;
};

}  // namespace

std::unique_ptr<Workload> workloads::repeats(World& world) {
  return std::make_unique<Repeats>(world);
}

}  // namespace nowthen::sim
