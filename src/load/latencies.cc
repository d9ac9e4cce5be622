#include "load/latencies.h"

#include <algorithm>
#include <cmath>

namespace nowthen::load {

double Latencies::percentile_ms(double percent) {
  if (values_.empty()) return 0;
  const auto rank =
      static_cast<std::size_t>(std::ceil(static_cast<double>(values_.size()) * percent / 100.0));
  const std::size_t at = std::clamp<std::size_t>(rank, 1, values_.size()) - 1;
  const auto place = values_.begin() + static_cast<std::ptrdiff_t>(at);
  std::nth_element(values_.begin(), place, values_.end());
  return static_cast<double>(*place) * 1e3;
}

}  // namespace nowthen::load
