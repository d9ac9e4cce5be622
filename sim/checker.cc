#include "sim/checker.h"

#include "sim/checkers/checkers.h"
#include "sim/world.h"

namespace nowthen::sim {

void Checker::wrong(std::string what) { world_.wrong(name(), std::move(what)); }

std::vector<std::unique_ptr<Checker>> all_checkers(World& world) {
  std::vector<std::unique_ptr<Checker>> all;
  all.push_back(checkers::rows(world));
  all.push_back(checkers::answers(world));
  all.push_back(checkers::steps(world));
  all.push_back(checkers::idempotency(world));
  all.push_back(checkers::leases(world));
  all.push_back(checkers::timers(world));
  all.push_back(checkers::order(world));
  all.push_back(checkers::journals(world));
  all.push_back(checkers::children(world));
  all.push_back(checkers::rebuilt(world));
  all.push_back(checkers::causes(world));
  all.push_back(checkers::crash_loops(world));
  all.push_back(checkers::workers(world));
  all.push_back(checkers::callbacks(world));
  all.push_back(checkers::leftovers(world));
  return all;
}

}  // namespace nowthen::sim
