// What rows cost the processor: encoding, decoding, and the store in memory.

#include <benchmark/benchmark.h>

#include "store/codec.h"
#include "store/memory_store.h"

namespace nowthen::store {
namespace {

core::Invocation small_invocation(std::uint64_t number = 7) {
  core::Invocation it;
  it.id = InvocationId::make(1'790'000'000'000 + number / 32, 3, number * 0x9e3779b97f4a7c15);
  it.operation = "place-order";
  it.accepted_seq = core::AcceptSeq{number};
  it.accepted = from_us(1'790'000'000'000'123);
  it.state = core::State::running;
  it.attempt = 1;
  it.epoch = core::LeaseEpoch{1};
  it.attempt_started = from_us(1'790'000'000'000'500);
  it.ended = from_us(1'790'000'000'010'000);
  it.input = R"({"email":"a@example.org","item":"burger"})";
  core::Entry entry;
  entry.path = "charge";
  entry.done_seq = 1;
  entry.since = from_us(1'790'000'000'000'900);
  entry.outcome.data = R"({"paid":7})";
  it.done.push_back(entry);
  it.outcome.data = R"({"id":7})";
  return it;
}

void encode_header_row(benchmark::State& state) {
  const core::Invocation it = small_invocation();
  for (auto _ : state) benchmark::DoNotOptimize(encode_header(it));
}
BENCHMARK(encode_header_row);

void decode_header_row(benchmark::State& state) {
  const RowWrite row = encode_header(small_invocation());
  for (auto _ : state) benchmark::DoNotOptimize(decode_header(row.key, *row.value));
}
BENCHMARK(decode_header_row);

void encode_entry_row(benchmark::State& state) {
  const core::Invocation it = small_invocation();
  for (auto _ : state) benchmark::DoNotOptimize(encode_entry(it.id, 0, it.done[0]));
}
BENCHMARK(encode_entry_row);

void encode_finished_row(benchmark::State& state) {
  const core::Invocation it = small_invocation();
  std::vector<RowWrite> rows;
  for (auto _ : state) {
    rows.clear();
    encode_finished(it, bucket_of(it.ended, std::chrono::hours(24)), rows);
  }
}
BENCHMARK(encode_finished_row);

// A durable call: its header comes in one turn, in the next it goes and the finished row comes.
void memory_store_durable_call(benchmark::State& state) {
  MemoryStore store;
  const OwnerEpoch epoch = *store.claim(3);
  std::uint64_t number = 0;
  core::Invocation last = small_invocation();
  for (auto _ : state) {
    core::Invocation it = small_invocation(++number);
    Turn turn;
    turn.partitions.push_back({3, epoch, {}, {}});
    std::vector<RowWrite>& rows = turn.partitions[0].rows;
    rows.push_back(encode_header(it));
    rows.push_back({live_key(last.id), std::nullopt});
    encode_finished(last, bucket_of(last.ended, std::chrono::hours(24)), rows);
    store.commit(std::move(turn), [](Result<CommitSeq>) {});
    last = std::move(it);
  }
}
BENCHMARK(memory_store_durable_call);

}  // namespace
}  // namespace nowthen::store
