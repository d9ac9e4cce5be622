// Parents that call and send, over partitions: with order keys, with idempotency keys, and without.

#include "sim/workloads/workloads.h"

namespace nowthen::sim {
namespace {

using namespace std::chrono_literals;

struct Member {
  std::string name;
  std::uint32_t depth = 0;
  std::uint32_t children = 0;
  std::uint32_t kind = 0;
};
NOWTHEN_JSON(Member, name, depth, children, kind);

CallOptions options_of(const Member& child) {
  CallOptions options;
  if (child.kind % 4 == 1) options.order_key("line" + std::to_string(child.kind % 3));
  if (child.kind % 4 == 2) options.idempotency_key(child.name);
  if (child.kind % 8 == 3) options.delay(500ms);
  return options;
}

std::int64_t sum_of(const Member& member) {
  std::int64_t sum = value_of(member.name);
  if (member.depth == 0) return sum;
  for (std::uint32_t i = 0; i < member.children; ++i) {
    sum += sum_of({member.name + "-" + std::to_string(i), member.depth - 1, member.children,
                   member.kind + i});
  }
  return sum;
}

Task<std::int64_t> member(Context& ctx, Member own) {
  std::int64_t sum = co_await ctx.run("own", act, own.name);
  expect_value(sum, own.name);
  if (own.depth == 0) co_return sum;
  std::vector<Pending<std::int64_t>> calls;
  for (std::uint32_t i = 0; i < own.children; ++i) {
    const Member child{own.name + "-" + std::to_string(i), own.depth - 1, own.children,
                       own.kind + i};
    const CallOptions options = options_of(child);
    // An order key above is held: a line below it would be a deadlock.
    const char* const operation = options.idempotency_key().empty() ? "member" : "keyed";
    if (own.kind % 2 == 0) {
      calls.push_back(ctx.call<std::int64_t>(operation, child, options));
    } else {
      const CallOptions free;
      const std::int64_t value = co_await ctx.call<std::int64_t>("member", child, free);
      expect(value == sum_of(child), "a child's result is its own");
      sum += value;
    }
  }
  const std::vector<std::int64_t> values = co_await all(std::move(calls));
  for (const std::int64_t value : values) sum += value;
  const Member sent{own.name + "-sent", 0, 0, 0};
  const InvocationId id = co_await ctx.send("member", sent);
  expect(!id.is_null(), "what was sent has an id");
  const Member noted{own.name.substr(0, own.name.find('-')) + "-noted", 0, 0, 0};
  const CallOptions once = CallOptions().idempotency_key(noted.name);
  co_await ctx.send("keyed", noted, once);
  co_return sum;
}

class Families final : public Workload {
 public:
  explicit Families(World& world) : Workload(world), declaration_(drawn_declaration(world)) {
    declaration_.policy.start_within = Duration::zero();
  }
  std::string_view name() const override { return "families"; }

  void setup(Life& life) override {
    life.operation("member", member, declaration_);
    life.operation("keyed", member, declaration_);
  }
  void start() override {
    const std::uint64_t calls = world_.dice().between(1, 12);
    for (std::uint64_t i = 0; i < calls; ++i) {
      world_.later(world_.dice().wait(Duration(0), world_.plan().storm), 0, [this, i] { call(i); });
    }
  }

 private:
  void call(std::uint64_t number) {
    Dice& dice = world_.dice();
    const Member root{
        "family" + std::to_string(number), static_cast<std::uint32_t>(dice.between(0, 2)),
        static_cast<std::uint32_t>(dice.between(1, 3)), static_cast<std::uint32_t>(dice.below(8))};
    const std::int64_t sum = sum_of(root);
    world_.call("member", Codec<Member>::encode(root), CallOptions(),
                [this, sum](const core::Reply* reply) {
                  if (reply == nullptr || reply->state != core::State::succeeded) return;
                  if (!reply->refused && reply->outcome.data != std::to_string(sum)) {
                    world_.wrong(name(), "a family answered " + reply->outcome.data);
                  }
                });
  }

  Declaration declaration_;
};

}  // namespace

std::unique_ptr<Workload> workloads::families(World& world) {
  return std::make_unique<Families>(world);
}

}  // namespace nowthen::sim
