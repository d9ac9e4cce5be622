// What an expression costs: compiling it, evaluating it, reading what it is evaluated for.

#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <unistd.h>

#include "expr/machine.h"
#include "expr/memory.h"
#include "expr/program.h"
#include "expr/read.h"
#include "expr/write.h"

namespace nowthen::expr {
namespace {

constexpr const char* kOrder =
    R"({"id":"A-1001","order":{"total":129.5,"limit":500,"customer":{"name":"Smith",)"
    R"("country":"DE","since":"2019-04-01"},"paid":false},"items":[{"sku":"a1","qty":2,)"
    R"("price":9.5},{"sku":"b7","qty":1,"price":3},{"sku":"c2","qty":5,"price":1.25},)"
    R"({"sku":"a2","qty":3,"price":9.5},{"sku":"b8","qty":1,"price":4},{"sku":"c3",)"
    R"("qty":2,"price":2.25},{"sku":"a3","qty":4,"price":9.5},{"sku":"b9","qty":1,)"
    R"("price":5},{"sku":"c4","qty":7,"price":3.25},{"sku":"a4","qty":2,"price":8.5},)"
    R"({"sku":"b1","qty":1,"price":6},{"sku":"c5","qty":5,"price":4.25},{"sku":"a5",)"
    R"("qty":2,"price":7.5},{"sku":"b2","qty":1,"price":7},{"sku":"c6","qty":6,)"
    R"("price":5.25},{"sku":"a6","qty":2,"price":6.5},{"sku":"b3","qty":1,"price":8},)"
    R"({"sku":"c7","qty":5,"price":6.25},{"sku":"a7","qty":2,"price":5.5},{"sku":"b4",)"
    R"("qty":1,"price":9}]})";

constexpr const char* kRule =
    R"~(if .order.total > .order.limit and .order.customer.country != "DE" then )~"
    R"~({decision: "review", reason: "total \(.order.total) is over \(.order.limit)", )~"
    R"~(skus: [.items[] | select(.qty > 1) | .sku]} else {decision: "pass"} end)~";

void evaluate(benchmark::State& state, const char* text) {
  const auto program = Program::compile(text);
  const Value input = *read_json(kOrder);
  Machine machine;
  Value result;
  for (auto _ : state) {
    machine.start(*program, input);
    while (machine.next(result) == Machine::Got::value) benchmark::DoNotOptimize(result);
  }
}

void compile_rule(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Program::compile(kRule));
}

/// 1,024 bytes: an order, and some more of the same kind.
std::string one_kib() {
  std::string text(kOrder);
  text.pop_back();
  text += R"(,"shipping":{"street":"1 High Street","city":"Hamburg","zip":"20095","express":true,)"
          R"("windows":[{"from":8,"to":12},{"from":14,"to":18.5}]},"tags":["new","eu"],"ref":null)";
  for (int i = 0; text.size() < 1'000; ++i) text += ",\"f" + std::to_string(i) + "\":" + "7.5";
  text += ",\"end\":\"" + std::string(1'024 - text.size() - 10, 'x') + "\"}";
  return text;
}

void parse_1_kib(benchmark::State& state) {
  const std::string text = one_kib();
  for (auto _ : state) benchmark::DoNotOptimize(read_json(text));
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}

void write_1_kib(benchmark::State& state) {
  const Value value = *read_json(one_kib());
  std::string text;
  for (auto _ : state) {
    text.clear();
    write_json(text, value);
    benchmark::DoNotOptimize(text);
  }
}

BENCHMARK(compile_rule);
BENCHMARK(parse_1_kib);
BENCHMARK(write_1_kib);
BENCHMARK_CAPTURE(evaluate, path, ".order.total");
BENCHMARK_CAPTURE(evaluate, comparison, ".order.total > .order.limit");
BENCHMARK_CAPTURE(evaluate, object,
                  "{id, total: .order.total, limit: .order.limit, paid: .order.paid}");
BENCHMARK_CAPTURE(evaluate, sum, "[.items[] | select(.qty > 1) | .price * .qty] | add");
BENCHMARK_CAPTURE(evaluate, rule, kRule);
BENCHMARK_CAPTURE(evaluate, count, "reduce range(100000) as $i (0; . + $i)");
BENCHMARK_CAPTURE(evaluate, recursion, "[recurse(if . < 1000 then .+1 else empty end)]?");
BENCHMARK_CAPTURE(evaluate, build, "reduce range(1000) as $i ({}; .[\"k\\($i % 100)\"] += 1)");

/// Bytes of memory that so many programs take, each another one.
int programs(std::size_t count) {
  const auto resident = [] {
    std::size_t pages = 0;
    std::size_t all = 0;
    std::ifstream("/proc/self/statm") >> all >> pages;
    return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  };
  const std::size_t before = resident();
  std::vector<Program> held;
  held.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    auto program = Program::compile("." + std::string("field") + std::to_string(i) + " | " + kRule);
    if (program) held.push_back(std::move(*program));
  }
  std::cout << held.size() << " programs: " << (resident() - before) / 1024 << " KiB\n";
  return 0;
}

}  // namespace
}  // namespace nowthen::expr

int main(int count, char** words) {
  if (count == 3 && std::string_view(words[1]) == "--programs")
    return nowthen::expr::programs(std::stoul(words[2]));
  benchmark::Initialize(&count, words);
  benchmark::RunSpecifiedBenchmarks();
}
