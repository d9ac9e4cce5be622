// Invocations that wait for signals, with and without time limits, and clients that send them: too
// early, too late, twice, in the same instant as a timeout or a cancel.

#include "sim/workloads/workloads.h"

namespace nowthen::sim {
namespace {

using namespace std::chrono_literals;

struct Waiting {
  std::string name;
  Duration limit{};
  std::uint32_t rounds = 1;
};
NOWTHEN_JSON(Waiting, name, limit, rounds);

Task<std::int64_t> waiting(Context& ctx, Waiting plan) {
  std::int64_t sum = 0;
  for (std::uint32_t i = 0; i < plan.rounds; ++i) {
    const std::optional<std::int64_t> got =
        co_await ctx.wait_signal<std::int64_t>("go", plan.limit);
    sum += got.value_or(0);
    const std::string what = plan.name + (got ? ".got" : ".late") + std::to_string(i);
    co_await ctx.run("after", act, what);
  }
  const std::int64_t last = co_await ctx.wait_signal<std::int64_t>("end");
  co_return sum + last;
}

class Signals final : public Workload {
 public:
  explicit Signals(World& world) : Workload(world), declaration_(drawn_declaration(world)) {
    declaration_.policy.mode = Mode::later;
  }
  std::string_view name() const override { return "signals"; }

  void setup(Life& life) override { life.operation("waiting", waiting, declaration_); }
  void start() override {
    const std::uint64_t calls = world_.dice().between(1, 12);
    for (std::uint64_t i = 0; i < calls; ++i) {
      world_.later(world_.dice().wait(Duration(0), world_.plan().storm), 0, [this, i] { call(i); });
    }
    world_.later(world_.plan().storm + 1s, 0, [this] { end_all(); });
  }

 private:
  void call(std::uint64_t number) {
    Dice& dice = world_.dice();
    const Waiting plan{"wait" + std::to_string(number), dice.wait(Duration(0), 5s),
                       static_cast<std::uint32_t>(dice.between(1, 3))};
    world_.call("waiting", Codec<Waiting>::encode(plan), CallOptions(),
                [this](const core::Reply* reply) {
                  if (reply == nullptr || reply->id.is_null()) return;
                  world_.unfinished(+1);
                  send(reply->id);
                });
  }
  /// Some answers were lost: nobody else knows of these.
  void end_all() {
    for (const auto& [id, header] : world_.book().live()) {
      if (header->operation == "waiting") world_.ask(id, core::Signal{id, "end", "0", {}}, nullptr);
    }
    world_.later(10s, 0, [this] { end_all(); });
  }
  /// Sends until it is told that the invocation has ended.
  void send(InvocationId id) {
    Dice& dice = world_.dice();
    const bool last = !world_.storm() || dice.chance(300);
    world_.ask(id, core::Signal{id, last ? "end" : "go", std::to_string(dice.below(100)), {}},
               [this, id](const core::Reply* reply) {
                 const bool over = reply != nullptr && reply->refused &&
                                   (reply->outcome.code == ErrorCode::invalid_state ||
                                    reply->outcome.code == ErrorCode::not_found);
                 if (over) return world_.unfinished(-1);
                 world_.later(world_.dice().wait(1ms, 5s), 0, [this, id] { send(id); });
               });
  }

  Declaration declaration_;
};

}  // namespace

std::unique_ptr<Workload> workloads::signals(World& world) {
  return std::make_unique<Signals>(world);
}

}  // namespace nowthen::sim
