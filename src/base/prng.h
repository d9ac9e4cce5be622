#pragma once

#include <cstdint>

namespace nowthen {

/// SplitMix64 (Steele, Lea, Flood 2014). Deterministic, small, not for secrets.
class Prng {
 public:
  explicit constexpr Prng(std::uint64_t seed) : state_(seed) {}
  constexpr std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  /// Uniform in [0, bound), bound > 0. The bias of 2^-32 for small bounds is accepted.
  constexpr std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  /// Uniform in [0, 1).
  constexpr double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

 private:
  std::uint64_t state_;
};

/// One mixing step, for hashing numbers.
constexpr std::uint64_t mix64(std::uint64_t value) { return Prng{value}.next(); }

}  // namespace nowthen
