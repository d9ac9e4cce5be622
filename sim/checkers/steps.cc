// Promise 3: a step whose entry is stored is never let go again; no step without a stored
// invocation; a step that runs at most once is let go once.

#include <map>

#include "sim/checkers/checkers.h"
#include "sim/world.h"

namespace nowthen::sim {
namespace {

class Steps final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "a completed step never runs again"; }

  void let_go(const LetGo& go) override {
    if (!go.current) return;  // its process does not know yet that another one has taken over
    const Book& book = world_.book();
    const std::string token = to_string(go.lease.id) + "/" + std::string(go.path);
    if (const Ending* end = book.ending(go.lease.id)) {
      return wrong(token + " is let go after its invocation " +
                   std::string(core::to_string(end->state)));
    }
    const core::Invocation* header = book.header(go.lease.id);
    if (header == nullptr) return wrong(token + " is let go, and its invocation is not stored");
    if (header->epoch != go.lease.epoch) wrong(token + ": its attempt is not stored");
    if (const core::Entry* entry = book.entry(go.lease.id, go.path)) {
      wrong(token + " is recorded as number " + std::to_string(entry->done_seq) +
            ", and let go again");
    }
    check_once(go, *header, token);
  }

  void committed(const CommitSeen& seen) override {
    for (const CommitSeen::Entry& each : seen.entries) {
      if (!core::is_step(each.entry.kind) || !each.entry.outcome.ok()) continue;
      const std::string token = to_string(each.id) + "/" + each.entry.path;
      if (!was_done(token) && !resolved(token)) wrong(token + " is recorded and was never done");
    }
    for (const InvocationId id : seen.restarted) forget(to_string(id) + "/");
  }

 private:
  void check_once(const LetGo& go, const core::Invocation& header, const std::string& token) {
    bool once = false;
    for (const core::Entry& open : header.open) {
      once |= open.path == go.path && open.kind == core::EntryKind::step_once;
    }
    if (!once) {
      if (go.path.starts_with("once")) wrong(token + " is let go, and its start is not stored");
      return;
    }
    for (const std::string& allowed : world_.allowed_again()) {
      if (allowed == token) once_[token] = 0;
    }
    std::erase(world_.allowed_again(), token);
    // A restart may come after the first run and leave no trace: neither was written yet.
    const core::LeaseEpoch before = std::exchange(epoch_[token], go.lease.epoch);
    if (world_.may_restart(go.lease.id) && before != go.lease.epoch) once_[token] = 0;
    if (++once_[token] > 1) wrong(token + " runs at most once, and is let go a second time");
  }
  bool was_done(const std::string& token) const {
    const auto* runs = world_.ledger().runs(token);
    if (runs == nullptr) return false;
    for (const Ledger::Run& run : *runs) {
      if (run.done) return true;
    }
    return false;
  }
  bool resolved(const std::string& token) const {
    return token.find("once") != std::string::npos;  // a person may have said what came of it
  }
  void forget(const std::string& prefix) {
    const auto end = once_.lower_bound(prefix + '\x7f');
    once_.erase(once_.lower_bound(prefix), end);
  }

  std::map<std::string, int> once_;                ///< by token, how often it was let go
  std::map<std::string, core::LeaseEpoch> epoch_;  ///< by token, when it was let go last
};

}  // namespace

std::unique_ptr<Checker> checkers::steps(World& world) { return std::make_unique<Steps>(world); }

}  // namespace nowthen::sim
