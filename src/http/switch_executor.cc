#include "http/switch_executor.h"

#include "http/keys.h"

namespace nowthen::http {

Result<std::unique_ptr<SwitchExecutor>> SwitchExecutor::make(
    engine::LoopPort& port, engine::Reactor& reactor, std::unique_ptr<engine::Executor> in_process,
    const ExecutorOptions& options) {
  auto client = Client::make(reactor, options.egress, options.client);
  if (!client) return client.error();
  return std::unique_ptr<SwitchExecutor>(
      new SwitchExecutor(port, std::move(in_process), std::move(*client), options));
}

SwitchExecutor::SwitchExecutor(engine::LoopPort& port, std::unique_ptr<engine::Executor> in_process,
                               std::unique_ptr<Client> client, const ExecutorOptions& options)
    : in_process_(std::move(in_process)),
      client_(std::move(client)),
      pull_(port, {.token_key = options.token_key, .log = options.log, .traced = options.traced}),
      http_(port,
            {.client = *client_,
             .secrets = options.secrets,
             .token = [key = options.token_key](
                          const core::Lease& lease) { return attempt_token(key, lease); },
             .attempt_timeout =
                 [this](const std::string& operation) {
                   const auto found = operations_.find(operation);
                   return found == operations_.end() ? Policy().attempt_timeout
                                                     : found->second.attempt_timeout;
                 },
             .left_to_service =
                 [this](const core::Lease& lease, const std::string& operation, Duration time) {
                   attempts_[lease.id] = &pull_;
                   pull_.leave_to_service(lease, operation, time);
                 },
             .log = options.log,
             .traced = options.traced}) {}

void SwitchExecutor::configure(const core::Configure& operation, const std::string& executor) {
  const std::string& name = operation.operation;
  const Duration timeout = operation.policy.attempt_timeout;
  const DeclaredExecutor declared = parse_executor(executor);
  pull_.use(operation, declared.pull);
  http_.use(name, declared.http);
  if (declared.pull) {
    operations_[name] = {&pull_, timeout};
  } else if (declared.http) {
    operations_[name] = {&http_, timeout};
  } else {
    operations_.erase(name);
  }
}

void SwitchExecutor::begin(const core::Invocation& invocation) {
  const auto found = operations_.find(invocation.operation);
  if (found == operations_.end()) return in_process_->begin(invocation);
  attempts_[invocation.id] = found->second.executor;
  found->second.executor->begin(invocation);
}

engine::Executor& SwitchExecutor::of(const core::Lease& lease) {
  const auto found = attempts_.find(lease.id);
  return found == attempts_.end() ? *in_process_ : *found->second;
}

void SwitchExecutor::drop(core::Lease lease) {
  pull_.drop(lease);  // also what was taken and has not begun
  const auto found = attempts_.find(lease.id);
  if (found == attempts_.end()) return in_process_->drop(lease);
  engine::Executor& executor = *found->second;
  attempts_.erase(found);
  if (&executor != &pull_) executor.drop(lease);
}

void SwitchExecutor::evict_idle(WallTime now) {
  in_process_->evict_idle(now);
  pull_.evict_idle(now);
}

}  // namespace nowthen::http
