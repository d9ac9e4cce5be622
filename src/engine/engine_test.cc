// The engine driven by hand over a memory store, with an executor that runs small scripts: the
// input names what the "code" does, one word a step.

#include "engine/engine.h"

#include <algorithm>
#include <sstream>

#include <gtest/gtest.h>

#include "store/memory_store.h"

namespace nowthen::engine {
namespace {

using namespace std::chrono_literals;

class ManualClock final : public Clock {
 public:
  WallTime now() const override { return *now_; }
  explicit ManualClock(std::shared_ptr<WallTime> now) : now_(std::move(now)) {}

 private:
  std::shared_ptr<WallTime> now_;
};

/// Runs "step:a", "sleep:MS", "call:OP", "fail", one after the other; each is skipped if recorded.
class ScriptExecutor final : public Executor {
 public:
  ScriptExecutor(LoopPort& port, std::vector<std::string>& ran) : port_(port), ran_(ran) {}

  void begin(const core::Invocation& inv) override {
    Script script{{}, {}, inv.last_seq};
    std::istringstream words(inv.input);
    for (std::string word; words >> word;) script.words.push_back(word);
    for (const core::Entry& entry : inv.done) script.done.push_back(entry.path);
    const core::Lease lease{inv.id, inv.epoch};
    scripts_[inv.id] = std::move(script);
    go_on(lease);
  }
  void run_step(core::Lease lease, std::string_view path, std::uint32_t tries) override {
    ran_.push_back(std::string(path));
    core::CompleteStep done;
    static_cast<core::Lease&>(done) = lease;
    done.path = path;
    done.tries = tries;
    done.outcome.data = "ok";
    port_.submit(std::move(done));
  }
  void end_try(core::Lease, std::string_view, std::uint32_t) override {}
  void deliver(core::Lease lease, const core::Entry& entry) override {
    const auto it = scripts_.find(lease.id);
    if (it == scripts_.end()) return;
    it->second.done.push_back(entry.path);
    it->second.seen = entry.done_seq;
    go_on(lease);
  }
  void deliver_cancel(core::Lease lease) override {
    core::Finish finish;
    static_cast<core::Lease&>(finish) = lease;
    finish.outcome = {ErrorCode::cancelled, ""};
    port_.submit(std::move(finish));
  }
  void drop(core::Lease lease) override { scripts_.erase(lease.id); }
  void evict_idle(WallTime) override {}

 private:
  struct Script {
    std::vector<std::string> words;
    std::vector<std::string> done;
    std::uint32_t seen = 0;
  };

  void go_on(core::Lease lease) {
    Script& script = scripts_[lease.id];
    for (const std::string& word : script.words) {
      if (std::ranges::find(script.done, word) != script.done.end()) continue;
      if (word == "fail") {
        core::FailAttempt failed;
        static_cast<core::Lease&>(failed) = lease;
        failed.error = {ErrorCode::failed, "told to"};
        failed.permanent = true;
        return port_.submit(std::move(failed));
      }
      open(lease, word, script.seen);
      return;
    }
    core::Finish finish;
    static_cast<core::Lease&>(finish) = lease;
    finish.outcome.data = "done";
    port_.submit(std::move(finish));
  }

  void open(core::Lease lease, const std::string& word, std::uint32_t seen) {
    core::OpenEntry entry;
    static_cast<core::Lease&>(entry) = lease;
    entry.path = word;
    const std::string kind = word.substr(0, word.find(':'));
    const std::string rest = word.substr(word.find(':') + 1);
    if (kind == "sleep") {
      entry.kind = core::EntryKind::sleep;
      entry.due = port_.now() + std::chrono::milliseconds(std::stoi(rest));
    } else if (kind == "call") {
      entry.kind = core::EntryKind::call;
      entry.child.emplace();
      entry.child->operation = rest;
      entry.child->input = "step:child";
    }
    const bool waits = kind != "step";
    port_.submit(std::move(entry));
    if (!waits) return;
    core::Suspend suspend;
    static_cast<core::Lease&>(suspend) = lease;
    suspend.seen = seen;
    scripts_.erase(lease.id);
    port_.submit(suspend);
  }

  LoopPort& port_;
  std::vector<std::string>& ran_;
  std::map<InvocationId, Script> scripts_;
};

/// The memory store outlives the engine over it, as a disk does.
class SharedStore final : public store::Store {
 public:
  explicit SharedStore(store::MemoryStore& store) : store_(store) {}
  Result<store::OwnerEpoch> claim(std::uint16_t partition) override {
    return store_.claim(partition);
  }
  std::uint64_t bytes(std::string_view from, std::string_view to) const override {
    return store_.bytes(from, to);
  }
  void commit(store::Turn turn, store::Completion<Result<store::CommitSeq>> done) override {
    store_.commit(std::move(turn), std::move(done));
  }
  void read(std::vector<std::string> keys,
            store::Completion<Result<std::vector<std::optional<std::string>>>> done) override {
    store_.read(std::move(keys), std::move(done));
  }
  void scan(store::Scan scan, store::Completion<Result<store::Page>> done) override {
    store_.scan(std::move(scan), std::move(done));
  }

 private:
  store::MemoryStore& store_;
};

class EngineTest : public testing::Test {
 protected:
  void SetUp() override { start(); }

  void start(std::uint16_t loops = 2) {
    EngineSetup setup;
    setup.store = std::make_unique<SharedStore>(store_);
    setup.clock = std::make_unique<ManualClock>(now_);
    setup.make_executor = [this](LoopPort& port, Reactor&) {
      return std::make_unique<ScriptExecutor>(port, ran_);
    };
    setup.partitions = 4;
    setup.loops = loops;
    setup.seed = ++seed_;
    setup.gather = gather_;
    setup.disk_budget = disk_budget_;
    setup.log = [this](const LogLine& line) { log_.push_back(line); };
    engine_ = std::make_unique<Engine>(std::move(setup));
    for (const std::string& name : operations_) {
      Declaration declaration;
      declaration.policy.retain = 10s;
      ASSERT_TRUE(engine_->add({name, 1, declaration}));
    }
    const auto started = engine_->start(Engine::Driving::by_hand);
    ASSERT_TRUE(started) << started.error().message;
  }
  void settle() {
    while (engine_->step()) {
    }
  }
  void advance(Duration by) {
    *now_ += by;
    settle();
  }
  std::shared_ptr<std::optional<core::Reply>> invoke(const std::string& input,
                                                     core::CallOptions options = {}) {
    auto reply = std::make_shared<std::optional<core::Reply>>();
    core::Invoke call;
    call.operation = "op";
    call.input = input;
    call.options = std::move(options);
    engine_->invoke(std::move(call), [reply](core::Reply r) { *reply = std::move(r); });
    settle();
    return reply;
  }
  std::shared_ptr<std::optional<core::Reply>> await(InvocationId id) {
    auto reply = std::make_shared<std::optional<core::Reply>>();
    engine_->ask(id, core::Await{id, 1h, {}}, [reply](core::Reply r) { *reply = std::move(r); });
    settle();
    return reply;
  }
  std::size_t ran(const std::string& path) {
    return static_cast<std::size_t>(std::ranges::count(ran_, path));
  }

  store::MemoryStore store_;
  std::shared_ptr<WallTime> now_ = std::make_shared<WallTime>(from_us(1'700'000'000'000'000));
  std::uint64_t seed_ = 0;
  Duration gather_{};
  std::uint64_t disk_budget_ = 0;
  std::vector<std::string> operations_ = {"op", "other"};
  std::vector<std::string> ran_;
  std::vector<LogLine> log_;
  std::unique_ptr<Engine> engine_;
};

core::CallOptions later() {
  core::CallOptions options;
  options.prefer = Mode::later;
  return options;
}

TEST_F(EngineTest, a_call_without_steps_is_answered_and_never_written) {
  const std::size_t rows = store_.rows();
  const auto reply = invoke("");
  ASSERT_TRUE(reply->has_value());
  EXPECT_EQ((*reply)->outcome.data, "done");
  EXPECT_TRUE((*reply)->id.is_null());
  EXPECT_EQ(store_.rows(), rows);
}

TEST_F(EngineTest, a_call_with_steps_is_stored_and_answered) {
  const auto reply = invoke("step:a step:b");
  ASSERT_TRUE(reply->has_value());
  EXPECT_EQ((*reply)->state, core::State::succeeded);
  EXPECT_FALSE((*reply)->id.is_null());
  EXPECT_EQ(ran_, (std::vector<std::string>{"step:a", "step:b"}));
}

TEST_F(EngineTest, nothing_leaves_before_the_commit_of_what_it_was_computed_from) {
  store_.hold_commits();
  const auto reply = invoke("step:a");
  EXPECT_EQ(ran("step:a"), 0u);  // its invocation is not stored yet
  store_.release(1);
  settle();
  EXPECT_EQ(ran("step:a"), 1u);
  EXPECT_FALSE(reply->has_value());
  store_.release();
  settle();
  EXPECT_TRUE(reply->has_value());
  const auto unstored = invoke("");
  EXPECT_TRUE(unstored->has_value());  // depends on no commit
}

TEST_F(EngineTest, an_end_that_nobody_waits_for_shares_the_next_commit) {
  gather_ = 2ms;
  engine_.reset();
  start(1);
  store_.hold_commits();
  const auto commits = [this] {
    const std::size_t count = store_.release();
    settle();
    return count;
  };
  invoke("", later());
  EXPECT_EQ(commits(), 1u);  // of what was accepted; then it runs, and ends
  EXPECT_EQ(commits(), 0u);
  invoke("", later());
  EXPECT_EQ(commits(), 1u);  // with the end of the first
  advance(1ms);
  EXPECT_EQ(commits(), 0u);
  advance(1ms);
  EXPECT_EQ(commits(), 1u);  // nobody came
  const auto reply = invoke("step:a");
  EXPECT_EQ(commits(), 1u);
  EXPECT_EQ(commits(), 1u);  // at once: its caller waits
  EXPECT_TRUE(reply->has_value());
}

TEST_F(EngineTest, a_slow_call_is_handed_over_and_its_result_is_found_later) {
  const auto reply = invoke("step:a sleep:5000 step:b");
  EXPECT_FALSE(reply->has_value());
  advance(301ms);
  ASSERT_TRUE(reply->has_value());
  EXPECT_EQ((*reply)->decision.kind, core::Decision::Kind::handed_over);
  const InvocationId id = (*reply)->id;
  const auto result = await(id);
  advance(4s);
  EXPECT_FALSE(result->has_value());
  advance(1s);
  ASSERT_TRUE(result->has_value());
  EXPECT_EQ((*result)->outcome.data, "done");
  EXPECT_EQ(ran("step:a"), 1u);
}

TEST_F(EngineTest, what_was_accepted_survives_a_crash_and_completed_steps_do_not_repeat) {
  const auto reply = invoke("step:a sleep:60000 step:b", later());
  ASSERT_TRUE(reply->has_value());
  const InvocationId id = (*reply)->id;
  engine_.reset();
  start(1);
  const auto result = await(id);
  advance(59s);
  EXPECT_FALSE(result->has_value());
  advance(2s);
  ASSERT_TRUE(result->has_value());
  EXPECT_EQ(ran_, (std::vector<std::string>{"step:a", "step:b"}));
}

TEST_F(EngineTest, a_called_operation_answers_its_caller) {
  const auto reply = invoke("call:other step:b");
  ASSERT_TRUE(reply->has_value());
  EXPECT_EQ(ran_, (std::vector<std::string>{"step:child", "step:b"}));
}

TEST_F(EngineTest, an_idempotency_key_is_one_invocation_as_long_as_it_is_retained) {
  core::CallOptions options;
  options.idempotency_key = "k";
  const auto first = invoke("step:a", options);
  const auto again = invoke("step:a", options);
  ASSERT_TRUE(first->has_value() && again->has_value());
  EXPECT_EQ((*first)->id, (*again)->id);
  EXPECT_EQ((*again)->decision.kind, core::Decision::Kind::attached);
  EXPECT_EQ(ran("step:a"), 1u);
  const auto other = invoke("step:b", options);
  EXPECT_EQ((*other)->outcome.code, ErrorCode::conflict);
  advance(20s);
  const auto after = invoke("step:a", options);
  EXPECT_NE((*first)->id, (*after)->id);
  EXPECT_EQ(ran("step:a"), 2u);
}

TEST_F(EngineTest, retention_leaves_no_row_behind) {
  const std::size_t rows = store_.rows();
  core::CallOptions options;
  options.idempotency_key = "k";
  const auto reply = invoke("step:a " + std::string(2'000, ' '), options);
  ASSERT_TRUE(reply->has_value());
  EXPECT_GT(store_.rows(), rows);
  advance(20s);
  EXPECT_EQ(store_.rows(), rows);
  EXPECT_EQ((*await((*reply)->id))->outcome.code, ErrorCode::not_found);
}

TEST_F(EngineTest, what_was_parked_without_its_code_goes_on_when_the_code_is_back) {
  const InvocationId lost = (*invoke("sleep:1000 step:a", later()))->id;
  const InvocationId parked = (*invoke("sleep:1000 step:b", later()))->id;
  engine_->ask(parked, core::Park{parked, "looks odd", {}}, [](core::Reply) {});
  settle();
  engine_.reset();
  operations_ = {"other"};
  start();
  advance(2s);
  engine_.reset();
  operations_ = {"op", "other"};
  log_.clear();
  start();
  settle();
  EXPECT_EQ((*await(lost))->state, core::State::succeeded);
  EXPECT_EQ(ran("step:b"), 0u);
  EXPECT_EQ(std::ranges::count_if(log_,
                                  [](const auto& line) {
                                    return line.message.contains("1 live invocations are parked");
                                  }),
            1);
}

TEST_F(EngineTest, what_ended_goes_early_when_it_takes_more_than_its_budget) {
  engine_.reset();
  disk_budget_ = 20'000;
  start(1);
  const std::size_t rows = store_.rows();
  core::CallOptions options;
  std::vector<InvocationId> ids;
  for (int i = 0; i < 20; ++i) {
    options.idempotency_key = std::to_string(i);
    ids.push_back((*invoke("step:a " + std::string(4'000, ' '), options))->id);
    advance(1100ms);
    ASSERT_LE(store_.bytes("F", "G") + store_.bytes("P", "Q"), 30'000u);
  }
  EXPECT_EQ((*await(ids[10]))->outcome.code, ErrorCode::not_found);  // would have stayed 10 s
  EXPECT_EQ((*await(ids.back()))->outcome.data, "done");
  const auto of_budget = [](const LogLine& line) { return line.message.contains("budget"); };
  EXPECT_EQ(std::ranges::count_if(log_, of_budget), 1);
  for (int i = 0; i < 20; ++i) advance(1s);
  EXPECT_EQ(store_.rows(), rows);  // nothing beside them is left
}

TEST_F(EngineTest, a_budget_holds_within_a_bucket_that_is_still_written_to) {
  engine_.reset();
  disk_budget_ = 1;
  start(1);
  const std::size_t rows = store_.rows();
  core::CallOptions options;
  for (int i = 0; i < 50; ++i) {
    options.idempotency_key = std::to_string(i);
    invoke("step:a", options);
    advance(Duration(60ms));
  }
  EXPECT_LT(store_.rows(), 80u);  // of 100
  for (int i = 0; i < 5; ++i) advance(1s);
  EXPECT_EQ(store_.rows(), rows);
}

TEST_F(EngineTest, a_policy_change_is_in_force_when_it_returns_and_survives) {
  bool told = false;
  Declaration declaration;
  engine_->set_policy("op", PolicyPatch().set("attempt_timeout", "5s"), "me",
                      [&told](const auto& result) { told = result.has_value(); });
  settle();
  EXPECT_TRUE(told);
  engine_.reset();
  start();
  std::string value;
  engine_->policy("op", [&value](const Result<PolicyView>& view) {
    for (const PolicyField& field : view->fields) {
      if (field.name == "attempt_timeout") value = field.value;
    }
  });
  settle();
  EXPECT_EQ(value, "5s");
}

TEST_F(EngineTest, what_is_parked_is_logged_once_that_is_durable) {
  const auto reply = invoke("sleep:1000 step:a", later());
  const InvocationId id = (*reply)->id;
  store_.hold_commits();
  engine_->ask(id, core::Park{id, "looks odd", {}}, [](core::Reply) {});
  settle();
  EXPECT_TRUE(log_.empty());
  store_.stop_holding();
  store_.release();
  settle();
  ASSERT_EQ(log_.size(), 1u);
  EXPECT_EQ(log_[0].message, "parked, operator: looks odd");
  EXPECT_EQ(log_[0].operation, "op");
  EXPECT_EQ(log_[0].invocation, id);
}

TEST_F(EngineTest, what_has_failed_for_good_is_logged_with_its_trace) {
  core::CallOptions options = later();
  options.trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto reply = invoke("fail", options);
  ASSERT_EQ(log_.size(), 1u);
  EXPECT_EQ(log_[0].message, "failed for good: told to");
  EXPECT_EQ(log_[0].invocation, (*reply)->id);
  EXPECT_EQ(log_[0].trace, "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST_F(EngineTest, what_people_change_is_logged_once_that_is_durable) {
  store_.hold_commits();
  engine_->set_policy("op", PolicyPatch().set("start_within", "1h"), "ann",
                      [](const Result<PolicyReplaced>&) {});
  settle();
  EXPECT_TRUE(log_.empty());
  store_.stop_holding();
  store_.release();
  settle();
  ASSERT_EQ(log_.size(), 1u);
  EXPECT_EQ(log_[0].message, "policy.change by ann: change 1: start_within=1h");
  EXPECT_EQ(log_[0].operation, "op");
}

TEST_F(EngineTest, a_failed_commit_fails_all_who_wait_and_nothing_leaves) {
  store_.hold_commits();
  const auto reply = invoke("step:a");
  store_.fail("disk full");
  settle();
  ASSERT_TRUE(reply->has_value());
  EXPECT_EQ((*reply)->outcome.code, ErrorCode::store_failed);
  EXPECT_EQ(ran("step:a"), 0u);
  EXPECT_EQ((*invoke(""))->outcome.code, ErrorCode::store_failed);
}

}  // namespace
}  // namespace nowthen::engine
