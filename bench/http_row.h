#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bench/counted.h"
#include "bench/measure.h"
#include "load/load.h"

namespace nowthen::bench {

/// What a row must reach. Where the issue names no bar there is none.
struct Bar {
  std::optional<double> per_second_min, cpu_us_max, p50_ms_max, p99_ms_max;
  std::optional<double> cpu_share_max;  ///< percent of a core
  std::optional<double> resident_mb_max;
};

/// What came of a row. What was not measured is not printed.
struct Figures {
  std::optional<double> per_second, cpu_us, p50_ms, p99_ms, cpu_share, resident_mb;
  std::optional<double> syncs;  ///< of files, per operation
  std::string note;
};

/// One line, with the bar beside it, and whether it was met.
std::string format_row(const std::string& name, const std::string& what, const Figures& figures,
                       const Bar& bar);

/// A server under measurement: processor time and syncs between `begin` and `end`. Without its
/// process, 0, there is no processor time.
class Meter {
 public:
  Meter(load::Target target, pid_t pid) : target_(std::move(target)), pid_(pid) { begin(); }
  void begin();
  /// Of `done` operations, whose times are `latencies`.
  Figures end(std::uint64_t done, load::Latencies& latencies);
  /// What the server has counted between.
  const Counted& counted() const { return counted_; }

 private:
  const load::Target target_;
  const pid_t pid_;
  Clock::time_point began_;
  double cpu_ = 0;
  Counted counted_;
};

}  // namespace nowthen::bench
