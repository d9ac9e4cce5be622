// What is parked as a crash loop has killed its process three times since it was last parked so;
// what merely ran meanwhile is never blamed.

#include "sim/checkers/checkers.h"
#include "sim/world.h"

namespace nowthen::sim {
namespace {

class CrashLoops final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "only the guilty are parked"; }

  void committed(const CommitSeen& seen) override {
    for (const CommitSeen::Header& header : seen.headers) {
      if (!is_crash_loop(header.after) || is_crash_loop(header.before)) continue;
      const InvocationId id = header.after->id;
      const std::size_t due = world_.plan().limits.crashes_max * ++parked_[id];
      if (const std::size_t deaths = world_.ledger().deaths(id); deaths < due) {
        wrong(to_string(id) + " is parked after " + std::to_string(deaths) + " deaths in its code");
      }
    }
  }

 private:
  static bool is_crash_loop(const std::shared_ptr<const core::Invocation>& header) {
    return header != nullptr && header->state == core::State::parked &&
           header->park_reason == core::ParkReason::crash_loop;
  }
  std::map<InvocationId, std::size_t> parked_;  // how often
};

}  // namespace

std::unique_ptr<Checker> checkers::crash_loops(World& world) {
  return std::make_unique<CrashLoops>(world);
}

}  // namespace nowthen::sim
