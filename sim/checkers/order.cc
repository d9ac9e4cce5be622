// Promise 6: invocations with one order key begin one at a time, in order of acceptance.

#include "sim/checkers/checkers.h"
#include "sim/world.h"

namespace nowthen::sim {
namespace {

class Order final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "one at a time per order key"; }

  void began(const LetGo& go, const core::Invocation& invocation) override {
    if (invocation.order.empty() || !go.current) return;
    for (const auto& [id, other] : world_.book().live()) {
      if (id == invocation.id || other->order != invocation.order) continue;
      if (other->attempt > 0) {
        wrong(to_string(invocation.id) + " begins while " + to_string(id) + " holds its order key");
      } else if (other->state != core::State::scheduled &&
                 other->accepted_seq < invocation.accepted_seq) {
        wrong(to_string(invocation.id) + " begins before " + to_string(id) +
              ", which was accepted earlier");
      }
    }
  }
  void committed(const CommitSeen& seen) override {
    for (const CommitSeen::Header& header : seen.headers) {
      const core::Invocation* now = header.after.get();
      if (now == nullptr || now->order.empty() || now->attempt == 0) continue;
      for (const auto& [id, other] : world_.book().live()) {
        if (id != now->id && other->order == now->order && other->attempt > 0) {
          wrong(to_string(now->id) + " and " + to_string(id) + " hold one order key");
        }
      }
    }
  }
};

}  // namespace

std::unique_ptr<Checker> checkers::order(World& world) { return std::make_unique<Order>(world); }

}  // namespace nowthen::sim
