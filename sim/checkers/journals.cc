// Results reach the code once, in the order of the journal, and as they are recorded. Promise 7:
// code that does not fit its journal is parked with a diff, and no other code ever is.

#include <map>
#include <tuple>

#include "sim/checkers/checkers.h"
#include "sim/world.h"

namespace nowthen::sim {
namespace {

class Journals final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "results come once, in order"; }

  void began(const LetGo& go, const core::Invocation& invocation) override {
    seen_[{go.life, go.lease.id, go.lease.epoch}] = invocation.last_seq;
    const auto* journal = world_.book().journal(go.lease.id);
    if (!go.current || journal == nullptr) return;
    // What is stored is the beginning of what the attempt replays.
    for (const auto& [index, entry] : *journal) {
      if (index >= invocation.done.size() || invocation.done[index].path != entry.path ||
          invocation.done[index].outcome != entry.outcome ||
          invocation.done[index].done_seq != entry.done_seq) {
        return wrong("an attempt of " + to_string(go.lease.id) + " begins without entry " +
                     std::to_string(index) + " of its journal");
      }
    }
  }
  void delivered(const LetGo& go, const core::Entry& entry) override {
    const auto attempt = seen_.find({go.life, go.lease.id, go.lease.epoch});
    if (attempt == seen_.end()) return;  // it has not begun: its journal will have the entry
    std::uint32_t& seen = attempt->second;
    if (entry.done_seq <= seen) {
      wrong("entry " + std::to_string(entry.done_seq) + " of " + to_string(go.lease.id) +
            " comes after entry " + std::to_string(seen));
    }
    seen = entry.done_seq;
  }
  void committed(const CommitSeen& seen) override {
    for (const CommitSeen::Header& header : seen.headers) {
      const core::Invocation* now = header.after.get();
      if (now == nullptr || now->park_reason != core::ParkReason::journal_mismatch) continue;
      if (now->note.empty()) wrong(to_string(now->id) + " does not say how it differs");
      if (now->operation == "changing") continue;
      wrong(to_string(now->id) +
            " does not fit its journal, and its code is the same: " + now->note);
    }
    for (const CommitSeen::Entry& each : seen.entries) {
      const auto* journal = world_.book().journal(each.id);
      if (journal == nullptr) continue;  // ended with the same commit
      const auto here = journal->find(each.index);
      if (each.index == 0 || here == journal->end()) continue;
      const auto before = journal->find(each.index - 1);
      if (before == journal->end() || before->second.done_seq >= each.entry.done_seq) {
        wrong("entry " + std::to_string(each.index) + " of " + to_string(each.id) +
              " does not follow the one before");
      }
    }
  }

 private:
  std::map<std::tuple<unsigned, InvocationId, core::LeaseEpoch>, std::uint32_t> seen_;
};

}  // namespace

std::unique_ptr<Checker> checkers::journals(World& world) {
  return std::make_unique<Journals>(world);
}

}  // namespace nowthen::sim
