#pragma once

#include <bit>
#include <cstdint>

#include <nowthen/policy.h>

#include "base/prng.h"

namespace nowthen::sim {

/// All chance of a history. Whole numbers only, so that every compiler draws the same.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : prng_(mix64(seed)) {}

  std::uint64_t next() { return prng_.next(); }
  std::uint64_t below(std::uint64_t bound) { return prng_.below(bound); }
  /// Both ends are drawn.
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + below(high - low + 1);
  }
  bool chance(std::uint64_t per_mille) { return below(1'000) < per_mille; }
  /// Short ones are as likely as long ones.
  Duration wait(Duration low, Duration high) {
    const auto span = static_cast<std::uint64_t>((high - low).count());
    const std::uint64_t most = below(static_cast<std::uint64_t>(std::bit_width(span)) + 1);
    const std::uint64_t drawn = below(std::uint64_t{1} << most);
    return low + Duration(static_cast<Duration::rep>(drawn < span ? drawn : span));
  }
  template <class List>
  auto& pick(List& list) {
    return list[below(list.size())];
  }

 private:
  Prng prng_;
};

}  // namespace nowthen::sim
