// Calls that are cancelled at any moment and undo what they have done.

#include "sim/workloads/workloads.h"

namespace nowthen::sim {
namespace {

using namespace std::chrono_literals;

Task<std::int64_t> undo(Context& ctx, std::string name) {
  const std::string what = name + ".undo";
  const std::int64_t value = co_await ctx.cleanup("undo", act, what);
  expect_value(value, what);
  co_return value;
}

Task<std::int64_t> book_trip(Context& ctx, std::string name) {
  bool cancelled = false;
  try {
    for (int i = 0; i < 3; ++i) {
      const std::string what = name + "." + std::to_string(i);
      const std::int64_t value = co_await ctx.run("reserve", act, what);
      expect_value(value, what);
      co_await ctx.sleep(200ms);
      const std::int64_t child = co_await ctx.call<std::int64_t>("reserve-seat", what);
      expect_value(child, what + ".seat");
    }
  } catch (const Cancelled&) {
    cancelled = true;
  }
  if (!cancelled) co_return value_of(name);
  expect(ctx.cancelled(), "who is told of a cancel sees it");
  co_await undo(ctx, name);
  throw Cancelled();
}

Task<std::int64_t> reserve_seat(Context& ctx, std::string name) {
  co_await ctx.sleep(50ms);
  co_return co_await ctx.run("seat", act, name + ".seat");
}

class Cancels final : public Workload {
 public:
  explicit Cancels(World& world) : Workload(world), declaration_(drawn_declaration(world)) {
    declaration_.policy.start_within = Duration::zero();
  }
  std::string_view name() const override { return "cancels"; }

  void setup(Life& life) override {
    life.operation("book-trip", book_trip, declaration_);
    life.operation("reserve-seat", reserve_seat, declaration_);
  }
  void start() override {
    const std::uint64_t calls = world_.dice().between(1, 15);
    for (std::uint64_t i = 0; i < calls; ++i) {
      world_.later(world_.dice().wait(Duration(0), world_.plan().storm), 0, [this, i] { call(i); });
    }
  }
  void check() override {
    for (const auto& [id, when] : taken_) {
      const Ending* end = world_.book().ending(id);
      if (end == nullptr || world_.may_restart(id)) continue;
      // Taken while it lived: what has not ended by itself is cancelled.
      if (end->state == core::State::succeeded && end->ended > when + 30s) {
        world_.wrong("a cancel is not lost", to_string(id) + " was cancelled and succeeded later");
      }
    }
  }

 private:
  void call(std::uint64_t number) {
    const std::string trip = "trip" + std::to_string(number);
    world_.call("book-trip", Codec<std::string>::encode(trip), CallOptions().respond_async(),
                [this](const core::Reply* reply) {
                  if (reply == nullptr || reply->id.is_null()) return;
                  const InvocationId id = reply->id;
                  world_.later(world_.dice().wait(Duration(0), 3s), 0, [this, id] { cancel(id); });
                });
  }
  void cancel(InvocationId id) {
    world_.ask(id, core::Cancel{id, "simulated", {}}, [this, id](const core::Reply* reply) {
      if (reply == nullptr || reply->refused) return;
      taken_[id] = world_.wall_max();
      if (world_.book().ending(id) != nullptr || world_.may_restart(id)) return;
      const core::Invocation* header = world_.book().header(id);
      if (header == nullptr || header->cancel_seq == 0) {
        world_.wrong("a cancel is not lost",
                     "the cancel of " + to_string(id) + " was acknowledged, and is not stored");
      }
    });
  }

  Declaration declaration_;
  std::map<InvocationId, WallTime> taken_;
};

}  // namespace

std::unique_ptr<Workload> workloads::cancels(World& world) {
  return std::make_unique<Cancels>(world);
}

}  // namespace nowthen::sim
