#pragma once

#include <cstdint>

#include <nowthen/policy.h>

#include "base/limits.h"
#include "sim/dice.h"

namespace nowthen::sim {

/// What kinds of trouble a history has, and how much: some have none of a kind, some a lot.
/// Chances are per mille, of one commit, read, step and so on.
struct Plan {
  explicit Plan(Dice& dice);
  /// The end of the faults: from here on everything must come to rest.
  void heal();

  std::uint16_t partitions = 1;
  std::uint16_t loops = 1;
  Limits limits;
  std::uint64_t disk_budget = 0;  ///< of ended invocations
  Duration gather{};              ///< see engine::EngineSetup
  Duration evict_after{};
  Duration storm{};  ///< how long clients and faults go on

  Duration crash_every{};  ///< mean; zero: never
  Duration jump_every{};
  bool jumps_back = false;
  Duration pause_every{};
  Duration down_max{};  ///< how long it stays down after a crash

  std::uint64_t crash_before_commit = 0;
  std::uint64_t crash_after_commit = 0;  ///< durable, but the process dies before it knows
  std::uint64_t commit_fails = 0;        ///< half of them are durable all the same
  std::uint64_t read_fails = 0;
  std::uint64_t start_fails = 0;
  std::uint64_t crash_at_step = 0;
  std::uint64_t zombie = 0;  ///< of crashes: the old process goes on for a while
  Duration commit_max{};     ///< zero: inline
  Duration read_max{};

  Duration step_max{};            ///< zero: steps run inline
  std::uint64_t step_lost = 0;    ///< its function never runs
  std::uint64_t report_lost = 0;  ///< it ran, and nobody is told
  std::uint64_t report_late = 0;
  std::uint64_t said_twice = 0;  ///< completions, ends and failures
};

}  // namespace nowthen::sim
