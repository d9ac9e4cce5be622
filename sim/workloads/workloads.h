#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/workload.h"
#include "sim/world.h"

namespace nowthen::sim {
namespace workloads {

std::unique_ptr<Workload> steps(World& world);     ///< steps with retries, in every mode
std::unique_ptr<Workload> sleeps(World& world);    ///< timers, delays, eviction
std::unique_ptr<Workload> families(World& world);  ///< calls and sends over partitions
std::unique_ptr<Workload> signals(World& world);   ///< signals, with and without time limits
std::unique_ptr<Workload> branches(World& world);  ///< all and race
std::unique_ptr<Workload> counters(World& world);  ///< per-key state under order keys
std::unique_ptr<Workload> repeats(World& world);   ///< impatient clients with idempotency keys
std::unique_ptr<Workload> cancels(World& world);   ///< cancels with cleanup
std::unique_ptr<Workload> changes(World& world);   ///< code that changes between lives
std::unique_ptr<Workload> killers(World& world);   ///< code that kills its process
std::unique_ptr<Workload> pullers(World& world);   ///< workers that pull attempts
std::unique_ptr<Workload> people(World& world);    ///< operators: park, resume, policies; readers

}  // namespace workloads

/// A declaration with a drawn mode and short times, so that much happens in a short history.
Declaration drawn_declaration(World& world);
/// Keeps what a client must get to know: calls until it is told how its call ended.
void call_until_ended(World& world, std::string operation, std::string input, CallOptions options,
                      std::function<void(const core::Reply&)> ended);

}  // namespace nowthen::sim
