// Promise 9: "why is this not running?" has an answer for everything that lives.

#include "core/why.h"
#include "sim/checkers/checkers.h"
#include "sim/world.h"

namespace nowthen::sim {
namespace {

class Causes final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "why has an answer"; }

  void at_rest() override {
    for (const auto& loop : world_.life()->engine()->loops()) {
      for (const auto& partition : loop->partitions()) {
        for (const auto& [id, live] : partition->state.live) {
          if (core::causes(partition->state, id).empty()) {
            wrong("nobody knows why " + to_string(id) + " is " +
                  std::string(core::to_string(live.state)));
          }
        }
      }
    }
  }
};

}  // namespace

std::unique_ptr<Checker> checkers::causes(World& world) { return std::make_unique<Causes>(world); }

}  // namespace nowthen::sim
