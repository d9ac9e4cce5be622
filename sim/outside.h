#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nowthen/id.h>
#include <nowthen/policy.h>

namespace nowthen::sim {

/// The world beyond the engine: it keeps what steps have done to it, whoever forgets.
class Ledger {
 public:
  struct Run {
    std::string what;
    unsigned life = 0;
    Duration at{};
    bool done = false;   ///< false: it failed
    bool death = false;  ///< of its process
  };
  Run& add(const std::string& token, Run run) { return runs_[token].emplace_back(std::move(run)); }
  const std::vector<Run>* runs(const std::string& token) const {
    const auto found = runs_.find(token);
    return found == runs_.end() ? nullptr : &found->second;
  }
  /// How often its code has killed the process.
  std::size_t deaths(InvocationId id) const;
  const std::map<std::string, std::vector<Run>>& all() const { return runs_; }

 private:
  std::map<std::string, std::vector<Run>> runs_;  ///< by step token
};

// ---- for the code of workloads -----------------------------------------------------------------

/// What a step about `what` must answer.
std::int64_t value_of(std::string_view what);
/// A step function: enters the ledger, answers value_of(what).
std::int64_t act(std::string what);
/// As `act`, but the first `failures` tries throw.
std::int64_t act_after(std::string what, std::uint32_t failures);
/// As `act`, but the process dies of the first `deaths` tries.
std::int64_t act_deadly(std::string what, std::uint32_t deaths);
/// As `act`, with a result of more than a kilobyte.
std::string act_large(std::string what);
/// Fails for good.
std::int64_t act_never(std::string what);
/// From handlers: what must hold whatever happens.
void expect(bool holds, std::string_view what);
/// From handlers: the value came from the step that was asked.
void expect_value(std::int64_t value, std::string_view what);

}  // namespace nowthen::sim
