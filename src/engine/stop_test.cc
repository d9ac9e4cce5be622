// Goal: whatever a commit under way comes to, an engine that stops or has failed stays upright, and
// whoever waits is told the truth: a ticket for what is stored, an error for the rest.
// Method: loops with threads over a store whose commits complete when the test says so.

#include <atomic>
#include <future>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include "engine/engine.h"
#include "store/memory_store.h"

namespace nowthen::engine {
namespace {

using namespace std::chrono_literals;

/// Runs for ever, whatever it is.
class NoExecutor final : public Executor {
 public:
  void begin(const core::Invocation&) override {}
  void run_step(core::Lease, std::string_view, std::uint32_t) override {}
  void end_try(core::Lease, std::string_view, std::uint32_t) override {}
  void deliver(core::Lease, const core::Entry&) override {}
  void deliver_cancel(core::Lease) override {}
  void drop(core::Lease) override {}
  void evict_idle(WallTime) override {}
};

class LateStore final : public store::Store {
 public:
  Result<store::OwnerEpoch> claim(std::uint16_t partition) override {
    return rows_.claim(partition);
  }
  void commit(store::Turn turn, store::Completion<Result<store::CommitSeq>> done) override {
    const std::scoped_lock lock(mutex_);
    held_.push_back({std::move(turn), std::move(done)});
    ++count_;
    count_.notify_all();
  }
  void settle() override {
    const std::size_t count = count_;
    for (std::size_t i = 0; i < count; ++i) complete(i);
  }
  void read(std::vector<std::string> keys,
            store::Completion<Result<std::vector<std::optional<std::string>>>> done) override {
    rows_.read(std::move(keys), std::move(done));
  }
  void scan(store::Scan scan, store::Completion<Result<store::Page>> done) override {
    rows_.scan(std::move(scan), std::move(done));
  }

  void await_commits(std::size_t count) {
    for (std::size_t seen = count_; seen < count; seen = count_) count_.wait(seen);
  }
  /// Completes a commit, once.
  void complete(std::size_t index, std::optional<Error> error = {}) {
    Held held;
    {
      const std::scoped_lock lock(mutex_);
      held = std::exchange(held_[index], {});
    }
    if (!held.done) return;
    if (error) return held.done(*error);
    rows_.commit(std::move(held.turn), std::move(held.done));
  }

 private:
  struct Held {
    store::Turn turn;
    store::Completion<Result<store::CommitSeq>> done;
  };
  store::MemoryStore rows_;
  std::mutex mutex_;
  std::vector<Held> held_;
  std::atomic<std::size_t> count_ = 0;
};

class SteadyClock final : public Clock {
 public:
  WallTime now() const override {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
  }
};

TEST(Ask, is_refused_when_too_much_was_asked_for_and_not_taken) {
  EngineSetup setup;
  setup.store = std::make_unique<store::MemoryStore>();
  setup.clock = std::make_unique<SteadyClock>();
  setup.partitions = 1;
  setup.limits.asked_bytes_max = 1u << 20;
  setup.make_executor = [](LoopPort&, Reactor&) { return std::make_unique<NoExecutor>(); };
  Engine engine(std::move(setup));
  OperationHere operation;
  operation.name = "op";
  operation.declaration.policy.mode = Mode::later;
  ASSERT_TRUE(engine.add(operation));
  ASSERT_TRUE(engine.start(Engine::Driving::by_hand));
  int refused = 0, taken = 0;
  const auto ask = [&] {
    core::Invoke invoke;
    invoke.operation = "op";
    invoke.input = std::string(300'000, 'x');
    engine.invoke(std::move(invoke), [&](const core::Reply& reply) {
      ++(reply.refused ? refused : taken);
      EXPECT_EQ(reply.outcome.code, reply.refused ? ErrorCode::overloaded : ErrorCode::none);
    });
  };
  for (int i = 0; i < 5; ++i) ask();
  EXPECT_EQ(refused, 2);
  while (engine.step()) continue;
  EXPECT_EQ(taken, 3);
  ask();
  while (engine.step()) continue;
  EXPECT_EQ(refused, 2);
  EXPECT_EQ(taken, 4);
}

class Stop : public testing::Test {
 protected:
  void SetUp() override {
    auto store = std::make_unique<LateStore>();
    store_ = store.get();
    EngineSetup setup;
    setup.store = std::move(store);
    setup.clock = std::make_unique<SteadyClock>();
    setup.partitions = 2;
    setup.loops = 2;
    setup.make_executor = [](LoopPort&, Reactor&) { return std::make_unique<NoExecutor>(); };
    setup.on_fatal = [this](const Error&) { ++fatal_; };
    engine_ = std::make_unique<Engine>(std::move(setup));
    OperationHere operation;
    operation.name = "op";
    operation.declaration.policy.answer_within = 30s;
    ASSERT_TRUE(engine_->add(operation));
    ASSERT_TRUE(engine_->start(Engine::Driving::threads));
  }
  /// A call that is stored before it runs, in partition `n`.
  std::future<core::Reply> call(std::uint16_t n) {
    core::Invoke invoke;
    invoke.operation = "op";
    for (int i = 0;; ++i) {
      invoke.options.idempotency_key = std::to_string(i);
      if (core::partition_of(2, "op", "", invoke.options, 0) == n) break;
    }
    std::promise<core::Reply> promise;
    auto reply = promise.get_future();
    engine_->invoke(std::move(invoke), [promise = std::move(promise)](core::Reply told) mutable {
      promise.set_value(std::move(told));
    });
    return reply;
  }

  std::atomic<int> fatal_ = 0;
  LateStore* store_ = nullptr;
  std::unique_ptr<Engine> engine_;
};

TEST_F(Stop, gives_a_ticket_to_callers_of_what_is_stored_by_then) {
  auto stored = call(0);
  store_->await_commits(1);
  engine_->stop(Duration::zero());  // the commit completes meanwhile
  const core::Reply reply = stored.get();
  EXPECT_FALSE(reply.refused);
  EXPECT_FALSE(reply.id.is_null());
  EXPECT_EQ(reply.decision.kind, core::Decision::Kind::handed_over);
  EXPECT_EQ(reply.decision.reason, "the engine has stopped");
  EXPECT_EQ(fatal_, 0);
}

TEST_F(Stop, after_a_failed_commit_others_may_complete_and_nothing_hangs) {
  auto first = call(0);
  auto second = call(1);
  store_->await_commits(2);
  store_->complete(0, Error{ErrorCode::store_failed, "disk full"});
  for (auto* reply : {&first, &second}) {
    const core::Reply told = reply->get();
    EXPECT_EQ(told.outcome.code, ErrorCode::store_failed);
    EXPECT_TRUE(told.id.is_null()) << "nobody knows";
  }
  store_->complete(1);  // of a loop that has failed by now
  EXPECT_EQ(call(1).get().outcome.code, ErrorCode::store_failed);

  std::promise<void> told;
  auto dropped = told.get_future();
  engine_->set_policy("op", {}, "me", [told = std::move(told)](const auto&) {});
  dropped.wait();  // whoever asks for more is let go
  const auto before = std::chrono::steady_clock::now();
  engine_->stop(1h);  // nothing runs any more, so nothing is waited for
  EXPECT_LT(std::chrono::steady_clock::now() - before, 1min);
  EXPECT_EQ(fatal_, 1);
}

TEST_F(Stop, after_a_failure_what_was_stored_before_gets_a_ticket) {
  auto stored = call(0);
  store_->await_commits(1);
  store_->complete(0);
  auto other = call(1);
  store_->await_commits(2);
  store_->complete(1, Error{ErrorCode::store_failed, "disk full"});
  EXPECT_EQ(other.get().outcome.code, ErrorCode::store_failed);
  const core::Reply reply = stored.get();
  EXPECT_FALSE(reply.refused);
  EXPECT_FALSE(reply.id.is_null());
}

}  // namespace
}  // namespace nowthen::engine
