#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nowthen/task.h>

namespace nowthen::sdk {

class Attempt;
struct ForkState;

/// Counts how often each name was used.
class Occurrences {
 public:
  /// 1 for the first use of `name`.
  std::uint32_t next(std::string_view name);

 private:
  std::vector<std::pair<std::string, std::uint32_t>> few_;
  std::unordered_map<std::string, std::uint32_t> many_;
};

/// One line of execution: the handler itself, or a branch of all or race. In it at most one
/// coroutine runs; those that await each other are in `frames`.
struct Branch {
  Attempt* attempt = nullptr;
  std::string prefix;  ///< "", "1.0/", "1.0/2.1/"
  Occurrences names;
  std::uint32_t forks = 0;    ///< all and race begun in it so far
  ForkState* fork = nullptr;  ///< the one under way
  Frame* oldest = nullptr;
  Frame* youngest = nullptr;

  /// "charge", from the second on "charge#2", with the prefix in front.
  std::string path(std::string_view name);
};

/// Ends everything in `branch` and below, children before parents: frames are destroyed, requests
/// abandoned. `waited`: what its fork watches, or null.
void abandon(Branch& branch, Waited* waited);

}  // namespace nowthen::sdk
