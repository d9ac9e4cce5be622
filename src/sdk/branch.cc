#include "sdk/branch.h"

#include <algorithm>
#include <ranges>

#include "sdk/fork.h"

namespace nowthen::sdk {
namespace {

constexpr std::size_t kFew = 8;  // names compared one by one

}  // namespace

std::uint32_t Occurrences::next(std::string_view name) {
  const auto found = std::ranges::find(few_, name, &std::pair<std::string, std::uint32_t>::first);
  if (found != few_.end()) return ++found->second;
  if (few_.size() < kFew) {
    few_.emplace_back(name, 1);
    return 1;
  }
  return ++many_[std::string(name)];
}

std::string Branch::path(std::string_view name) {
  const std::uint32_t occurrence = names.next(name);
  std::string path;
  path.reserve(prefix.size() + name.size() + (occurrence > 1 ? 8 : 0));
  path += prefix;
  path += name;
  if (occurrence > 1) {
    path += '#';
    path += std::to_string(occurrence);
  }
  return path;
}

// Without recursion: branches may be nested deeper than the stack.
void abandon(Branch& root, Waited* root_waited) {
  struct Found {
    Branch* branch;
    Waited* waited;
  };
  std::vector<Found> found{{&root, root_waited}};  // parents before children
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (ForkState* fork = found[i].branch->fork)
      for (ForkState::Slot& slot : fork->slots) found.push_back({&slot.branch, slot.waited});
  }
  for (const Found& each : std::views::reverse(found)) {
    if (each.waited != nullptr) each.waited->abandon();
    while (Frame* youngest = each.branch->youngest) youngest->owner->destroy();
    each.branch->fork = nullptr;
  }
}

}  // namespace nowthen::sdk
