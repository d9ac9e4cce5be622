#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nowthen::sim {

struct Outcome {
  std::uint64_t hash = 0;  ///< of the history
  std::string checker;     ///< that found something wrong; empty: nothing
  std::string report;      ///< for people
  bool right() const { return checker.empty(); }
};

/// Lives through the history of `seed`; one in a hundred twice, which must be the same.
Outcome run_seed(std::uint64_t seed, bool verbose = false);

/// Switches a planted bug on; false if there is no such bug, or none is compiled in. Empty: none.
bool plant(std::string_view bug);
/// One a line; empty when none is compiled in.
std::string bug_names();

}  // namespace nowthen::sim
