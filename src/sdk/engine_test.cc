// The public engine with its own threads, in memory: what users may do to it from anywhere.

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

class EngineThreads : public testing::Test {
 protected:
  EngineThreads()
      : engine_(Options().loops(2).on_log([this](const std::string& line) {
          const std::lock_guard lock(mutex_);
          log_.push_back(line);
        })) {
    running = &engine_;
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
