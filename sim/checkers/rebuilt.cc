// The rows are the only truth: what is rebuilt from them is what the engine has in memory.

#include "core/state_hash.h"
#include "engine/live_rows.h"
#include "sim/checkers/checkers.h"
#include "sim/world.h"

namespace nowthen::sim {
namespace {

class Rebuilt final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "rows give the same state"; }

  void at_rest() override {
    for (const auto& loop : world_.life()->engine()->loops()) {
      for (const auto& partition : loop->partitions()) check(partition->state);
    }
  }

 private:
  void check(const core::PartitionState& state) {
    std::size_t stored = 0;
    for (const auto& [id, header] : world_.book().live()) {
      if (id.partition() != state.partition) continue;
      ++stored;
      const auto live = state.live.find(id);
      if (live == state.live.end()) {
        wrong(to_string(id) + " is stored, and the engine does not know it");
      } else if (live->second.loaded) {
        compare(id, *live->second.loaded);
      } else if (live->second.state != header->state) {
        wrong(to_string(id) + " is " + std::string(core::to_string(live->second.state)) +
              ", its row says " + std::string(core::to_string(header->state)));
      }
    }
    std::size_t known = 0;
    for (const auto& [id, live] : state.live) known += !live.loaded || live.loaded->stored ? 1 : 0;
    if (known != stored) {
      wrong(std::to_string(known) + " invocations of partition " + std::to_string(state.partition) +
            " should be stored, and " + std::to_string(stored) + " are");
    }
  }
  void compare(InvocationId id, const core::Invocation& live) {
    engine::read_live(world_.disk().rows, id,
                      [&](Result<std::unique_ptr<core::Invocation>> loaded) {
                        if (!loaded) return wrong(loaded.error().message);
                        if (core::hash_of(**loaded) == core::hash_of(live)) return;
                        wrong(to_string(id) + " (" + live.operation + ", " +
                              std::string(core::to_string(live.state)) + ") differs from its rows");
                      });
  }
};

}  // namespace

std::unique_ptr<Checker> checkers::rebuilt(World& world) {
  return std::make_unique<Rebuilt>(world);
}

}  // namespace nowthen::sim
