// No number of awaits takes stack; no attempt holds up its loop.

#include <gtest/gtest.h>

#include "sdk/fake_engine.h"

namespace nowthen::sdk {
namespace {

using namespace std::chrono_literals;

Task<int> one() { co_return 1; }

Task<int> a_million(Context&) {
  int sum = 0;
  for (int i = 0; i < 1'000'000; ++i) sum += co_await one();
  co_return sum;
}
TEST(DeepAwait, a_million_awaits_that_complete_at_once) {
  FakeEngine engine(handlers_of(a_million));
  engine.start("op", "null");
  EXPECT_EQ(engine.inv.outcome.data, "1000000");
  EXPECT_GE(engine.posts, 1'000'000u / 256) << "and the loop had its turns";
}

Task<int> down(Context& ctx, int depth) {
  if (depth == 0) {
    co_await ctx.sleep(1h);
    co_return 0;
  }
  co_return 1 + co_await down(ctx, depth - 1);
}
TEST(DeepAwait, a_deep_recursion_ends_and_is_dropped_without_stack) {
  FakeEngine engine(handlers_of(down));
  engine.start("op", "90000");
  engine.pass(2h);
  EXPECT_EQ(engine.inv.outcome.data, "90000");
  EXPECT_EQ(engine.inv.attempt, 2u);
}
TEST(DeepAwait, a_recursion_without_end_meets_a_limit_with_a_name) {
  FakeEngine engine(handlers_of(down));
  engine.start("op", "1000000");
  EXPECT_EQ(engine.state, core::State::failed);
  EXPECT_EQ(engine.inv.outcome.code, ErrorCode::too_large);
  EXPECT_EQ(engine.inv.outcome.data, "more than frames_max (100000) tasks await each other");
}

Task<int> nested_forks(Context& ctx, int depth) {
  if (depth == 0) {
    co_await ctx.sleep(1h);
    co_return 0;
  }
  const auto both = co_await all(nested_forks(ctx, depth - 1), one());
  co_return 1 + std::get<0>(both);
}
TEST(DeepAwait, deeply_nested_branches_are_dropped_without_stack) {
  FakeEngine engine(handlers_of(nested_forks));
  engine.start("op", "200");
  EXPECT_EQ(engine.count("suspend"), 1u);
  engine.pass(2h);
  EXPECT_EQ(engine.inv.outcome.data, "200");
  FakeEngine deeper(handlers_of(nested_forks));
  deeper.start("op", "5000");
  EXPECT_EQ(deeper.inv.outcome.code, ErrorCode::too_large);
}

int work(int value) { return value; }
TEST(DeepAwait, many_branches_at_once) {
  FakeEngine engine(handlers_of(+[](Context& ctx) -> Task<int> {
    std::vector<Pending<int>> steps;
    for (int i = 0; i < 5000; ++i) steps.push_back(ctx.run("s", work, i));
    int sum = 0;
    for (const int value : co_await all(std::move(steps))) sum += value;
    co_return sum;
  }));
  engine.start("op", "null");
  EXPECT_EQ(engine.inv.outcome.data, "12497500");
}

}  // namespace
}  // namespace nowthen::sdk
