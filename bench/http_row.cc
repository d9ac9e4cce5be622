#include "bench/http_row.h"

#include <cstdio>

namespace nowthen::bench {
namespace {

std::string number(double value, const char* unit) {
  char text[64];
  const int digits = value >= 1000 ? 0 : value >= 100 ? 1 : value >= 0.995 ? 2 : 3;
  std::snprintf(text, sizeof(text), "%.*f%s", digits, value, unit);
  return text;
}

/// Writes what was measured; and what of it has a bar, with the bar.
class Line {
 public:
  enum class Wanted { least, most };

  void figure(std::string_view name, const std::optional<double>& is, const char* unit, int width,
              Wanted wanted, const std::optional<double>& bar) {
    char text[64];
    const std::string value =
        is ? (name.empty() ? "" : std::string(name) + " ") + number(*is, unit) : "";
    std::snprintf(text, sizeof(text), "  %*s", width, value.c_str());
    figures_ += text;
    if (!is || !bar) return;
    if (!bars_.empty()) bars_ += ", ";
    bars_ += std::string(name) + (name.empty() ? "" : " ") +
             (wanted == Wanted::least ? ">= " : "<= ") + number(*bar, unit);
    met_ &= wanted == Wanted::least ? *is >= *bar : *is <= *bar;
  }
  std::string text() const {
    return figures_ + (bars_.empty() ? "" : "  | " + bars_ + (met_ ? ": met" : ": MISSED"));
  }

 private:
  std::string figures_;
  std::string bars_;
  bool met_ = true;
};

}  // namespace

std::string format_row(const std::string& name, const std::string& what, const Figures& figures,
                       const Bar& bar) {
  using enum Line::Wanted;
  Line line;
  line.figure("", figures.per_second, "/s", 10, least, bar.per_second_min);
  line.figure("", figures.cpu_us, " us CPU", 13, most, bar.cpu_us_max);
  line.figure("p50", figures.p50_ms, " ms", 12, most, bar.p50_ms_max);
  line.figure("p99", figures.p99_ms, " ms", 12, most, bar.p99_ms_max);
  line.figure("", figures.syncs, " syncs", 11, most, std::nullopt);
  if (figures.cpu_share)
    line.figure("", figures.cpu_share, " % of a core", 0, most, bar.cpu_share_max);
  if (figures.resident_mb)
    line.figure("", figures.resident_mb, " MB", 0, most, bar.resident_mb_max);
  char start[96];
  std::snprintf(start, sizeof(start), "%-7s %-42s", name.c_str(), what.c_str());
  return start + line.text() + (figures.note.empty() ? "" : "  (" + figures.note + ")");
}

void Meter::begin() {
  ask_counted(target_);  // which counts anew from here
  began_ = Clock::now();
  cpu_ = pid_ == 0 ? 0 : cpu_seconds(pid_);
}

Figures Meter::end(std::uint64_t done, load::Latencies& latencies) {
  const double cpu = pid_ == 0 ? 0 : cpu_seconds(pid_) - cpu_;
  const double seconds = seconds_since(began_);
  const auto operations = static_cast<double>(done);
  Figures figures;
  figures.per_second = operations / seconds;
  if (cpu > 0) figures.cpu_us = cpu / operations * 1e6;
  if (latencies.count() > 0) {
    figures.p50_ms = latencies.percentile_ms(50);
    figures.p99_ms = latencies.percentile_ms(99);
  }
  counted_ = ask_counted(target_);
  figures.syncs = static_cast<double>(counted_.syncs) / operations;
  return figures;
}

}  // namespace nowthen::bench
