#pragma once

#include <cstdint>

#include <nowthen/nowthen.h>

#include "bench/counted.h"

namespace nowthen::bench {

/// The operations of all workloads. Nothing that they do takes time, so that what is measured is
/// the engine. Ended invocations are kept for 30 s: a run of a minute is a steady state.
struct Operations {
  explicit Operations(Engine& engine);

  Operation<int, int> echo_durable;  ///< stored before it runs
  Operation<int, int> echo_now;      ///< never stored
  Operation<int, int> echo_later;
  Operation<int, int> ten_steps;
  Operation<int, int> ten_steps_pool;  ///< its steps may block
  Operation<std::int64_t, int> sleeper;
  Operation<int, int> fan_out;           ///< calls echo-durable so many times, and waits for all
  Operation<std::int64_t, int> stamped;  ///< deferred; input: nanoseconds of the steady clock
  Operation<Nothing, Counted> counted;
};

/// A file has been synced; any thread.
void count_sync();

}  // namespace nowthen::bench
