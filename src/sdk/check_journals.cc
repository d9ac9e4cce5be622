// Engine::check_journals: every live journal against the code that is here.

#include <algorithm>

#include "engine/live_rows.h"
#include "sdk/host.h"
#include "sdk/replay_check.h"

namespace nowthen {
namespace {

using Loaded = Result<std::unique_ptr<core::Invocation>>;

/// Every live invocation of a partition as it is now: in memory, or by name only.
struct Census {
  std::vector<core::Invocation> loaded;
  std::vector<InvocationId> evicted;
};

Census count(engine::Partition& partition) {
  Census census;
  for (const auto& [id, live] : partition.state.live) {
    if (live.loaded) {
      census.loaded.push_back(*live.loaded);
    } else {
      census.evicted.push_back(id);
    }
  }
  std::ranges::sort(census.loaded, {}, &core::Invocation::id);
  std::ranges::sort(census.evicted);
  return census;
}

}  // namespace

Result<std::vector<JournalMismatch>> Engine::check_journals() const {
  std::uint16_t partitions = 0;
  if (!host_->with_engine([&](engine::Engine& engine) { partitions = engine.partitions(); })) {
    return Error{ErrorCode::unavailable, "the engine is not running"};
  }
  const auto look = [&](std::uint16_t partition,
                        std::move_only_function<void(engine::Loop&, engine::Partition&)> read) {
    host_->with_engine([&](engine::Engine& engine) { engine.look(partition, std::move(read)); });
  };
  std::vector<JournalMismatch> mismatches;
  const auto check = [&](const core::Invocation& invocation) {
    if (auto detail = sdk::check_replay(*host_->handlers(), invocation)) {
      mismatches.push_back(
          {invocation.id, invocation.operation, invocation.version, std::move(*detail)});
    }
  };
  for (std::uint16_t p = 0; p < partitions; ++p) {
    auto census = host_->wait_for<Census>([&](auto told) {
      look(p, [told = std::move(told)](engine::Loop&, engine::Partition& partition) mutable {
        told(count(partition));
      });
    });
    if (!census) return census.error();
    for (const core::Invocation& invocation : census->loaded) check(invocation);
    for (const InvocationId id : census->evicted) {
      auto loaded = host_->wait_for<Loaded>([&](auto told) {
        look(p, [id, told = std::move(told)](engine::Loop& loop, engine::Partition&) mutable {
          loop.read_live_rows(id, std::move(told));
        });
      });
      if (!loaded) return loaded.error();
      if (!*loaded && loaded->error().code != ErrorCode::corruption) return loaded->error();
      if (*loaded) check(***loaded);  // else it has ended since it was counted
    }
  }
  return mismatches;
}

}  // namespace nowthen
