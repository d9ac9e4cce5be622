// Engine::status and Engine::live: where invocations are, in words.

#include <algorithm>

#include "core/why.h"
#include "engine/live_rows.h"
#include "sdk/host.h"

namespace nowthen {
namespace {

InvocationStatus of_live(const core::PartitionState& state, const core::Invocation& invocation) {
  InvocationStatus status;
  status.id = invocation.id;
  status.operation = invocation.operation;
  status.state = core::to_string(invocation.state);
  status.attempt = invocation.attempt;
  status.note = invocation.note;
  status.why = core::why(state, invocation);
  return status;
}

InvocationStatus of_ended(const store::FinishedRow& row) {
  InvocationStatus status;
  status.id = row.id;
  status.operation = row.operation;
  status.state = core::to_string(row.state);
  status.attempt = row.attempt;
  status.note = row.state == core::State::succeeded ? "" : row.outcome.data;
  return status;
}

bool names_live_state(std::string_view name) {
  for (std::size_t i = 0; i < core::kStates; ++i) {
    const auto state = static_cast<core::State>(i);
    if (!core::is_terminal(state) && core::to_string(state) == name) return true;
  }
  return false;
}

std::vector<LiveInvocation> pick(const core::PartitionState& partition,
                                 const std::string& operation, const std::string& state,
                                 InvocationId after, std::size_t max) {
  std::vector<LiveInvocation> found;
  for (const auto& [id, live] : partition.live) {
    const std::string_view is = core::to_string(live.state);
    if (id <= after || (!state.empty() && state != is)) continue;
    if (!operation.empty() && operation != live.operation->name) continue;
    found.push_back({id, live.operation->name, std::string(is)});
  }
  std::ranges::sort(found, {}, &LiveInvocation::id);
  found.resize(std::min(found.size(), max));
  return found;
}

}  // namespace

Result<std::vector<LiveInvocation>> Engine::live(std::string operation, std::string state,
                                                 InvocationId after, std::size_t max) const {
  using Found = std::vector<LiveInvocation>;
  if (!state.empty() && !names_live_state(state)) {
    return Error{ErrorCode::invalid_argument, "'" + state + "' is no state of what lives"};
  }
  Found all;
  for (std::uint16_t partition = 0, partitions = 1; partition < partitions; ++partition) {
    auto found = host_->wait_for<Found>([&](auto told) {
      host_->with_engine([&](engine::Engine& engine) {
        partitions = engine.partitions();
        engine.look(partition,
                    [&, told = std::move(told)](engine::Loop&, engine::Partition& of) mutable {
                      told(pick(of.state, operation, state, after, max));
                    });
      });
    });
    if (!found) return found.error();
    std::ranges::move(*found, std::back_inserter(all));
  }
  std::ranges::sort(all, {}, &LiveInvocation::id);
  all.resize(std::min(all.size(), max));
  return all;
}

Result<InvocationStatus> Engine::status(InvocationId id) const {
  using Told = std::move_only_function<void(Result<InvocationStatus>)>;
  auto status = host_->wait_for<Result<InvocationStatus>>([&](Told told) {
    host_->with_engine([&](engine::Engine& engine) {
      engine.see(id, [told = std::move(told)](Result<engine::Seen> seen) mutable {
        Result<InvocationStatus> found = !seen ? Result<InvocationStatus>(seen.error())
                                         : seen->live != nullptr
                                             ? of_live(seen->partition, *seen->live)
                                             : of_ended(*seen->ended);
        return [found = std::move(found), told = std::move(told)]() mutable {
          told(std::move(found));
        };
      });
    });
  });
  if (!status) return status.error();
  return std::move(*status);
}

}  // namespace nowthen
