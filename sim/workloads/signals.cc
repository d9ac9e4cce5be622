// Invocations that wait for signals, with and without time limits, also in races, and clients that
// send them: too early, too late, in the same instant as a timeout or a cancel. Every message that
// was taken must reach the code once, whatever became of the waits before it.

#include <algorithm>
#include <set>

#include "sim/workloads/workloads.h"

namespace nowthen::sim {
namespace {

using namespace std::chrono_literals;

struct Waiting {
  std::string name;
  Duration limit{};
  std::uint32_t rounds = 1;
  bool races = false;
};
NOWTHEN_JSON(Waiting, name, limit, rounds, races);

Task<std::optional<std::int64_t>> next(Context& ctx, Waiting plan) {
  if (!plan.races) co_return co_await ctx.wait_signal<std::int64_t>("go", plan.limit);
  const auto won = co_await race(ctx.wait_signal<std::int64_t>("go"), ctx.sleep(plan.limit));
  if (won.index == 0) co_return std::get<0>(won.value);
  co_return std::nullopt;
}

/// The messages that it got, in their order.
Task<std::vector<std::int64_t>> waiting(Context& ctx, Waiting plan) {
  std::vector<std::int64_t> messages;
  for (std::uint32_t i = 0; i < plan.rounds; ++i) {
    const std::optional<std::int64_t> got = co_await next(ctx, plan);
    if (got) messages.push_back(*got);
    const std::string what = plan.name + (got ? ".got" : ".late") + std::to_string(i);
    co_await ctx.run("after", act, what);
  }
  co_await ctx.wait_signal<std::int64_t>("end");
  for (;;) {
    const std::optional<std::int64_t> left =
        co_await ctx.wait_signal<std::int64_t>("go", Duration::zero());
    if (!left) co_return messages;
    messages.push_back(*left);
  }
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
  void check() override {
    for (const auto& [id, sent] : sent_) {
      const Ending* end = world_.book().ending(id);
      if (end == nullptr || end->state != core::State::succeeded || world_.may_restart(id))
        continue;
      const auto got = Codec<std::vector<std::int64_t>>::decode(end->outcome.data);
      std::set<std::int64_t> seen;
      for (const std::int64_t message : *got) {
        if (message < 0) continue;  // from somebody else
        if (!seen.insert(message).second || message >= sent.next)
          wrong(id, message, "came twice, or was never sent");
      }
      for (const std::int64_t message : sent.taken)
        if (!seen.contains(message)) wrong(id, message, "was taken and never came");
    }
  }

 private:
  struct Sent {
    std::int64_t next = 0;
    std::set<std::int64_t> taken;  ///< acknowledged
  };
  void wrong(InvocationId id, std::int64_t message, std::string_view what) {
    world_.wrong(name(), "message " + std::to_string(message) + " to " + short_name(id) + ' ' +
                             std::string(what));
  }
  void call(std::uint64_t number) {
    Dice& dice = world_.dice();
    const Waiting plan{"wait" + std::to_string(number), dice.wait(Duration(0), 5s),
                       static_cast<std::uint32_t>(dice.between(1, 3)), dice.chance(500)};
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
      if (header->operation != "waiting") continue;
      ended_.insert(id);
      world_.ask(id, core::Signal{id, "end", "0", {}}, nullptr);
    }
    world_.later(10s, 0, [this] { end_all(); });
  }
  /// Sends until it is told that the invocation has ended.
  void send(InvocationId id) {
    Dice& dice = world_.dice();
    const bool last = !world_.storm() || dice.chance(300);
    const std::int64_t message = sent_[id].next++;
    if (last) ended_.insert(id);
    world_.ask(id, core::Signal{id, last ? "end" : "go", std::to_string(message), {}},
               [this, id, last, message](const core::Reply* reply) {
                 if (reply != nullptr && !reply->refused && !last && !ended_.contains(id))
                   sent_[id].taken.insert(message);
                 const bool over = reply != nullptr && reply->refused &&
                                   (reply->outcome.code == ErrorCode::invalid_state ||
                                    reply->outcome.code == ErrorCode::not_found);
                 if (over) return world_.unfinished(-1);
                 world_.later(world_.dice().wait(1ms, 5s), 0, [this, id] { send(id); });
               });
  }

  Declaration declaration_;
  std::map<InvocationId, Sent> sent_;
  std::set<InvocationId> ended_;  ///< were sent their "end"
};

}  // namespace

std::unique_ptr<Workload> workloads::signals(World& world) {
  return std::make_unique<Signals>(world);
}

}  // namespace nowthen::sim
