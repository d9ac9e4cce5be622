#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "engine/loop.h"
#include "http/http_executor.h"
#include "http/pull_executor.h"

namespace nowthen::http {

/// What the executors of a server share, of all loops.
struct ExecutorOptions {
  std::string token_key;
  std::shared_ptr<const Egress> egress;
  std::shared_ptr<const Secrets> secrets;
  ClientOptions client;
  Log log = [](const LogLine&) {};
  bool traced = false;  ///< attempts are spans
};

/// Gives each attempt to the executor of its operation: in process, by HTTP, or pulled by workers.
/// One per loop; loop thread only.
class SwitchExecutor final : public engine::Executor {
 public:
  static Result<std::unique_ptr<SwitchExecutor>> make(engine::LoopPort& port,
                                                      engine::Reactor& reactor,
                                                      std::unique_ptr<engine::Executor> in_process,
                                                      const ExecutorOptions& options);

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
    pull_.work_waits(partition, operation);
  }
  void took(std::uint16_t partition, const core::Took& took) override {
    pull_.took(partition, took);
  }
  void evict_idle(WallTime now) override;

  PullExecutor& pull() { return pull_; }

 private:
  SwitchExecutor(engine::LoopPort& port, std::unique_ptr<engine::Executor> in_process,
                 std::unique_ptr<Client> client, const ExecutorOptions& options);
  engine::Executor& of(const core::Lease& lease);

  std::unique_ptr<engine::Executor> in_process_;
  std::unique_ptr<Client> client_;
  PullExecutor pull_;
  HttpExecutor http_;
  struct Elsewhere {
    engine::Executor* executor;
    Duration attempt_timeout;
  };
  std::unordered_map<std::string, Elsewhere> operations_;         ///< that are run elsewhere
  std::unordered_map<InvocationId, engine::Executor*> attempts_;  ///< of them
};

/// Of a loop whose executor is a SwitchExecutor: of every loop of a server.
inline PullExecutor& pull_of(engine::Loop& loop) {
  return static_cast<SwitchExecutor&>(loop.executor()).pull();
}

}  // namespace nowthen::http
