// A cancel reaches the code at its place in the journal, live and in every replay.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sdk/fake_engine.h"

namespace nowthen::sdk {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> ran;
int work(std::string name) {
  ran.push_back(name);
  return 1;
}
void undo(std::string name) { ran.push_back("undo " + name); }

Task<int> booking(Context& ctx, std::string name) {
  co_await ctx.run("book", work, name);
  bool stopped = false;
  try {
    co_await ctx.sleep(1h);
  } catch (const Cancelled&) {
    stopped = true;
  }
  if (stopped) {
    EXPECT_TRUE(ctx.cancelled());
    co_await ctx.cleanup("undo", undo, name);
    throw Cancelled();
  }
  co_return 1;
}

TEST(Cancel, ends_a_wait_lets_the_code_undo_and_ends_cancelled) {
  ran.clear();
  FakeEngine engine(handlers_of(booking), {.evict_after = 2h, .frames_max = 10});
  engine.start("op", "\"hotel\"");
  engine.cancel();
  EXPECT_EQ(engine.state, core::State::cancelled);
  EXPECT_EQ(engine.journal(), "book=1 CANCEL undo=null");
  EXPECT_EQ(ran, (std::vector<std::string>{"hotel", "undo hotel"}));
}

TEST(Cancel, of_an_evicted_invocation_is_replayed_at_its_place) {
  ran.clear();
  FakeEngine engine(handlers_of(booking));
  engine.start("op", "\"hotel\"");
  EXPECT_EQ(engine.executor().attempts(), 0u);
  engine.cancel();
  EXPECT_EQ(engine.state, core::State::cancelled);
  EXPECT_EQ(engine.journal(), "book=1 CANCEL undo=null");
}

TEST(Cancel, every_branch_of_all_may_undo) {
  ran.clear();
  FakeEngine engine(handlers_of(+[](Context& ctx) -> Task<int> {
    co_await all(booking(ctx, "hotel"), booking(ctx, "car"));
    co_return 1;
  }));
  engine.start("op", "null");
  engine.cancel();
  EXPECT_EQ(engine.state, core::State::cancelled);
  EXPECT_EQ(ran, (std::vector<std::string>{"hotel", "car", "undo hotel", "undo car"}));
}

TEST(Cancel, a_race_awaits_all_its_branches) {
  ran.clear();
  FakeEngine engine(handlers_of(+[](Context& ctx) -> Task<int> {
    co_await race(booking(ctx, "hotel"), booking(ctx, "car"), ctx.sleep(2h));
    co_return 1;
  }));
  engine.start("op", "null");
  engine.cancel();
  EXPECT_EQ(engine.state, core::State::cancelled);
  EXPECT_EQ(ran, (std::vector<std::string>{"hotel", "car", "undo hotel", "undo car"}));
  EXPECT_EQ(engine.inv.outcome.code, ErrorCode::cancelled);
}

Task<int> stubborn(Context& ctx) {
  for (int i = 0; i < 2000; ++i) {
    try {
      co_await ctx.sleep(1s);
    } catch (const Cancelled&) {
    }
  }
  co_await ctx.run("more", work, "more");
  co_return 1;
}
TEST(Cancel, every_later_await_throws_again_and_yields) {
  FakeEngine engine(handlers_of(stubborn));
  engine.start("op", "null");
  engine.cancel();
  EXPECT_EQ(engine.state, core::State::cancelled);
  EXPECT_GE(engine.posts, 2000u / 256);
  EXPECT_EQ(engine.journal(), "CANCEL");
}

Task<std::string> with_step(Context& ctx) {
  std::string out = "none";
  try {
    out = std::to_string(co_await ctx.run("slow", work, "slow"));
    out += std::to_string(co_await ctx.run("next", work, "next"));
  } catch (const Cancelled&) {
    out += " cancelled";
  }
  co_await ctx.cleanup("note", undo, out);
  co_return out;
}

/// An invocation whose step "slow" runs: the end of its function does not arrive.
class RunningStep : public testing::Test {
 protected:
  RunningStep() : engine_(handlers_of(with_step, false)) {
    ran.clear();
    engine_.inv.operation = "op";
    engine_.pool = &pool_;
    engine_.hold_posts = true;
    engine_.crash();
    engine_.cancel();
    EXPECT_EQ(engine_.journal(), "CANCEL");
  }
  void let_end() {
    engine_.hold_posts = false;
    engine_.run();
  }
  InlinePool pool_;
  FakeEngine engine_;
};

TEST_F(RunningStep, is_waited_for_after_a_cancel_and_delivered) {
  let_end();
  EXPECT_EQ(engine_.state, core::State::cancelled);
  EXPECT_EQ(engine_.journal(), "CANCEL slow=1 note=null");
  EXPECT_EQ(ran, (std::vector<std::string>{"slow", "undo 1 cancelled"}));
}

TEST_F(RunningStep, is_replayed_from_its_record) {
  engine_.entries_max = 1;
  let_end();
  EXPECT_EQ(engine_.journal(), "CANCEL slow=1");
  engine_.entries_max = SIZE_MAX;
  ran.clear();
  engine_.crash();
  EXPECT_EQ(engine_.state, core::State::cancelled);
  EXPECT_EQ(ran, (std::vector<std::string>{"undo 1 cancelled"}));
}

TEST_F(RunningStep, lost_with_the_process_is_cancelled_and_stays_so_in_the_next_replay) {
  ran.clear();
  engine_.crash();
  engine_.entries_max = 1;
  let_end();
  EXPECT_EQ(engine_.journal(), "CANCEL note=null");
  engine_.entries_max = SIZE_MAX;
  engine_.crash();
  EXPECT_EQ(engine_.state, core::State::cancelled) << engine_.inv.note;
  EXPECT_EQ(ran, (std::vector<std::string>{"undo none cancelled"}));
}

TEST(Cancel, a_step_that_was_not_let_go_does_not_run) {
  ran.clear();
  FakeEngine engine(handlers_of(with_step));
  engine.hold_steps = true;
  engine.start("op", "null");
  engine.cancel();
  engine.let_steps_go();
  EXPECT_EQ(engine.state, core::State::cancelled);
  EXPECT_EQ(ran, (std::vector<std::string>{"undo none cancelled"}));
}

TEST(Cancel, a_pending_call_is_cancelled_and_its_late_result_is_passed_over) {
  FakeEngine engine(handlers_of(+[](Context& ctx) -> Task<int> {
    try {
      co_await ctx.call<int>("child", 1);
    } catch (const Cancelled&) {
    }
    co_await ctx.cleanup("a", undo, "a");
    co_return 1;
  }));
  engine.hold_steps = true;
  engine.start("op", "null");
  engine.cancel();
  engine.child_ended("call:child", {ErrorCode::cancelled, "cancelled"});
  EXPECT_EQ(engine.journal(), "CANCEL call:child!cancelled");
  engine.crash();
  engine.let_steps_go();
  EXPECT_EQ(engine.state, core::State::cancelled) << engine.inv.note;
  EXPECT_EQ(engine.journal(), "CANCEL call:child!cancelled a=null");
}

}  // namespace
}  // namespace nowthen::sdk
