#include "http/switch_executor.h"

namespace nowthen::http {

void SwitchExecutor::configure(const core::Configure& operation, const std::string& executor) {
  pull_->configure(operation, executor);
  if (pull_target(executor)) {
    by_operation_[operation.operation] = pull_.get();
  } else {
    by_operation_.erase(operation.operation);
  }
}

void SwitchExecutor::begin(const core::Invocation& invocation) {
  const auto found = by_operation_.find(invocation.operation);
  if (found == by_operation_.end()) return in_process_->begin(invocation);
  elsewhere_[invocation.id] = found->second;
  found->second->begin(invocation);
}

engine::Executor& SwitchExecutor::of(const core::Lease& lease) {
  const auto found = elsewhere_.find(lease.id);
  return found == elsewhere_.end() ? *in_process_ : *found->second;
}

void SwitchExecutor::drop(core::Lease lease) {
  pull_->drop(lease);  // also what was taken and has not begun
  const auto found = elsewhere_.find(lease.id);
  if (found == elsewhere_.end()) return in_process_->drop(lease);
  engine::Executor& executor = *found->second;
  elsewhere_.erase(found);
  if (&executor != pull_.get()) executor.drop(lease);
}

void SwitchExecutor::evict_idle(WallTime now) {
  in_process_->evict_idle(now);
  pull_->evict_idle(now);
}

}  // namespace nowthen::http
