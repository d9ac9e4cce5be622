#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "http/pull_executor.h"

namespace nowthen::http {

/// Gives each attempt to the executor of its operation. One per loop; loop thread only.
class SwitchExecutor final : public engine::Executor {
 public:
  SwitchExecutor(std::unique_ptr<engine::Executor> in_process, std::unique_ptr<PullExecutor> pull)
      : in_process_(std::move(in_process)), pull_(std::move(pull)) {}

  void configure(const core::Configure& operation, const std::string& executor) override;
  void begin(const core::Invocation& invocation) override;
  void run_step(core::Lease lease, std::string_view path, std::uint32_t tries) override {
    of(lease).run_step(lease, path, tries);
  }
  void end_try(core::Lease lease, std::string_view path, std::uint32_t tries) override {
    of(lease).end_try(lease, path, tries);
  }
  void deliver(core::Lease lease, const core::Entry& entry) override {
    of(lease).deliver(lease, entry);
  }
  void deliver_cancel(core::Lease lease) override { of(lease).deliver_cancel(lease); }
  void drop(core::Lease lease) override;
  void work_waits(std::uint16_t partition, const std::string& operation) override {
    pull_->work_waits(partition, operation);
  }
  void took(std::uint16_t partition, const core::Took& took) override {
    pull_->took(partition, took);
  }
  void evict_idle(WallTime now) override;

  PullExecutor& pull() { return *pull_; }

 private:
  engine::Executor& of(const core::Lease& lease);

  std::unique_ptr<engine::Executor> in_process_;
  std::unique_ptr<PullExecutor> pull_;
  std::unordered_map<std::string, engine::Executor*> by_operation_;  ///< that are run elsewhere
  std::unordered_map<InvocationId, engine::Executor*> elsewhere_;    ///< attempts that are
};

}  // namespace nowthen::http
