// Threads for step functions: shares, limits, closing; and steps that run on them.

#include "sdk/pool.h"

#include <atomic>
#include <condition_variable>
#include <latch>
#include <mutex>
#include <optional>
#include <semaphore>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "sdk/fake_engine.h"

namespace nowthen::sdk {
namespace {

TEST(BlockingPool, leaves_its_last_quarter_to_other_operations) {
  std::counting_semaphore<> started(0);
  std::binary_semaphore other(0);
  std::latch release(1);
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  BlockingPool pool({.threads = 4});  // ends before what its functions use
  for (int i = 0; i < 10; ++i) {
    pool.submit("slow", [&] {
      const int now = ++running;
      for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
      }
      started.release();
      release.wait();
      --running;
    });
  }
  for (int i = 0; i < 3; ++i) started.acquire();
  pool.submit("quick", [&] { other.release(); });
  other.acquire();  // though seven of the slow ones wait before it
  release.count_down();
  for (int i = 0; i < 7; ++i) started.acquire();
  EXPECT_EQ(most, 3);
}

TEST(BlockingPool, drops_what_waits_when_it_closes) {
  std::latch release(1);
  std::binary_semaphore started(0);
  auto counted = std::make_shared<int>(0);
  std::atomic<int> ran = 0;
  std::jthread releaser;
  {
    BlockingPool pool({.threads = 1});
    pool.submit("a", [&] {
      started.release();
      release.wait();
      ++ran;
    });
    started.acquire();
    pool.submit("a", [&ran, counted] { ++ran; });
    pool.submit("b", [&ran, counted] { ++ran; });
    releaser = std::jthread([&] {
      while (counted.use_count() > 1) std::this_thread::yield();
      release.count_down();
    });
  }
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(counted.use_count(), 1);
}

std::atomic<int> in_steps = 0;
int on_thread(int value) {
  ++in_steps;
  return step_token().empty() ? 0 : value;
}
Task<int> steps(Context& ctx, int count) {
  std::vector<Pending<int>> branches;
  for (int i = 0; i < count; ++i) branches.push_back(ctx.run("s", on_thread, 1));
  int sum = 0;
  for (const int value : co_await all(std::move(branches))) sum += value;
  co_return sum;
}

TEST(BlockingPool, runs_the_steps_of_a_handler) {
  in_steps = 0;
  BlockingPool pool({.threads = 8});
  FakeEngine engine(handlers_of(steps, false));
  engine.inv.operation = "op";
  engine.inv.input = "500";
  engine.pool = &pool;
  engine.crash();
  while (!engine.ended()) {
    engine.run();
    std::this_thread::yield();
  }
  EXPECT_EQ(engine.inv.outcome.data, "500");
  EXPECT_EQ(in_steps, 500);
}

class QueuedStep : public testing::Test {
 protected:
  QueuedStep() { in_steps = 0; }
  void start(Task<int> (*handler)(Context&)) {
    engine_.emplace(handlers_of(handler, false));
    engine_->inv.operation = "op";
    engine_->inv.input = "null";
    engine_->pool = &pool_;
    engine_->crash();
    engine_->run();
    ASSERT_EQ(pool_.waiting.size(), 1u);
  }
  LatePool pool_;
  std::optional<FakeEngine> engine_;
};

TEST_F(QueuedStep, does_not_begin_after_a_cancel) {
  start(+[](Context& ctx) -> Task<int> {
    try {
      co_await ctx.run_once("pay", on_thread, 1);
    } catch (const Cancelled&) {
    }
    co_return co_await ctx.cleanup("undo", on_thread, 1);
  });
  engine_->cancel();
  engine_->run();
  pool_.run();
  engine_->run();
  EXPECT_EQ(in_steps, 1) << "the cleanup alone";
  EXPECT_EQ(engine_->journal(), "CANCEL pay!the code does not wait for it any more undo=1");
}

TEST_F(QueuedStep, does_not_begin_once_its_race_is_lost) {
  start(+[](Context& ctx) -> Task<int> {
    co_await race(ctx.run("slow", on_thread, 1), ctx.sleep(std::chrono::seconds(1)));
    co_return co_await ctx.run("next", on_thread, 2);
  });
  engine_->pass(std::chrono::seconds(2));
  pool_.run();
  engine_->run();
  EXPECT_EQ(in_steps, 1);
  EXPECT_EQ(engine_->inv.outcome.data, "2");
}

TEST_F(QueuedStep, has_its_time_from_when_it_begins) {
  start(+[](Context& ctx) -> Task<int> { co_return co_await ctx.run_once("pay", on_thread, 3); });
  for (int i = 0; i < 3; ++i) {
    engine_->step_timed_out("pay");
    engine_->pass(std::chrono::seconds(10));
  }
  EXPECT_EQ(engine_->state, core::State::running);
  ASSERT_EQ(pool_.waiting.size(), 1u);
  pool_.run();
  engine_->run();
  EXPECT_EQ(in_steps, 1);
  EXPECT_EQ(engine_->inv.outcome.data, "3");
}

TEST_F(QueuedStep, is_forgotten_with_its_attempt) {
  start(+[](Context& ctx) -> Task<int> { co_return co_await ctx.run_once("pay", on_thread, 3); });
  engine_.reset();
  pool_.run();
  EXPECT_EQ(in_steps, 0);
}

}  // namespace
}  // namespace nowthen::sdk
