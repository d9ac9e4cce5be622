#include "sdk/test_host.h"

#include <algorithm>

#include "base/assert.h"
#include "engine/executor.h"

namespace nowthen::sdk {
namespace {

class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(std::shared_ptr<WallTime> now) : now_(std::move(now)) {}
  WallTime now() const override { return *now_; }

 private:
  std::shared_ptr<WallTime> now_;
};

/// The store of one life: the rows outlive it, and after a crash it completes nothing more.
class StoreOfOneLife final : public store::Store {
 public:
  StoreOfOneLife(store::MemoryStore& rows, std::shared_ptr<Faults> faults)
      : rows_(rows), faults_(std::move(faults)) {}

  Result<store::OwnerEpoch> claim(std::uint16_t partition) override {
    return rows_.claim(partition);
  }
  void commit(store::Turn turn, store::Completion<Result<store::CommitSeq>> done) override {
    if (!faults_->crashed) rows_.commit(std::move(turn), std::move(done));
  }
  void read(std::vector<std::string> keys,
            store::Completion<Result<std::vector<std::optional<std::string>>>> done) override {
    rows_.read(std::move(keys), std::move(done));
  }
  void scan(store::Scan scan, store::Completion<Result<store::Page>> done) override {
    rows_.scan(std::move(scan), std::move(done));
  }

 private:
  store::MemoryStore& rows_;
  std::shared_ptr<Faults> faults_;
};

/// Puts planned faults in the way of steps.
class FaultyExecutor final : public engine::Executor {
 public:
  FaultyExecutor(engine::LoopPort& port, std::unique_ptr<engine::Executor> real,
                 std::shared_ptr<Faults> faults)
      : port_(port), real_(std::move(real)), faults_(std::move(faults)) {}

  void begin(const core::Invocation& invocation) override {
    if (!faults_->crashed) real_->begin(invocation);
  }
  void run_step(core::Lease lease, std::string_view path, std::uint32_t tries) override {
    if (faults_->crashed) return;
    if (const auto crash = faults_->crash.find(path); crash != faults_->crash.end()) {
      if (crash->second == TestEngine::Crash::after) real_->run_step(lease, path, tries);
      faults_->crash.erase(crash);
      faults_->crashed = true;
      faults_->suspects = {lease.id};
      return;
    }
    const auto failure = faults_->fail.find(path);
    if (failure == faults_->fail.end()) return real_->run_step(lease, path, tries);
    core::CompleteStep failed;
    static_cast<core::Lease&>(failed) = lease;
    failed.path = path;
    failed.tries = tries;
    failed.outcome = {ErrorCode::failed, failure->second.message};
    if (--failure->second.times == 0) faults_->fail.erase(failure);
    port_.submit(std::move(failed));
  }
  void end_try(core::Lease lease, std::string_view path, std::uint32_t tries) override {
    if (!faults_->crashed) real_->end_try(lease, path, tries);
  }
  void deliver(core::Lease lease, const core::Entry& entry) override {
    if (!faults_->crashed) real_->deliver(lease, entry);
  }
  void deliver_cancel(core::Lease lease) override {
    if (!faults_->crashed) real_->deliver_cancel(lease);
  }
  void drop(core::Lease lease) override { real_->drop(lease); }
  void work_waits(std::uint16_t partition, const std::string& operation) override {
    real_->work_waits(partition, operation);
  }
  void took(std::uint16_t partition, const core::Took& took) override {
    real_->took(partition, took);
  }
  void evict_idle(WallTime now) override { real_->evict_idle(now); }

 private:
  engine::LoopPort& port_;
  std::unique_ptr<engine::Executor> real_;
  std::shared_ptr<Faults> faults_;
};

}  // namespace

TestHost::TestHost()
    : Host(Options().partitions(4).loops(1)),
      now_(std::make_shared<WallTime>(from_us(1'767'225'600'000'000))) {}  // 2026-01-01

TestHost::~TestHost() { stop(Duration::zero()); }  // while the store is still there

Result<engine::EngineSetup> TestHost::set_up() {
  engine::EngineSetup setup;
  setup.store = std::make_unique<StoreOfOneLife>(store_, faults_);
  setup.clock = std::make_unique<VirtualClock>(now_);
  setup.partitions = options_.partitions();
  setup.seed = ++lives_;
  setup.suspects = std::exchange(faults_->suspects, {});
  return setup;
}

std::unique_ptr<engine::Executor> TestHost::make_executor(engine::LoopPort& port) {
  return std::make_unique<FaultyExecutor>(port, Host::make_executor(port), faults_);
}

bool TestHost::step() {
  NT_ASSERT(engine_ != nullptr);
  const bool worked = engine_->step();
  if (faults_->crashed) crash();
  return worked;
}

void TestHost::run() {
  while (step()) {
  }
}

void TestHost::pass_to(WallTime time) {
  run();
  while (*now_ < time) {
    *now_ = std::clamp(engine_->next_due(), *now_ + Duration(1), time);
    run();
  }
}

void TestHost::advance(Duration by) { pass_to(*now_ + by); }

void TestHost::crash() {
  faults_->crashed = true;
  stop(Duration::zero());
  faults_->crashed = false;
  const auto started = start();
  NT_ASSERT(started.has_value());  // its store is memory, and the same as before
}

void TestHost::wait(const std::future<void>& done) {
  const auto ready = [&done] {
    return done.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  };
  while (!ready()) {
    if (!step() && !ready()) *now_ = std::max(engine_->next_due(), *now_ + Duration(1));
  }
}

}  // namespace nowthen::sdk

namespace nowthen {

TestEngine::TestEngine() : TestEngine(std::make_shared<sdk::TestHost>()) {}
TestEngine::TestEngine(std::shared_ptr<sdk::TestHost> host)
    : Engine(std::shared_ptr<sdk::Host>(host)), test_(std::move(host)) {}
TestEngine::~TestEngine() = default;

WallTime TestEngine::now() const { return test_->now(); }
void TestEngine::run() { test_->run(); }
void TestEngine::advance(Duration by) { test_->advance(by); }
void TestEngine::crash() { test_->crash(); }

void TestEngine::fail_step(std::string path, std::uint32_t times, std::string message) {
  if (times > 0) test_->faults().fail[std::move(path)] = {times, std::move(message)};
}
void TestEngine::crash_at_step(std::string path, Crash when) {
  test_->faults().crash[std::move(path)] = when;
}

}  // namespace nowthen
