// Promises 1 and 2: an answer with an id is about a stored invocation, which ends once and for all.

#include <set>

#include "sim/checkers/checkers.h"
#include "sim/world.h"

namespace nowthen::sim {
namespace {

class Answers final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "acked is never lost"; }

  void told(const Told& told) override {
    const core::Reply& reply = told.reply;
    if (reply.id.is_null()) return check_refusal(told);
    const std::string id = to_string(reply.id);
    const bool stored = world_.book().was_stored(reply.id);
    if (!stored) return wrong("an answer named " + id + ", which is not stored");
    acked_.insert(reply.id);
    if (reply.refused || !core::is_terminal(reply.state)) return;
    const Ending* end = world_.book().ending(reply.id);
    if (end == nullptr) return wrong("an answer said that " + id + " has ended; the rows do not");
    // Who ended it is told the state; who reads it, the outcome as well.
    const bool ended_it = std::holds_alternative<core::Finish>(told.asked) ||
                          std::holds_alternative<core::FailAttempt>(told.asked);
    if (end->state != reply.state || (!ended_it && end->outcome != reply.outcome)) {
      wrong("two readers of " + id + " were told different ends");
    }
  }

  void at_end() override {
    for (const InvocationId id : acked_) {
      if (world_.book().ending(id) == nullptr) wrong(to_string(id) + " was acked and never ended");
    }
  }

 private:
  void check_refusal(const Told& told) {
    const auto* await = std::get_if<core::Await>(&told.asked);
    if (await == nullptr || told.reply.outcome.code != ErrorCode::not_found) return;
    const Ending* end = world_.book().ending(await->id);
    const bool there = world_.book().is_live(await->id) || (end != nullptr && !end->purged);
    if (!there) return;
    wrong("a reader was told that there is no " + to_string(await->id) + ", which " +
          (end == nullptr ? "is live" : std::string(core::to_string(end->state))));
  }

  std::set<InvocationId> acked_;
};

}  // namespace

std::unique_ptr<Checker> checkers::answers(World& world) {
  return std::make_unique<Answers>(world);
}

}  // namespace nowthen::sim
