// What is stored stays: a live invocation goes only by its end, and an end never changes.

#include "sim/checkers/checkers.h"
#include "sim/world.h"

namespace nowthen::sim {
namespace {

class Rows final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "what is stored stays"; }

  void committed(const CommitSeen& seen) override {
    for (const std::string& what : seen.wrong) wrong(what);
    for (const CommitSeen::Header& header : seen.headers) {
      if (header.after == nullptr) {
        check_gone(header.before->id);
      } else {
        check_header(header);
      }
    }
    for (const store::FinishedRow& row : seen.ended) {
      if (!core::is_terminal(row.state)) wrong(to_string(row.id) + " ended in a live state");
      if (world_.book().is_live(row.id)) wrong(to_string(row.id) + " is live and ended");
    }
    for (const InvocationId id : seen.restarted) {
      if (!world_.may_restart(id)) wrong("the journal of " + to_string(id) + " was erased");
    }
    for (const auto& [id, bucket] : seen.purged) {
      const auto due = std::chrono::seconds(std::to_underlying(bucket));
      if (world_.plan().disk_budget == 0 && seen.wall.time_since_epoch() < due)
        wrong(to_string(id) + " was purged too early");
    }
  }

 private:
  void check_gone(InvocationId id) {
    if (world_.book().ending(id) == nullptr) {
      wrong(to_string(id) + " was live, is gone, and has no end");
    }
  }
  void check_header(const CommitSeen::Header& header) {
    const core::Invocation& now = *header.after;
    const std::string id = to_string(now.id);
    if (const Ending* end = world_.book().ending(now.id)) {
      return wrong(id + " is live again after it " + std::string(core::to_string(end->state)));
    }
    if (core::is_terminal(now.state)) wrong(id + " has a live row in a terminal state");
    if (header.before == nullptr) return;
    const core::Invocation& before = *header.before;
    if (before.operation != now.operation || before.accepted != now.accepted ||
        before.order != now.order || before.idempotency_key != now.idempotency_key ||
        before.version != now.version || before.mode != now.mode) {
      wrong(id + ": what was fixed when it was accepted has changed");
    }
    // What reached no worker is taken back.
    const std::uint32_t released = now.operation == kPulledOperation ? 1 : 0;
    if (now.epoch < before.epoch || now.attempt + released < before.attempt) {
      wrong(id + ": its attempts count backwards");
    }
  }
};

}  // namespace

std::unique_ptr<Checker> checkers::rows(World& world) { return std::make_unique<Rows>(world); }

}  // namespace nowthen::sim
