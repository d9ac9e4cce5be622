// Promise 5: what comes under an old lease, or a second time, changes nothing. The simulation makes
// such words carry a content of their own, which must never be stored.

#include "sim/checkers/checkers.h"
#include "sim/world.h"

namespace nowthen::sim {
namespace {

class Leases final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "late words change nothing"; }

  void committed(const CommitSeen& seen) override {
    for (const CommitSeen::Entry& each : seen.entries) {
      if (each.entry.outcome.data == kPoison) {
        wrong("a late completion of " + to_string(each.id) + "/" + each.entry.path +
              " was recorded");
      }
    }
    for (const store::FinishedRow& row : seen.ended) {
      if (row.outcome.data == kPoison) wrong("a late end of " + to_string(row.id) + " was taken");
    }
    for (const CommitSeen::Header& header : seen.headers) {
      if (header.after != nullptr && header.after->note == kPoison) {
        wrong("a late failure of " + to_string(header.after->id) + " was taken");
      }
    }
  }
  void began(const LetGo& go, const core::Invocation& invocation) override {
    if (!go.current) return;
    const core::Invocation* header = world_.book().header(go.lease.id);
    if (header != nullptr && header->epoch != go.lease.epoch) {
      wrong("attempt " + std::to_string(invocation.attempt) + " of " + to_string(go.lease.id) +
            " begins before it is stored");
    }
  }
};

}  // namespace

std::unique_ptr<Checker> checkers::leases(World& world) { return std::make_unique<Leases>(world); }

}  // namespace nowthen::sim
