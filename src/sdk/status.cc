// Engine::status: where an invocation is, live or ended, in words.

#include "core/why.h"
#include "engine/live_rows.h"
#include "sdk/host.h"

namespace nowthen {
namespace {

using Told = std::move_only_function<void(Result<InvocationStatus>)>;

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

void look_up(engine::Loop& loop, engine::Partition& partition, InvocationId id, Told told) {
  if (const core::Live* live = partition.state.find(id)) {
    if (live->loaded) return told(of_live(partition.state, *live->loaded));
    loop.read_live_rows(id, [&partition, told = std::move(told)](
                                Result<std::unique_ptr<core::Invocation>> loaded) mutable {
      if (!loaded) return told(loaded.error());
      told(of_live(partition.state, **loaded));
    });
    return;
  }
  loop.read_finished_row(
      partition, id,
      [id, told = std::move(told)](Result<std::optional<store::FinishedRow>> row) mutable {
        if (!row) return told(row.error());
        if (!*row) {
          return told(Error{ErrorCode::not_found, "there is no invocation " + to_string(id) +
                                                      ", or retention has removed it"});
        }
        InvocationStatus status;
        status.id = id;
        status.operation = (*row)->operation;
        status.state = core::to_string((*row)->state);
        status.attempt = (*row)->attempt;
        status.note = (*row)->state == core::State::succeeded ? "" : (*row)->outcome.data;
        told(std::move(status));
      });
}

}  // namespace

Result<InvocationStatus> Engine::status(InvocationId id) const {
  auto status = host_->wait_for<Result<InvocationStatus>>([&](Told told) {
    host_->with_engine([&](engine::Engine& engine) {
      const bool here = id.partition() < engine.partitions();
      engine.look(
          here ? id.partition() : 0,
          [id, told = std::move(told)](engine::Loop& loop, engine::Partition& partition) mutable {
            look_up(loop, partition, id, std::move(told));
          });
    });
  });
  if (!status) return status.error();
  return std::move(*status);
}

}  // namespace nowthen
