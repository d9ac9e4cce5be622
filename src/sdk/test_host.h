#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nowthen/testing.h>

#include "sdk/host.h"
#include "store/memory_store.h"

namespace nowthen::sdk {

/// What a test has planned for the steps, and what came of it.
struct Faults {
  struct Failure {
    std::uint32_t times = 0;
    std::string message;
  };
  std::map<std::string, Failure, std::less<>> fail;
  std::map<std::string, TestEngine::Crash, std::less<>> crash;
  std::vector<InvocationId> suspects;  ///< of the crash
  bool crashed = false;                ///< from here on nothing of this life is committed or done
};

/// A host by hand: one loop, virtual time, a store in memory that outlives its engines.
class TestHost final : public Host {
 public:
  TestHost();
  ~TestHost() override;

  WallTime now() const { return *now_; }
  void run();
  void advance(Duration by);
  void crash();
  Faults& faults() { return *faults_; }

 protected:
  Result<engine::EngineSetup> set_up() override;
  engine::Engine::Driving driving() const override { return engine::Engine::Driving::by_hand; }
  std::unique_ptr<Pool> make_pool() override { return std::make_unique<InlinePool>(); }
  std::unique_ptr<engine::Executor> make_executor(engine::LoopPort& port) override;
  void wait(const std::future<void>& done) override;

 private:
  /// One turn, and the new start if it crashed. False if there was nothing to do.
  bool step();
  void pass_to(WallTime time);

  std::shared_ptr<WallTime> now_;
  std::shared_ptr<Faults> faults_ = std::make_shared<Faults>();
  store::MemoryStore store_;
  std::uint64_t lives_ = 0;
};

}  // namespace nowthen::sdk
