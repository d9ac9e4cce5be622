// Code meets its journal again: at every prefix, changed, and after the process died.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sdk/fake_engine.h"
#include "sdk/replay_check.h"

namespace nowthen::sdk {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> ran;
int work(std::string name, int value) {
  ran.push_back(name);
  return value;
}
int fail_always(std::string name) {
  ran.push_back(name);
  throw Permanent("no " + name);
}

Task<int> branch_work(Context& ctx, std::string name, int depth) {
  int sum = co_await ctx.run("work", work, name, depth);
  if (depth > 0) {
    auto [left, right] = co_await all(branch_work(ctx, name + "l", depth - 1),
                                      branch_work(ctx, name + "r", depth - 1));
    sum += left + right;
  }
  if (depth == 1) co_await ctx.sleep(10ms);
  co_return sum;
}

/// A bit of everything, for replays.
Task<std::string> mixed(Context& ctx, int start) {
  std::string out = std::to_string(start);
  out += std::to_string(co_await ctx.run("first", work, "first", start));
  const auto both =
      co_await all(ctx.run("a", work, "a", 1), ctx.sleep(1s), branch_work(ctx, "b", 2));
  out += std::to_string(std::get<0>(both)) + std::to_string(std::get<2>(both));
  auto winner = co_await race(ctx.sleep(1h), ctx.run("fast", work, "fast", 5));
  out += std::to_string(winner.index);
  try {
    co_await ctx.run("bad", fail_always, "bad");
  } catch (const StepFailed& failed) {
    out += failed.message();
  }
  const WallTime time = co_await ctx.time();
  ctx.set_state("seen", time);
  const InvocationId sent = co_await ctx.send("other", out);
  out += to_string(sent).substr(20);
  out += std::to_string(ctx.random() % 10);
  for (int i = 0; i < 3; ++i) out += std::to_string(co_await ctx.run("loop", work, "loop", i));
  const std::optional<WallTime> seen = co_await ctx.state<WallTime>("seen");
  out += seen == time ? "=" : "!";
  co_return out;
}

core::Invocation whole(FakeEngine& engine) {
  engine.start("op", "4");
  for (int i = 0; i < 10; ++i) engine.pass(1s);
  EXPECT_EQ(engine.state, core::State::succeeded) << engine.journal();
  return engine.inv;
}

TEST(Replay, at_every_prefix_of_the_journal_gives_the_same_and_repeats_no_step) {
  const auto handlers = handlers_of(mixed);
  FakeEngine first(handlers);
  ran.clear();
  const core::Invocation done = whole(first);
  const std::vector<std::string> all_ran = ran;
  ASSERT_GT(done.done.size(), 15u);
  for (std::size_t prefix = 0; prefix <= done.done.size(); ++prefix) {
    FakeEngine again(handlers);
    again.inv.done.assign(done.done.begin(), done.done.begin() + static_cast<long>(prefix));
    again.inv.last_seq = static_cast<std::uint32_t>(prefix);
    again.kv = first.kv;
    again.children.assign(prefix == 0 ? 0 : 0, {});
    ran.clear();
    const core::Invocation result = whole(again);
    EXPECT_EQ(result.outcome, done.outcome) << prefix;
    std::size_t steps = 0;
    for (std::size_t i = 0; i < prefix; ++i) steps += is_step(done.done[i].kind) ? 1u : 0u;
    EXPECT_EQ(ran.size(), all_ran.size() - steps) << prefix;
  }
}

TEST(Replay, after_a_crash_at_every_entry_it_ends_the_same) {
  const auto handlers = handlers_of(mixed);
  FakeEngine first(handlers);
  const core::Invocation done = whole(first);
  for (std::size_t entries = 1; entries <= done.done.size(); ++entries) {
    FakeEngine again(handlers);
    again.entries_max = entries;
    again.start("op", "4");
    for (int i = 0; i < 10; ++i) {
      again.pass(1s);
      if (again.dead) {
        again.entries_max = SIZE_MAX;
        again.crash();
      }
    }
    EXPECT_EQ(again.state, core::State::succeeded) << entries << " " << again.journal();
    EXPECT_EQ(again.inv.outcome.data.substr(0, 20), done.outcome.data.substr(0, 20)) << entries;
  }
}

TEST(Replay, with_frames_dropped_at_each_wait_it_ends_the_same) {
  const auto handlers = handlers_of(mixed);
  FakeEngine first(handlers);
  const core::Invocation done = whole(first);
  FakeEngine again(handlers, {.evict_after = Duration::zero(), .frames_max = 0});
  const core::Invocation result = whole(again);
  EXPECT_EQ(result.outcome, done.outcome);
  EXPECT_GT(result.attempt, 3u);
}

// ---- changed code ---------------------------------------------------------------------------

Task<int> version_a(Context& ctx) {
  co_await ctx.run("charge", work, "charge", 1);
  co_await ctx.run("save", work, "save", 1);
  co_await ctx.sleep(1h);
  co_return 1;
}
Task<int> version_b(Context& ctx) {
  co_await ctx.run("save", work, "save", 1);
  co_await ctx.sleep(1h);
  co_return 1;
}
Task<int> version_c(Context& ctx) {
  co_await ctx.run("charge", work, "charge", 1);
  co_return 2;
}
Task<int> version_d(Context& ctx) {
  co_await ctx.sleep(1h);
  co_return 2;
}
Task<int> version_e(Context& ctx) {
  co_await ctx.run("charge", [](std::string, int) { return std::string("text"); }, "charge", 1);
  co_return 2;
}
Task<int> version_f(Context& ctx) {
  co_await ctx.run("charge", +[](std::string, int) { return std::vector<int>(); }, "charge", 1);
  co_return 2;
}
Task<int> version_g(Context& ctx) {
  co_await ctx.run_once("charge", work, "charge", 1);
  co_return 2;
}
Task<int> version_h(Context&) {
  throw Permanent("not any more");
  co_return 2;
}
Task<int> version_i(Context& ctx, Duration) {
  co_await ctx.run("charge", work, "charge", 1);
  co_return 2;
}

template <class F>
std::string mismatch_of(F code) {
  FakeEngine engine(handlers_of(version_a));
  engine.start("op", "null");
  EXPECT_EQ(engine.journal(), "charge=1 save=1");
  const std::optional<std::string> found = check_replay(*handlers_of(code), engine.inv);
  engine.deploy(handlers_of(code));
  ran.clear();
  engine.crash();
  if (!found) {
    EXPECT_NE(engine.state, core::State::parked) << engine.inv.note;
    return "";
  }
  EXPECT_TRUE(ran.empty());
  EXPECT_EQ(engine.state, core::State::parked);
  EXPECT_EQ(engine.inv.park_reason, core::ParkReason::journal_mismatch);
  EXPECT_EQ(engine.inv.note, *found);
  EXPECT_EQ(engine.journal(), "charge=1 save=1");
  return *found;
}

TEST(Replay, changed_code_parks_with_step_expected_and_got_and_runs_nothing) {
  EXPECT_EQ(mismatch_of(version_a), "");
  EXPECT_EQ(mismatch_of(version_b),
            "entry 1: recorded step 'charge', the code asks for step 'save'");
  EXPECT_EQ(mismatch_of(version_c), "entry 2: recorded step 'save', the code has ended");
  EXPECT_EQ(mismatch_of(version_d),
            "entry 1: recorded step 'charge', the code asks for sleep 'sleep'");
  EXPECT_EQ(mismatch_of(version_e),
            "entry 1: recorded step 'charge', which does not fit the code: expected a string");
  EXPECT_EQ(mismatch_of(version_f),
            "entry 1: recorded step 'charge', which does not fit the code: expected an array");
  EXPECT_EQ(mismatch_of(version_g),
            "entry 1: recorded step 'charge', the code asks for step_once 'charge'");
  EXPECT_EQ(mismatch_of(version_h),
            "entry 1: recorded step 'charge', the code has ended: not any more");
  EXPECT_EQ(mismatch_of(version_i),
            "entry 1: recorded step 'charge', the code has ended: expected a string");
}

TEST(Replay, what_began_and_is_not_done_must_still_be_asked_for) {
  const auto before = handlers_of(+[](Context& ctx) -> Task<int> {
    co_await ctx.run("charge", work, "charge", 1);
    co_return co_await ctx.wait_signal<int>("approve");
  });
  const auto ends = handlers_of(
      +[](Context& ctx) -> Task<int> { co_return co_await ctx.run("charge", work, "charge", 1); });
  const auto goes_on = handlers_of(+[](Context& ctx) -> Task<int> {
    co_await ctx.run("charge", work, "charge", 1);
    co_return co_await ctx.run("deliver", work, "deliver", 1);
  });
  FakeEngine engine(before);
  engine.start("op", "null");
  EXPECT_EQ(check_replay(*before, engine.inv), std::nullopt);
  EXPECT_EQ(check_replay(*ends, engine.inv),
            "begun and not done: signal 'signal:approve', the code has ended");
  engine.deploy(goes_on);
  ran.clear();
  engine.crash();
  EXPECT_EQ(engine.state, core::State::parked);
  EXPECT_EQ(engine.inv.note,
            "begun and not done: signal 'signal:approve', the code does not ask for it");
  EXPECT_TRUE(ran.empty());
}

TEST(Replay, of_a_race_checks_the_recorded_winner) {
  const auto before = handlers_of(+[](Context& ctx) -> Task<int> {
    auto won = co_await race(ctx.run("a", work, "a", 1), ctx.sleep(1h));
    co_await ctx.sleep(2h);
    co_return static_cast<int>(won.index);
  });
  FakeEngine engine(before);
  engine.start("op", "null");
  ASSERT_EQ(engine.journal(), "1.0/a=1 race=0");
  EXPECT_EQ(check_replay(*before, engine.inv), std::nullopt);
  engine.inv.done[1].outcome.data = "1";
  EXPECT_EQ(check_replay(*before, engine.inv),
            "entry 2: recorded value 'race', which does not fit the code: recorded branch 1 as its "
            "winner, in the code branch 0 wins");
}

Task<int> long_loop(Context& ctx, int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await ctx.run("work", work, "w", 1);
  co_await ctx.sleep(1h);
  co_return sum;
}
TEST(Replay, of_a_long_journal_yields_to_the_loop) {
  FakeEngine engine(handlers_of(long_loop));
  engine.start("op", "3000");
  ASSERT_EQ(engine.inv.done.size(), 3000u);
  EXPECT_EQ(engine.posts, 0u) << "each result came by itself";
  ran.clear();
  engine.pass(1h);
  EXPECT_EQ(engine.inv.outcome.data, "3000");
  EXPECT_TRUE(ran.empty());
  EXPECT_GE(engine.posts, 3000u / 256);
}

TEST(Replay, check_of_an_unknown_operation_says_so) {
  core::Invocation invocation;
  invocation.operation = "gone";
  EXPECT_EQ(check_replay(*handlers_of(version_a), invocation), "nothing here runs gone version 1");
}

}  // namespace
}  // namespace nowthen::sdk
