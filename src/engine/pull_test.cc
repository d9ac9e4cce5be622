// Goal: what workers pull and say goes through the engine, and leaves it when it is durable.
// Method: an engine driven by hand over a store whose commits complete when the test says so.

#include <deque>

#include <gtest/gtest.h>

#include "engine/engine.h"
#include "store/memory_store.h"

namespace nowthen::engine {
namespace {

using namespace std::chrono_literals;

/// What an executor of pulled operations has heard.
struct Heard {
  std::vector<std::uint16_t> work;  ///< partitions
  std::vector<core::Took> took;
  std::vector<core::Lease> begun;
  LoopPort* port = nullptr;
};

class PullExecutor final : public Executor {
 public:
  PullExecutor(LoopPort& port, Heard& heard) : heard_(heard) { heard.port = &port; }
  void begin(const core::Invocation& invocation) override {
    heard_.begun.push_back({invocation.id, invocation.epoch});
  }
  void work_waits(std::uint16_t partition, const std::string&) override {
    heard_.work.push_back(partition);
  }
  void took(std::uint16_t, const core::Took& took) override { heard_.took.push_back(took); }
  void run_step(core::Lease, std::string_view, std::uint32_t) override {}
  void end_try(core::Lease, std::string_view, std::uint32_t) override {}
  void deliver(core::Lease, const core::Entry&) override {}
  void deliver_cancel(core::Lease) override {}
  void drop(core::Lease) override {}
  void evict_idle(WallTime) override {}

 private:
  Heard& heard_;
};

class HeldStore final : public store::Store {
 public:
  HeldStore(store::MemoryStore& rows, const bool& hold) : rows_(rows), hold_(hold) {}
  Result<store::OwnerEpoch> claim(std::uint16_t partition) override {
    return rows_.claim(partition);
  }
  void commit(store::Turn turn, store::Completion<Result<store::CommitSeq>> done) override {
    held_.push_back({std::move(turn), std::move(done)});
    if (!hold_) let_go();
  }
  void read(std::vector<std::string> keys,
            store::Completion<Result<std::vector<std::optional<std::string>>>> done) override {
    rows_.read(std::move(keys), std::move(done));
  }
  void scan(store::Scan scan, store::Completion<Result<store::Page>> done) override {
    rows_.scan(std::move(scan), std::move(done));
  }
  void let_go() {
    while (!held_.empty()) {
      Held held = std::move(held_.front());
      held_.pop_front();
      rows_.commit(std::move(held.turn), std::move(held.done));
    }
  }

 private:
  struct Held {
    store::Turn turn;
    store::Completion<Result<store::CommitSeq>> done;
  };
  store::MemoryStore& rows_;
  const bool& hold_;
  std::deque<Held> held_;
};

class ManualClock final : public Clock {
 public:
  WallTime now() const override { return from_us(1'700'000'000'000'000); }
};

class Pull : public testing::Test {
 protected:
  void SetUp() override {
    start();
    OperationElsewhere operation;
    operation.name = "pulled";
    operation.declaration.policy.mode = Mode::later;
    operation.pulled = true;
    engine_->declare(std::move(operation), "me", [](const auto&) {});
    settle();
  }
  /// A process; the one before is gone.
  void start() {
    heard_ = {};
    engine_.reset();
    EngineSetup setup;
    auto store = std::make_unique<HeldStore>(rows_, hold_);
    store_ = store.get();
    setup.store = std::move(store);
    setup.clock = std::make_unique<ManualClock>();
    setup.partitions = 1;
    setup.make_executor = [this](LoopPort& port, Reactor&) {
      return std::make_unique<PullExecutor>(port, heard_);
    };
    engine_ = std::make_unique<Engine>(std::move(setup));
    ASSERT_TRUE(engine_->start(Engine::Driving::by_hand));
    settle();
  }
  void settle() {
    while (engine_->step()) continue;
  }
  using Told = std::shared_ptr<std::optional<core::Reply>>;
  Told call() {
    auto told = std::make_shared<std::optional<core::Reply>>();
    core::Invoke call;
    call.operation = "pulled";
    engine_->invoke(std::move(call), [told](core::Reply reply) { *told = std::move(reply); });
    settle();
    return told;
  }
  template <class C>
  Told say(C command) {
    auto told = std::make_shared<std::optional<core::Reply>>();
    static_cast<core::Lease&>(command) = heard_.begun.back();
    engine_->ask(command.id, command, [told](core::Reply reply) { *told = std::move(reply); });
    settle();
    return told;
  }
  void take(std::uint32_t count) {
    heard_.port->submit_to(0, core::Take{"pulled", count});
    settle();
  }
  void let_go() {
    hold_ = false;
    store_->let_go();
    settle();
  }

  store::MemoryStore rows_;
  bool hold_ = false;
  HeldStore* store_ = nullptr;
  Heard heard_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(Pull, an_attempt_leaves_when_it_is_stored) {
  call();
  EXPECT_EQ(heard_.work.size(), 1u);
  hold_ = true;
  take(5);
  ASSERT_EQ(heard_.took.size(), 1u);
  EXPECT_EQ(heard_.took[0].ids.size(), 1u);
  EXPECT_FALSE(heard_.took[0].more);
  EXPECT_TRUE(heard_.begun.empty());
  let_go();
  ASSERT_EQ(heard_.begun.size(), 1u);
  EXPECT_EQ(heard_.begun[0].id, heard_.took[0].ids[0]);
}

TEST_F(Pull, a_worker_is_answered_when_its_step_is_stored) {
  call();
  take(1);
  hold_ = true;
  core::RecordStep step;
  step.path = "read";
  step.outcome.data = "result";
  const Told told = say(step);
  EXPECT_FALSE(told->has_value());
  core::ReadStep read;
  read.path = "read";
  const Told read_back = say(read);
  EXPECT_FALSE(read_back->has_value()) << "it is not durable yet";
  let_go();
  ASSERT_TRUE(told->has_value());
  EXPECT_EQ((*told)->id, heard_.begun[0].id);
  EXPECT_EQ((*read_back)->outcome.data, "result");
}

TEST_F(Pull, workers_are_heard_while_the_engine_stops) {
  call();
  take(1);
  call();
  engine_->loops()[0]->drain();
  EXPECT_EQ((*call())->outcome.code, ErrorCode::unavailable);
  take(1);
  EXPECT_TRUE(heard_.took.back().ids.empty());
  const Told told = say(core::Finish{});
  ASSERT_TRUE(told->has_value());
  EXPECT_EQ((*told)->state, core::State::succeeded);
}

TEST_F(Pull, the_next_process_is_told_of_what_waits_and_loads_it) {
  for (int i = 0; i < 3; ++i) call();
  take(1);
  const core::Lease old = heard_.begun.at(0);
  start();
  EXPECT_EQ(heard_.work.size(), 1u);
  EXPECT_TRUE(heard_.begun.empty());
  take(5);
  EXPECT_EQ(heard_.took.at(0).ids.size(), 3u);
  ASSERT_EQ(heard_.begun.size(), 3u);
  EXPECT_EQ(heard_.begun[0].id, old.id);
  heard_.begun.push_back(old);
  const Told told = say(core::Heartbeat{});
  ASSERT_TRUE(told->has_value());
  EXPECT_EQ((*told)->outcome.code, ErrorCode::lease_lost);
}

}  // namespace
}  // namespace nowthen::engine
