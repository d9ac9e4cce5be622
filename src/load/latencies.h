#pragma once

#include <cstddef>
#include <vector>

namespace nowthen::load {

/// Every time that was taken, so that percentiles are exact.
class Latencies {
 public:
  void add(double seconds) { values_.push_back(static_cast<float>(seconds)); }
  void add(const Latencies& others) {
    values_.insert(values_.end(), others.values_.begin(), others.values_.end());
  }
  void clear() { values_.clear(); }
  std::size_t count() const { return values_.size(); }
  /// The least value that at least `percent` of all are not above, in milliseconds; 0 of none.
  double percentile_ms(double percent);

 private:
  std::vector<float> values_;
};

}  // namespace nowthen::load
