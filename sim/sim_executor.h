#pragma once

#include <memory>

#include "engine/executor.h"

namespace nowthen::sim {

class Life;
class World;

/// The loop as the executor sees it: what is said may come late, twice, or get lost.
class SimPort final : public engine::LoopPort {
 public:
  SimPort(World& world, Life& life, engine::LoopPort& real)
      : world_(world), life_(life), real_(real) {}
  void submit(core::CommandBody command) override;
  void submit_to(std::uint16_t partition, core::CommandBody command) override {
    real_.submit_to(partition, std::move(command));
  }
  void post(std::move_only_function<void()> job) override;
  WallTime now() const override { return real_.now(); }

 private:
  World& world_;
  Life& life_;
  engine::LoopPort& real_;
};

/// The executor of the SDK, watched; the process may die where it lets a step go. Beside it, one
/// for what workers pull.
class SimExecutor final : public engine::Executor {
 public:
  SimExecutor(World& world, Life& life, std::unique_ptr<SimPort> port,
              std::unique_ptr<engine::Executor> real, std::unique_ptr<engine::Executor> pulled)
      : world_(world),
        life_(life),
        port_(std::move(port)),
        real_(std::move(real)),
        pulled_(std::move(pulled)) {}

  void begin(const core::Invocation& invocation) override;
  void run_step(core::Lease lease, std::string_view path, std::uint32_t tries) override;
  void end_try(core::Lease lease, std::string_view path, std::uint32_t tries) override {
    real_->end_try(lease, path, tries);
  }
  void deliver(core::Lease lease, const core::Entry& entry) override;
  void deliver_cancel(core::Lease lease) override;
  void drop(core::Lease lease) override;
  void work_waits(std::uint16_t partition, const std::string& operation) override;
  void took(std::uint16_t partition, const core::Took& took) override;
  void evict_idle(WallTime now) override;

 private:
  void call_back(const core::Invocation& invocation);

  World& world_;
  Life& life_;
  std::unique_ptr<SimPort> port_;  // outlives the executors over it
  std::unique_ptr<engine::Executor> real_;
  std::unique_ptr<engine::Executor> pulled_;  ///< null: there are no workers
};

}  // namespace nowthen::sim
