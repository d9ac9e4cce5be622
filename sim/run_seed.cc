#include "sim/run_seed.h"

#include <algorithm>

#include "base/planted.h"
#include "sim/world.h"

namespace nowthen::sim {
namespace {

constexpr std::size_t kLinesShown = 40;
constexpr std::uint64_t kTwiceEvery = 100;

Outcome run_once(std::uint64_t seed, std::size_t lines) {
  World world(seed, lines);
  world.run();
  Outcome outcome;
  outcome.hash = world.history().hash();
  const std::string name = "seed " + std::to_string(seed);
  if (const auto& violation = world.violation()) {
    outcome.checker = violation->checker;
    outcome.report = name + " FAILED: " + violation->checker + ": " + violation->what + "\n";
  } else {
    outcome.report = name + " passed";
  }
  for (const std::string& line : world.history().lines()) outcome.report += "  " + line + "\n";
  outcome.report += "  " + world.summary() + "\n";
  return outcome;
}

}  // namespace

Outcome run_seed(std::uint64_t seed, bool verbose) {
  Outcome outcome = run_once(seed, verbose ? History::kPrinted : 0);
  if (!outcome.right() && !verbose) return run_once(seed, kLinesShown);  // now with its last lines
  if (seed % kTwiceEvery != 0) return outcome;
  if (run_once(seed, 0).hash != outcome.hash) {
    outcome.checker = "one seed, one history";
    outcome.report = "seed " + std::to_string(seed) + " FAILED: its second run took another way\n";
  }
  return outcome;
}

#ifdef NOWTHEN_PLANT_BUGS
bool plant(std::string_view bug) {
  const auto name = std::ranges::find(kBugNames, bug.empty() ? kBugNames[0] : bug);
  if (name == std::end(kBugNames)) return false;
  planted_bug = static_cast<Bug>(name - std::begin(kBugNames));
  return true;
}
std::string bug_names() {
  std::string names = "bugs:";
  for (const std::string_view name : kBugNames) names.append(" ").append(name);
  return names + "\n";
}
#else
bool plant(std::string_view bug) { return bug.empty(); }
std::string bug_names() { return {}; }
#endif

}  // namespace nowthen::sim
