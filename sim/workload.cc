#include "sim/workload.h"

#include "sim/workloads/workloads.h"

namespace nowthen::sim {

std::vector<std::unique_ptr<Workload>> all_workloads(World& world) {
  std::vector<std::unique_ptr<Workload>> all;
  const auto add_some = [&](std::unique_ptr<Workload> workload) {
    if (world.dice().chance(400)) all.push_back(std::move(workload));
  };
  add_some(workloads::sleeps(world));
  add_some(workloads::families(world));
  add_some(workloads::signals(world));
  add_some(workloads::branches(world));
  add_some(workloads::counters(world));
  add_some(workloads::repeats(world));
  add_some(workloads::cancels(world));
  add_some(workloads::changes(world));
  add_some(workloads::killers(world));
  add_some(workloads::pullers(world));
  if (all.empty() || world.dice().chance(400)) all.push_back(workloads::steps(world));
  all.push_back(workloads::people(world));  // always: what is parked waits for them
  return all;
}

}  // namespace nowthen::sim
