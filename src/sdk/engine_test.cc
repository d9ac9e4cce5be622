// The public engine with its own threads, in memory: what users may do to it from anywhere.

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <nowthen/nowthen.h>

namespace nowthen {
namespace {

using namespace std::chrono_literals;

std::atomic<bool> told = false;  // a line of the log has come
Engine* running = nullptr;
int stop_it(int value) {
  running->stop();
  return value;
}
Task<int> stopping(Context& ctx, int value) {
  running->stop();
  co_return co_await ctx.run("stop", stop_it, value);
}
Task<int> echo(Context&, int value) { co_return value; }
Task<void> sleeping_for(Context& ctx, int) { co_await ctx.sleep(1h); }

class EngineThreads : public testing::Test {
 protected:
  EngineThreads()
      : engine_(Options().loops(2).on_log([this](const LogLine& line) {
          const std::lock_guard lock(mutex_);
          log_.push_back(line.message);
          told = true;
        })) {
    running = &engine_;
    told = false;
  }
  std::mutex mutex_;
  std::vector<std::string> log_;
  Engine engine_;
};

TEST_F(EngineThreads, stop_does_nothing_on_its_own_threads) {
  auto operation = engine_.add("stopping", stopping);
  ASSERT_TRUE(engine_.start());
  const Answer<int> answer = operation.call(5, CallOptions().wait(30s));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer.result(), 5);
}

TEST_F(EngineThreads, may_be_stopped_by_several_at_once) {
  auto operation = engine_.add("echo", echo);
  ASSERT_TRUE(engine_.start());
  {
    std::vector<std::jthread> stoppers;
    for (int i = 0; i < 4; ++i) stoppers.emplace_back([this] { engine_.stop(); });
  }
  const Answer<int> late = operation.call(1);
  ASSERT_TRUE(late.has_error());
  EXPECT_EQ(late.error().code, ErrorCode::unavailable);
}

Task<int> endless(Context&) {
  while (!told.load()) std::this_thread::yield();
  co_return 1;
}
TEST_F(EngineThreads, code_that_does_not_return_is_reported_while_it_runs) {
  auto operation = engine_.add("endless", endless);
  ASSERT_TRUE(engine_.start());
  const Answer<int> answer = operation.call({}, CallOptions().wait(50s));  // until the log is told
  EXPECT_TRUE(answer);
  engine_.stop();
  ASSERT_GE(log_.size(), 1u);
  EXPECT_EQ(log_[0],
            "it has held its loop for more than 1s and does not return: nothing else of that loop "
            "moves");
}

Task<int> asleep(Context& ctx) {
  co_await ctx.sleep(200ms);
  co_return 7;
}
TEST_F(EngineThreads, a_ticket_is_awaited_without_blocking) {
  auto operation = engine_.add("asleep", asleep);
  ASSERT_TRUE(engine_.start());
  const Answer<int> sent = operation.send();
  ASSERT_TRUE(sent.has_ticket());
  std::promise<int> result;
  sent.ticket().wait(50s, [&result](const Answer<int>& answer) {
    result.set_value(answer ? answer.result() : -1);
  });
  EXPECT_EQ(result.get_future().get(), 7);
  engine_.stop();
  bool refused = false;
  sent.ticket().wait(50s, [&refused](const Answer<int>& answer) { refused = answer.has_error(); });
  EXPECT_TRUE(refused);
}

TEST_F(EngineThreads, what_lives_is_listed_by_state_and_operation) {
  auto sleeping = engine_.add("sleeping", sleeping_for, later());
  auto other = engine_.add("other", sleeping_for, later());
  ASSERT_TRUE(engine_.start());
  std::vector<InvocationId> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(sleeping.call(i).id());
  ids.push_back(other.call(0).id());
  ASSERT_TRUE(engine_.park(ids[2], "looks odd"));
  const auto parked = engine_.live("", "parked");
  ASSERT_TRUE(parked);
  ASSERT_EQ(parked->size(), 1u);
  EXPECT_EQ(parked->front().id, ids[2]);
  EXPECT_EQ(parked->front().operation, "sleeping");
  EXPECT_EQ(parked->front().state, "parked");
  std::ranges::sort(ids);
  const auto all = engine_.live();
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), ids.size());
  EXPECT_TRUE(std::ranges::equal(*all, ids, {}, &LiveInvocation::id));
  const auto rest = engine_.live("", "", ids[3], 1);
  ASSERT_TRUE(rest);
  ASSERT_EQ(rest->size(), 1u);
  EXPECT_EQ(rest->front().id, ids[4]);
  EXPECT_EQ(engine_.live("other")->size(), 1u);
  EXPECT_EQ(engine_.live("", "prked").error().code, ErrorCode::invalid_argument);
}

TEST_F(EngineThreads, names_that_would_break_a_path_are_refused_at_the_start) {
  engine_.add("pay/now", echo);
  const auto started = engine_.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(started.error().message.find("pay/now"), std::string::npos);
}

TEST_F(EngineThreads, what_a_callback_throws_goes_to_the_log) {
  auto operation = engine_.add("echo", echo);
  ASSERT_TRUE(engine_.start());
  operation.call(1, CallOptions(),
                 [](const Answer<int>&) { throw std::runtime_error("not today"); });
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(operation.call(i));
  engine_.stop();
  ASSERT_EQ(log_.size(), 1u);
  EXPECT_EQ(log_[0], "the callback of a call of 'echo' threw: not today");
}

}  // namespace
}  // namespace nowthen
