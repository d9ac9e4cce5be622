// The in-process workloads. One process measures one workload and prints one row:
//   workloads W1 --store DIR --callers 64 --seconds 60
// CPU is that of the whole process, callers included. A call that fails ends it with 1. bench/run
// makes the table.

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include <nowthen/nowthen.h>

#include "bench/measure.h"
#include "bench/operations.h"

namespace nowthen::bench {
namespace {

using namespace std::chrono_literals;

struct Arguments {
  std::string workload;
  std::string store;  ///< folder; empty: memory
  int callers = 64;
  double seconds = 10;
  int count = 50'000;
  Duration sleep = 1h;
  std::uint16_t loops = 0;
  Clock::time_point began = Clock::now();
};

/// An engine with the operations of all workloads.
struct Bench {
  explicit Bench(const Arguments& arguments)
      : engine(Options().data_dir(arguments.store).loops(arguments.loops)), on(engine) {
    const auto began = Clock::now();
    if (auto started = engine.start(); !started) {
      std::fprintf(stderr, "%s\n", started.error().message.c_str());
      std::exit(1);
    }
    ready_seconds = seconds_since(began);
  }

  Engine engine;
  Operations on;
  double ready_seconds = 0;
  bool wrong = false;  ///< a call failed
};

/// `callers` calls at a time, each followed by the next, until `seconds` or `count` have passed.
class ClosedLoop {
 public:
  using Call = std::function<void(std::function<void(bool ok)>)>;

  ClosedLoop(int callers, Call call) : callers_(callers), call_(std::move(call)) {}

  void run_for(double seconds) {
    begin();
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    finish();
  }
  void run_count(int count) {
    left_ = count;
    begin();
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return running_ == 0; });
  }
  Latencies latencies;
  std::atomic<std::uint64_t> done{0};
  std::atomic<std::uint64_t> failed{0};

 private:
  void begin() {
    running_ = callers_;
    for (int i = 0; i < callers_; ++i) next();
  }
  void finish() {
    stop_ = true;
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return running_ == 0; });
  }
  void next() {
    if (stop_ || left_.fetch_sub(1) <= 0) {
      const std::lock_guard lock(mutex_);
      if (--running_ == 0) idle_.notify_all();
      return;
    }
    const auto began = Clock::now();
    call_([this, began](bool ok) {
      latencies.add(seconds_since(began));
      ok ? ++done : ++failed;
      next();
    });
  }

  int callers_;
  Call call_;
  std::atomic<bool> stop_{false};
  std::atomic<std::int64_t> left_{std::int64_t{1} << 62};
  std::mutex mutex_;
  std::condition_variable idle_;
  int running_ = 0;
};

void row(const Arguments& arguments, const std::string& what, ClosedLoop& loop, double seconds,
         double cpu) {
  const auto done = static_cast<double>(loop.done.load());
  std::printf("%-22s %-7s %5d  %10.0f/s  %8.2f us CPU  p50 %8.3f ms  p99 %8.3f ms%s\n",
              what.c_str(), arguments.store.empty() ? "memory" : "rocksdb", arguments.callers,
              done / seconds, cpu / done * 1e6, loop.latencies.percentile_ms(50),
              loop.latencies.percentile_ms(99),
              loop.failed > 0 ? ("  FAILED " + std::to_string(loop.failed)).c_str() : "");
}

template <class In>
void steady(Bench& bench, const Arguments& arguments, const std::string& what,
            Operation<In, int>& operation, In input, bool send = false) {
  const CallOptions options = send ? CallOptions().respond_async() : CallOptions();
  ClosedLoop loop(arguments.callers, [&operation, input, options](std::function<void(bool)> then) {
    operation.call(input, options, [then = std::move(then)](const Answer<int>& answer) {
      then(!answer.has_error());
    });
  });
  const double cpu = cpu_seconds();
  const auto began = Clock::now();
  loop.run_for(arguments.seconds);
  row(arguments, what, loop, seconds_since(began), cpu_seconds() - cpu);
  bench.wrong = loop.failed > 0;
}

void asleep(Bench& bench, const Arguments& arguments) {
  const std::uint64_t before = resident_bytes();
  const std::int64_t sleep_us = arguments.sleep.count();
  ClosedLoop loop(arguments.callers, [&](std::function<void(bool)> then) {
    bench.on.sleeper.call(sleep_us, CallOptions(),
                          [then = std::move(then)](const Answer<int>& a) { then(a.has_ticket()); });
  });
  const auto began = Clock::now();
  loop.run_count(arguments.count);
  const double seconds = seconds_since(began);
  std::this_thread::sleep_for(3s);
  const std::uint64_t after = resident_bytes();
  std::printf("%-22s %-7s %9d asleep  %8.0f/s accepted  %6.0f bytes each (resident %llu MB)\n",
              "W4 asleep", arguments.store.empty() ? "memory" : "rocksdb", arguments.count,
              arguments.count / seconds, static_cast<double>(after - before) / arguments.count,
              static_cast<unsigned long long>(after >> 20));
}

int run(const Arguments& arguments) {
  Bench bench(arguments);
  const std::string& w = arguments.workload;
  if (w == "W1") steady(bench, arguments, "W1 durable call", bench.on.echo_durable, 1);
  if (w == "W1n") steady(bench, arguments, "W1n now, nothing stored", bench.on.echo_now, 1);
  if (w == "W2") steady(bench, arguments, "W2 ten steps", bench.on.ten_steps, 1);
  if (w == "W2p") steady(bench, arguments, "W2 ten steps, pool", bench.on.ten_steps_pool, 1);
  if (w == "W3") steady(bench, arguments, "W3 accept and drain", bench.on.echo_later, 1, true);
  if (w == "W4") asleep(bench, arguments);
  if (w == "W5") steady(bench, arguments, "W5 100 children", bench.on.fan_out, 100);
  if (w == "W6") {
    const auto answer = bench.on.echo_durable.call(1);
    std::printf("%-22s first completion after %.3f s%s\n", "W6 after kill -9",
                seconds_since(arguments.began), answer ? "" : "  FAILED");
    bench.wrong = !answer;
  }
  if (w == "W7") {
    std::printf("%-22s ready after %.3f s, resident %llu MB\n", "W7 ready", bench.ready_seconds,
                static_cast<unsigned long long>(resident_bytes() >> 20));
  }
  std::fflush(stdout);
  bench.engine.stop(5s);
  return bench.wrong ? 1 : 0;
}

}  // namespace
}  // namespace nowthen::bench

int main(int argc, char** argv) {
  nowthen::bench::Arguments arguments;
  if (argc < 2) {
    std::fprintf(stderr,
                 "usage: workloads W1|W1n|W2|W2p|W3|W4|W5|W6|W7 [--store DIR] [--callers N] "
                 "[--seconds S] [--count N] [--sleep DURATION] [--loops N]\n");
    return 2;
  }
  arguments.workload = argv[1];
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const char* value = argv[i + 1];
    if (name == "--store") arguments.store = value;
    if (name == "--callers") arguments.callers = std::atoi(value);
    if (name == "--seconds") arguments.seconds = std::atof(value);
    if (name == "--count") arguments.count = std::atoi(value);
    if (name == "--loops") arguments.loops = static_cast<std::uint16_t>(std::atoi(value));
    if (name == "--sleep") arguments.sleep = *nowthen::parse_duration(value);
  }
  return nowthen::bench::run(arguments);
}
