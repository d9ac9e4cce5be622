// Promise 6: timers never fire early. That they are not lost, the end of a history shows; that they
// fire once, the journal.

#include <algorithm>

#include "sim/checkers/checkers.h"
#include "sim/world.h"

namespace nowthen::sim {
namespace {

class Timers final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "timers are never early"; }

  void committed(const CommitSeen& seen) override {
    for (const CommitSeen::Header& header : seen.headers) {
      if (header.before != nullptr && header.after != nullptr) check_backoff(header);
    }
    for (const CommitSeen::Entry& each : seen.entries) {
      const bool timed = each.entry.kind == core::EntryKind::sleep ||
                         each.entry.outcome.code == ErrorCode::timed_out;
      if (!timed || each.header_before == nullptr) continue;
      for (const core::Entry& open : each.header_before->open) {
        if (open.path != each.entry.path || core::is_step(open.kind)) continue;
        if (open.due > seen.wall) early(each.id, each.entry.path, open.due - seen.wall);
        if (open.due > each.entry.since)
          early(each.id, each.entry.path, open.due - each.entry.since);
      }
    }
  }
  void began(const LetGo& go, const core::Invocation& invocation) override {
    if (invocation.attempt == 1 && invocation.not_before > world_.wall_max()) {
      early(go.lease.id, "delay", invocation.not_before - world_.wall_max());
    }
  }

 private:
  void check_backoff(const CommitSeen::Header& header) {
    const core::Invocation& before = *header.before;
    const core::Invocation& now = *header.after;
    if (before.state != core::State::backing_off || now.attempt == before.attempt) return;
    const bool allowed = now.cancel_seq != before.cancel_seq || now.failures < before.failures;
    if (!allowed && before.backoff_due > now.attempt_started) {
      early(now.id, "backoff", before.backoff_due - now.attempt_started);
    }
  }
  void early(InvocationId id, std::string_view path, Duration by) {
    wrong(std::string(path) + " of " + to_string(id) + " fires " + std::to_string(by.count()) +
          " us early");
  }
};

}  // namespace

std::unique_ptr<Checker> checkers::timers(World& world) { return std::make_unique<Timers>(world); }

}  // namespace nowthen::sim
