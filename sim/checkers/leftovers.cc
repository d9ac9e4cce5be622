// When all is over and retention has passed, no row of an invocation is left.

#include "sim/checkers/checkers.h"
#include "sim/world.h"

namespace nowthen::sim {
namespace {

class Leftovers final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "retention leaves nothing"; }

  void after_retention() override {
    if (const std::size_t rows = world_.book().kept_rows(); rows != 0) {
      wrong(std::to_string(rows) + " rows are left");
    }
  }
};

}  // namespace

std::unique_ptr<Checker> checkers::leftovers(World& world) {
  return std::make_unique<Leftovers>(world);
}

}  // namespace nowthen::sim
