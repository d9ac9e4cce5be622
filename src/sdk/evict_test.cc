// When frames are dropped, and that dropping them changes nothing.

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "sdk/fake_engine.h"

namespace nowthen::sdk {
namespace {

using namespace std::chrono_literals;

int alive = 0;
struct Local {
  Local() { ++alive; }
  Local(const Local&) = delete;
  ~Local() { --alive; }
};

Task<int> sleeper(Context& ctx, Duration time) {
  const Local local;
  co_await ctx.sleep(time);
  co_return 1;
}
Task<int> waiter(Context& ctx) {
  const Local local;
  co_return co_await ctx.wait_signal<int>("go");
}

TEST(Evict, a_long_sleep_drops_the_frame_at_once_and_destroys_locals) {
  FakeEngine engine(handlers_of(sleeper));
  engine.start("op", "\"2s\"");
  EXPECT_EQ(engine.count("suspend"), 1u);
  EXPECT_EQ(alive, 0);
  engine.pass(2s);
  EXPECT_EQ(engine.state, core::State::succeeded);
  EXPECT_EQ(engine.inv.attempt, 2u);
}

TEST(Evict, a_short_sleep_keeps_it) {
  FakeEngine engine(handlers_of(sleeper));
  engine.start("op", "\"900ms\"");
  EXPECT_EQ(engine.count("suspend kept"), 1u);
  EXPECT_EQ(alive, 1);
  engine.pass(900ms);
  EXPECT_EQ(engine.state, core::State::succeeded);
  EXPECT_EQ(engine.inv.attempt, 1u);
  EXPECT_EQ(alive, 0);
}

TEST(Evict, what_waits_without_a_known_end_is_dropped_when_idle) {
  FakeEngine engine(handlers_of(waiter));
  engine.start("op", "null");
  EXPECT_EQ(engine.executor().kept(), 1u);
  engine.pass(900ms);
  EXPECT_EQ(alive, 1);
  engine.pass(200ms);
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(engine.executor().attempts(), 0u);
  engine.signal("go", "5");
  EXPECT_EQ(engine.inv.outcome.data, "5");
  EXPECT_EQ(engine.inv.attempt, 2u);
}

TEST(Evict, too_many_kept_frames_go_the_oldest_first) {
  FakeEngine engine(handlers_of(waiter), {.evict_after = 1h, .frames_max = 2});
  core::Invocation inv;
  inv.operation = "op";
  inv.attempt = 1;
  for (std::uint64_t i = 1; i <= 5; ++i) {
    inv.id = InvocationId::make(i, 1, i);
    engine.executor().begin(inv);
    EXPECT_EQ(engine.executor().kept(), std::min<std::uint64_t>(i, 2));
  }
  EXPECT_EQ(alive, 2);
  for (const std::uint64_t kept : {4u, 5u})
    engine.executor().drop({InvocationId::make(kept, 1, kept), {}});
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(engine.executor().kept(), 0u);
  EXPECT_EQ(engine.executor().attempts(), 0u);
}

TEST(Evict, what_is_said_about_an_unknown_lease_is_ignored) {
  FakeEngine engine(handlers_of(waiter));
  const core::Lease lease{InvocationId::make(1, 1, 1), {}};
  engine.executor().deliver(lease, core::Entry());
  engine.executor().deliver_cancel(lease);
  engine.executor().run_step(lease, "x", 0);
  engine.executor().drop(lease);
  engine.start("op", "null");
  core::Lease old = {engine.inv.id, core::LeaseEpoch{}};
  engine.executor().drop(old);
  EXPECT_EQ(engine.executor().attempts(), 1u);
}

struct Slow {
  std::shared_ptr<int> value;
};
int use(std::shared_ptr<int> value) { return *value; }

TEST(Evict, a_function_that_runs_keeps_its_arguments_when_the_attempt_is_dropped) {
  LatePool pool;
  auto value = std::make_shared<int>(5);
  const std::weak_ptr<int> watch = value;
  {
    FakeEngine engine(handlers_of(
        [value](Context& ctx) -> Task<int> {
          std::shared_ptr<int> copy = std::make_shared<int>(*value);
          co_return co_await ctx.run("use", use, copy);
        },
        false));
    engine.inv.operation = "op";
    engine.pool = &pool;
    engine.crash();
    ASSERT_EQ(pool.waiting.size(), 1u);
    engine.executor().drop({engine.inv.id, engine.inv.epoch});
    pool.waiting[0]();
    engine.run();
    EXPECT_EQ(engine.executor().attempts(), 0u);
    EXPECT_EQ(engine.journal(), "");
  }
  value.reset();
  pool.waiting.clear();
  EXPECT_TRUE(watch.expired());
}

TEST(Evict, a_timed_out_try_may_end_late_while_the_next_one_runs) {
  InlinePool pool;
  FakeEngine engine(handlers_of(
      +[](Context& ctx) -> Task<int> {
        std::shared_ptr<int> five = std::make_shared<int>(5);
        co_return co_await ctx.run("use", use, five);
      },
      false));
  engine.inv.operation = "op";
  engine.pool = &pool;
  engine.hold_posts = true;
  engine.crash();
  engine.step_timed_out("use");
  engine.run();
  EXPECT_EQ(engine.inv.open.at(0).tries, 1u);
  engine.pass(1s);
  engine.hold_posts = false;
  engine.run();  // the end of the first try comes first, and counts for nothing
  EXPECT_EQ(engine.journal(), "use=5");
  EXPECT_EQ(engine.inv.outcome.data, "5");
}

}  // namespace
}  // namespace nowthen::sdk
