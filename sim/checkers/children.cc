// A parent is told what its child ended with.

#include "sim/checkers/checkers.h"
#include "sim/world.h"

namespace nowthen::sim {
namespace {

class Children final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "a parent gets its child's result"; }

  void committed(const CommitSeen& seen) override {
    for (const CommitSeen::Entry& each : seen.entries) {
      if (each.entry.kind == core::EntryKind::send) check_sent(each);
      if (each.entry.kind != core::EntryKind::call) continue;
      const Ending* end = world_.book().ending(each.entry.child);
      const bool refused = !each.entry.outcome.ok();  // it may never have been accepted
      if (end == nullptr && world_.book().is_live(each.entry.child)) {
        wrong("the result of " + to_string(each.entry.child) + " is recorded before its end");
      }
      if (end == nullptr && !refused) {
        // A call with an idempotency key may have joined another invocation.
        if (each.entry.path.find("call:keyed") == std::string::npos) {
          wrong("the result of " + to_string(each.entry.child) + " is recorded; it never ended");
        }
      }
      if (end != nullptr && end->outcome != each.entry.outcome) {
        wrong("the parent of " + to_string(each.entry.child) + " got another result");
      }
    }
  }

 private:
  /// With an idempotency key the sender is told who has it, and only then goes on.
  void check_sent(const CommitSeen::Entry& each) {
    const bool keyed = each.entry.path.find("send:keyed") != std::string::npos;
    if (keyed && each.entry.outcome.ok() && !world_.book().was_stored(each.entry.child))
      wrong(to_string(each.entry.child) + " was sent with a key, and is not stored");
  }
};

}  // namespace

std::unique_ptr<Checker> checkers::children(World& world) {
  return std::make_unique<Children>(world);
}

}  // namespace nowthen::sim
