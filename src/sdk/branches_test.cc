// all and race: paths, order, errors, losers.

#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sdk/fake_engine.h"

namespace nowthen::sdk {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> ran;
int work(std::string name, int value) {
  ran.push_back(name);
  return value;
}
void tell(std::string name) { ran.push_back(name); }
int refuse(std::string name) {
  ran.push_back(name);
  throw Permanent("no " + name);
}

template <class F>
std::string result_of(F code, Duration time = 10s) {
  ran.clear();
  FakeEngine engine(handlers_of(code));
  engine.start("op", "null");
  engine.pass(time);
  EXPECT_TRUE(engine.ended()) << engine.journal() << engine.inv.note << engine.failure.message;
  return engine.inv.outcome.data;
}
template <class F>
std::string journal_of(F code, Duration time = 10s) {
  FakeEngine engine(handlers_of(code));
  engine.start("op", "null");
  engine.pass(time);
  return engine.journal();
}

Task<int> two_steps(Context& ctx, std::string name) {
  const int a = co_await ctx.run("s", work, name, 1);
  const int b = co_await ctx.run("s", work, name, 2);
  co_return a + b;
}
Task<void> nothing(Context& ctx) { co_await ctx.run("nothing", tell, "n"); }

TEST(Branches, all_gives_a_tuple_and_each_branch_its_own_paths) {
  FakeEngine engine(handlers_of(+[](Context& ctx) -> Task<int> {
    co_await ctx.run("s", work, "before", 0);
    const auto [a, b, c] =
        co_await all(ctx.run("s", work, "x", 7), two_steps(ctx, "y"), nothing(ctx));
    co_return a * 100 + b;
  }));
  engine.start("op", "null");
  EXPECT_EQ(engine.inv.outcome.data, "703");
  EXPECT_EQ(engine.journal(), "s=0 1.0/s=7 1.1/s=1 1.2/nothing=null 1.1/s#2=2");
}

TEST(Branches, of_a_vector_keep_their_order) {
  const auto code = +[](Context& ctx) -> Task<std::vector<int>> {
    std::vector<Pending<int>> steps;
    for (int i = 0; i < 20; ++i) steps.push_back(ctx.run("s", work, "v", i));
    std::vector<int> values = co_await all(std::move(steps));
    std::vector<Task<int>> tasks;
    for (int i = 0; i < 3; ++i) tasks.push_back(two_steps(ctx, "t"));
    for (const int value : co_await all(std::move(tasks))) values.push_back(value);
    std::vector<Task<void>> voids;
    voids.push_back(nothing(ctx));
    co_await all(std::move(voids));
    co_await all(std::vector<Task<int>>());
    co_return values;
  };
  EXPECT_EQ(result_of(code), "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,3,3,3]");
  EXPECT_EQ(ran.size(), 27u);
}

TEST(Branches, nest_in_each_other_with_paths_that_say_so) {
  EXPECT_EQ(journal_of(+[](Context& ctx) -> Task<int> {
              auto inner = all(ctx.run("a", work, "a", 1), ctx.run("b", work, "b", 2));
              auto outer = all(std::move(inner), two_steps(ctx, "c"));
              const auto got = co_await std::move(outer);
              co_await all(ctx.run("d", work, "d", 1));
              co_return std::get<1>(std::get<0>(got));
            }),
            "1.0/1.0/a=1 1.0/1.1/b=2 1.1/s=1 1.1/s#2=2 2.0/d=1");
}

TEST(Branches, all_waits_for_every_branch_and_throws_what_was_thrown_first) {
  EXPECT_EQ(result_of(+[](Context& ctx) -> Task<int> {
              co_await all(two_steps(ctx, "long"), ctx.run("bad", refuse, "bad"),
                           ctx.run("worse", refuse, "worse"));
              co_return 1;
            }),
            "step '1.1/bad' failed: no bad");
  EXPECT_EQ(ran, (std::vector<std::string>{"bad", "worse", "long", "long"}));
}

TEST(Branches, race_gives_the_first_and_records_it) {
  const auto code = +[](Context& ctx) -> Task<std::string> {
    auto won = co_await race(ctx.sleep(1h), two_steps(ctx, "quick"), ctx.sleep(1s));
    std::vector<Pending<void>> sleeps;
    sleeps.push_back(ctx.sleep(3s));
    sleeps.push_back(ctx.sleep(2s));
    auto second = co_await race(std::move(sleeps));
    co_return std::to_string(won.index) + std::to_string(std::get<1>(won.value)) +
        std::to_string(second.index);
  };
  EXPECT_EQ(result_of(code), "\"131\"");
  EXPECT_EQ(journal_of(code), "1.1/s=1 1.1/s#2=2 race=1 2.1/sleep= race#2=1");
}

struct Witness {
  explicit Witness(std::string n) : name(std::move(n)) {}
  Witness(const Witness&) = delete;
  ~Witness() { ran.push_back("~" + name); }
  std::string name;
};
Task<int> loser(Context& ctx) {
  const Witness witness("loser");
  co_await ctx.sleep(1s);
  co_await ctx.run("never", work, "never", 1);
  co_return 1;
}
Task<int> nested_loser(Context& ctx) {
  const Witness witness("nested");
  co_return std::get<0>(co_await all(loser(ctx), loser(ctx)));
}

TEST(Branches, losers_of_a_race_are_destroyed_inside_out_and_start_no_further_step) {
  EXPECT_EQ(result_of(+[](Context& ctx) -> Task<int> {
              auto won = co_await race(nested_loser(ctx), ctx.run("win", work, "win", 1));
              co_await ctx.sleep(900ms);
              co_return static_cast<int>(won.index);
            }),
            "1");
  EXPECT_EQ(ran, (std::vector<std::string>{"win", "~loser", "~loser", "~nested"}));
}

TEST(Branches, a_losers_running_step_is_recorded_and_passed_over_in_a_replay) {
  ran.clear();
  FakeEngine engine(handlers_of(+[](Context& ctx) -> Task<int> {
    auto won = co_await race(ctx.run("slow", work, "slow", 1), ctx.sleep(1s));
    co_await ctx.sleep(2h);
    co_return static_cast<int>(won.index);
  }));
  engine.hold_steps = true;
  engine.start("op", "null");
  engine.pass(2s);
  EXPECT_EQ(engine.journal(), "1.1/sleep= race=1");
  engine.let_steps_go();
  EXPECT_EQ(engine.journal(), "1.1/sleep= race=1 1.0/slow!the code does not wait for it any more");
  EXPECT_TRUE(ran.empty());
  engine.pass(3h);
  EXPECT_EQ(engine.inv.outcome.data, "1");
  EXPECT_EQ(engine.inv.attempt, 2u);
}

TEST(Branches, waits_that_lost_are_withdrawn_and_wake_nobody) {
  FakeEngine engine(handlers_of(+[](Context& ctx) -> Task<int> {
    co_await race(race(ctx.sleep(1h), ctx.wait_signal<int>("a")), ctx.wait_signal<int>("b", 2h),
                  ctx.sleep(1s));
    co_await ctx.sleep(24h);
    co_return 1;
  }));
  engine.start("op", "null");
  engine.pass(2s);
  EXPECT_EQ(engine.inv.open.size(), 1u);
  engine.pass(25h);
  EXPECT_EQ(engine.inv.outcome.data, "1");
  EXPECT_EQ(engine.inv.attempt, 2u);
  EXPECT_EQ(engine.journal(), "1.2/sleep= race=2 sleep=");
}

TEST(Branches, a_process_may_die_between_the_end_of_a_race_and_its_record) {
  FakeEngine engine(handlers_of(+[](Context& ctx) -> Task<int> {
    const auto first = co_await race(two_steps(ctx, "x"), two_steps(ctx, "y"));
    co_return std::get<0>(first.value);
  }));
  engine.entries_max = 5;
  engine.start("op", "null");
  ASSERT_TRUE(engine.dead);
  ASSERT_TRUE(engine.journal().ends_with(" race=0")) << engine.journal();
  engine.entries_max = SIZE_MAX;
  engine.crash();
  EXPECT_TRUE(engine.ended()) << engine.journal();
  EXPECT_EQ(engine.inv.outcome.data, "3");
}

TEST(Branches, a_million_at_once_are_refused_before_they_take_memory) {
  std::size_t made = 0;
  FakeEngine engine(handlers_of([&made](Context& ctx) -> Task<void> {
    std::vector<Pending<int>> children;
    for (int i = 0; i < 1'000'000; ++i, ++made) children.push_back(ctx.call<int>("child", i));
    co_await all(std::move(children));
  }));
  engine.start("op", "null");
  EXPECT_EQ(made, 100'000u);
  EXPECT_EQ(engine.inv.outcome.code, ErrorCode::too_large);
  EXPECT_EQ(engine.inv.outcome.data,
            "the code has asked for more than journal_entries_max (100000) things at once");
}

TEST(Branches, a_race_is_lost_to_an_exception_too) {
  EXPECT_EQ(result_of(+[](Context& ctx) -> Task<int> {
              co_await race(ctx.sleep(1h), ctx.run("bad", refuse, "bad"));
              co_return 1;
            }),
            "step '1.1/bad' failed: no bad");
  EXPECT_EQ(result_of(+[](Context&) -> Task<int> {
              try {
                co_await race(std::vector<Task<int>>());
              } catch (const std::invalid_argument&) {
                co_return 7;
              }
              co_return 1;
            }),
            "7");
}

TEST(Branches, nested_races_end_from_the_inside) {
  EXPECT_EQ(result_of(+[](Context& ctx) -> Task<int> {
              auto inner = race(ctx.sleep(2s), loser(ctx));
              auto won = co_await race(std::move(inner), ctx.sleep(10s), loser(ctx));
              co_return static_cast<int>(won.index);
            }),
            "0");
}

using Shared = std::shared_ptr<std::optional<Task<int>>>;
Task<int> await_shared(Shared shared) { co_return co_await std::move(**shared); }
Task<int> destroy_shared(Context& ctx, Shared shared) {
  co_await ctx.run("step", work, "x", 1);
  shared->reset();
  co_return 1;
}

TEST(Branches, a_handler_that_destroys_its_own_tasks_fails_its_attempt_only) {
  FakeEngine engine(handlers_of(+[](Context& ctx) -> Task<int> {
    auto shared = std::make_shared<std::optional<Task<int>>>(loser(ctx));
    co_await all(await_shared(shared), destroy_shared(ctx, shared));
    co_return 1;
  }));
  engine.start("op", "null");
  EXPECT_EQ(engine.state, core::State::backing_off);
  EXPECT_EQ(engine.failure.message, "the handler waits for nothing that can come");
}

}  // namespace
}  // namespace nowthen::sdk
