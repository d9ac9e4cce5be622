#pragma once

#include <memory>

#include "sim/checker.h"

namespace nowthen::sim::checkers {

std::unique_ptr<Checker> rows(World& world);         ///< what is stored stays, and fits together
std::unique_ptr<Checker> answers(World& world);      ///< acked is never lost; one end for all
std::unique_ptr<Checker> steps(World& world);        ///< a completed step never runs again
std::unique_ptr<Checker> idempotency(World& world);  ///< one key, one invocation
std::unique_ptr<Checker> leases(World& world);       ///< what comes too late changes nothing
std::unique_ptr<Checker> timers(World& world);       ///< never early, once
std::unique_ptr<Checker> order(World& world);        ///< one at a time, in order of acceptance
std::unique_ptr<Checker> journals(World& world);     ///< results reach the code once, in order
std::unique_ptr<Checker> children(World& world);     ///< a parent gets what its child ended with
std::unique_ptr<Checker> rebuilt(World& world);      ///< rows alone give the same state
std::unique_ptr<Checker> causes(World& world);       ///< whatever lives has a reason
std::unique_ptr<Checker> crash_loops(World& world);  ///< only what kills is parked for it
std::unique_ptr<Checker> workers(World& world);      ///< what a worker is told is stored
std::unique_ptr<Checker> callbacks(World& world);    ///< who asked for it is told of each end
std::unique_ptr<Checker> leftovers(World& world);    ///< retention leaves nothing behind

}  // namespace nowthen::sim::checkers
