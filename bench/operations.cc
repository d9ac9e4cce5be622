#include "bench/operations.h"

#include <atomic>
#include <mutex>

#include "bench/measure.h"

namespace nowthen::bench {
namespace {

using namespace std::chrono_literals;

std::atomic<std::uint64_t> syncs{0};
std::atomic<std::uint64_t> started{0};
Latencies starts;

int echo_step(int value) { return value + 1; }
Task<int> echo(Context&, int value) { co_return value; }
Task<int> ten_steps_of(Context& ctx, int value) {
  for (int i = 0; i < 10; ++i) value = co_await ctx.run("step", echo_step, value);
  co_return value;
}
Task<int> sleep_for(Context& ctx, std::int64_t sleep_us) {
  co_await ctx.sleep(Duration(sleep_us));
  co_return 1;
}
Task<int> call_many(Context& ctx, int width) {
  std::vector<Pending<int>> calls;
  for (int i = 0; i < width; ++i) calls.push_back(ctx.call<int>("echo-durable", i));
  const std::vector<int> results = co_await all(std::move(calls));
  co_return static_cast<int>(results.size());
}
// Reads the clock outside of a step: the result must not depend on it.
Task<int> note_start(Context&, std::int64_t asked_ns) {
  started.fetch_add(1, std::memory_order_relaxed);
  const std::chrono::nanoseconds now = Clock::now().time_since_epoch();
  starts.add(std::chrono::duration<double>(now - std::chrono::nanoseconds(asked_ns)).count());
  co_return 1;
}
Task<Counted> count(Context&) {
  Counted counted;
  counted.started = started;
  counted.start_p50_ms = starts.percentile_ms(50);
  counted.start_p99_ms = starts.percentile_ms(99);
  counted.syncs = syncs.exchange(0);
  starts.clear();
  co_return counted;
}

Declaration declare(Mode mode, Durable durable, bool non_blocking = true) {
  Declaration declaration;
  declaration.policy.mode = mode;
  declaration.policy.answer_within = 60s;
  declaration.policy.durable = durable;
  declaration.policy.retain = 30s;
  declaration.non_blocking = non_blocking;
  return declaration;
}

}  // namespace

void count_sync() { syncs.fetch_add(1, std::memory_order_relaxed); }

Operations::Operations(Engine& engine)
    : echo_durable(engine.add("echo-durable", echo, declare(Mode::auto_, Durable::from_start))),
      echo_now(engine.add("echo-now", echo, declare(Mode::now, Durable::on_first_step))),
      echo_later(engine.add("echo-later", echo, declare(Mode::later, Durable::on_first_step))),
      ten_steps(engine.add("ten-steps", ten_steps_of, declare(Mode::auto_, Durable::from_start))),
      ten_steps_pool(engine.add("ten-steps-pool", ten_steps_of,
                                declare(Mode::auto_, Durable::from_start, false))),
      sleeper(engine.add("sleeper", sleep_for, declare(Mode::later, Durable::on_first_step))),
      fan_out(engine.add("fan-out", call_many, declare(Mode::auto_, Durable::from_start))),
      stamped(engine.add("stamped", note_start, declare(Mode::later, Durable::on_first_step))),
      counted(engine.add("counted", count, declare(Mode::now, Durable::on_first_step))) {}

}  // namespace nowthen::bench
