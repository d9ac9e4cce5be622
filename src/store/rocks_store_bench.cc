// Turns of 32 durable calls: 32 headers come, the 32 of the turn before go to finished rows.
// "per_call_us" is the processor time of the whole process, RocksDB's own threads included.
// NOWTHEN_BENCH_DIR names a folder on the disk to measure; the default is the temporary one.

#include <filesystem>
#include <future>
#include <string>

#include <benchmark/benchmark.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "store/codec.h"
#include "store/rocks_store.h"

namespace nowthen::store {
namespace {

constexpr std::uint64_t kCalls = 32;

double processor_us() {
  rusage usage;
  ::getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

std::string bench_folder() {
  const char* folder = ::getenv("NOWTHEN_BENCH_DIR");
  std::string pattern = std::string(folder != nullptr ? folder : "/tmp") + "/store-bench-XXXXXX";
  return ::mkdtemp(pattern.data());
}

core::Invocation invocation(std::uint64_t number) {
  core::Invocation it;
  const auto partition = static_cast<std::uint16_t>(number * 31 % 64);
  const std::uint64_t created_ms = 1'790'000'000'000 + number / 50;
  it.id = InvocationId::make(created_ms, partition, number * 0x9e3779b97f4a7c15);
  it.operation = "place-order";
  it.accepted_seq = core::AcceptSeq{number};
  it.accepted = it.attempt_started = from_us(static_cast<std::int64_t>(created_ms * 1'000));
  it.ended = it.accepted + std::chrono::milliseconds(2);
  it.state = core::State::running;
  it.attempt = 1;
  it.epoch = core::LeaseEpoch{1};
  it.input = R"({"email":"a@example.org","item":"burger","amount":)" + std::to_string(number) + "}";
  it.outcome.data = R"({"id":)" + std::to_string(number) + R"(,"state":"paid"})";
  return it;
}

struct Bench {
  explicit Bench(std::chrono::nanoseconds inline_max) : folder(bench_folder()) {
    RocksOptions options;
    options.folder = folder;
    options.inline_commit_max = inline_max;
    store = std::move(*open_rocks_store(options));
    for (std::uint16_t i = 0; i < 64; ++i) epochs.push_back(*store->claim(i));
  }
  ~Bench() {
    store.reset();
    std::filesystem::remove_all(folder);
  }
  void commit_turn(std::uint64_t calls) {
    Turn turn;
    for (std::uint16_t i = 0; i < 64; ++i) turn.partitions.push_back({i, epochs[i], {}, {}});
    for (std::uint64_t i = 0; i < calls; ++i) {
      const core::Invocation ended = invocation(number - calls);
      std::vector<RowWrite>& old = turn.partitions[ended.id.partition()].rows;
      old.push_back({live_key(ended.id), std::nullopt});
      encode_finished(ended, bucket_of(ended.ended, std::chrono::hours(24)), old);
      const core::Invocation it = invocation(number++);
      turn.partitions[it.id.partition()].rows.push_back(encode_header(it));
    }
    std::promise<bool> written;
    store->commit(std::move(turn), [&](Result<CommitSeq> seq) { written.set_value(bool(seq)); });
    if (!written.get_future().get()) ::abort();
  }

  std::string folder;
  std::unique_ptr<RocksStore> store;
  std::vector<OwnerEpoch> epochs;
  std::uint64_t number = 1'000;
};

void commit_turns(benchmark::State& state, std::uint64_t calls,
                  std::chrono::nanoseconds inline_max) {
  Bench bench(inline_max);
  const double before = processor_us();
  for (auto _ : state) bench.commit_turn(calls);
  const double turns = static_cast<double>(state.iterations());
  const double used = processor_us() - before;
  state.counters["per_turn_us"] = used / turns;
  state.counters["per_call_us"] = used / turns / static_cast<double>(calls);
  const RocksStats stats = bench.store->stats();
  state.counters["rows_per_turn"] = static_cast<double>(stats.rows) / turns;
  state.counters["median_us"] = static_cast<double>(stats.commit_median.count()) / 1e3;
}
void turn_of_32_inline(benchmark::State& state) {
  commit_turns(state, kCalls, std::chrono::seconds(1));
}
void turn_of_32_by_measure(benchmark::State& state) {
  commit_turns(state, kCalls, std::chrono::microseconds(300));
}
void turn_of_32_on_thread(benchmark::State& state) {
  commit_turns(state, kCalls, std::chrono::nanoseconds(0));
}
void turn_of_1_inline(benchmark::State& state) { commit_turns(state, 1, std::chrono::seconds(1)); }
BENCHMARK(turn_of_32_inline)->Iterations(20'000)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(turn_of_32_by_measure)->Iterations(5'000)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(turn_of_32_on_thread)->Iterations(5'000)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(turn_of_1_inline)->Iterations(10'000)->UseRealTime()->Unit(benchmark::kMicrosecond);

// Recovery: 200,000 live headers, scanned and decoded partition by partition.
void recover_live_headers(benchmark::State& state) {
  Bench bench(std::chrono::seconds(1));
  constexpr std::uint64_t kRows = 200'000;
  for (std::uint64_t number = 0; number < kRows;) {
    Turn turn;
    for (std::uint16_t i = 0; i < 64; ++i) turn.partitions.push_back({i, bench.epochs[i], {}, {}});
    for (int i = 0; i < 1'000; ++i) {
      const core::Invocation it = invocation(number++);
      turn.partitions[it.id.partition()].rows.push_back(encode_header(it));
    }
    bench.store->commit(std::move(turn), [](Result<CommitSeq> seq) { (void)seq.has_value(); });
  }
  std::size_t rows = 0;
  for (auto _ : state) {
    for (std::uint16_t i = 0; i < 64; ++i) {
      Scan scan;
      const KeyRange range = live_keys(i);
      scan.from = range.from;
      scan.to = range.to;
      for (bool more = true; more;) {
        bench.store->scan(scan, [&](Result<Page> page) {
          for (const Row& row : page->rows) {
            if (decode_header(row.key, row.value)) ++rows;
          }
          more = page->more;
          if (more) scan.from = page->rows.back().key + '\0';
        });
      }
    }
  }
  state.counters["rows_per_s"] =
      benchmark::Counter(static_cast<double>(rows), benchmark::Counter::kIsRate);
}
BENCHMARK(recover_live_headers)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace nowthen::store
