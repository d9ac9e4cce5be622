// Each end of a call with a callback is told by one invocation of its own, accepted with that end.

#include <map>
#include <set>

#include "core/callback.h"
#include "sim/checkers/checkers.h"
#include "sim/world.h"

namespace nowthen::sim {
namespace {

class Callbacks final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "a callback is told of the end"; }

  void committed(const CommitSeen& seen) override {
    for (const store::FinishedRow& row : seen.ended) ended(row);
    for (const CommitSeen::Header& header : seen.headers) {
      if (header.after == nullptr) continue;
      const core::Invocation& inv = *header.after;
      if (!inv.callback.empty()) asked_.emplace(inv.id, inv.callback);
      if (inv.operation == core::kCallbackOperation && header.before == nullptr) accepted(inv);
    }
  }

  void at_end() override {
    for (const auto& [by, id] : told_by_) {
      if (!world_.book().was_stored(by))
        wrong("the callback of " + to_string(id) + " was never told of its end");
    }
  }

 private:
  void ended(const store::FinishedRow& row) {
    const auto asked = asked_.find(row.id);
    if (asked != asked_.end() && asked->second != row.callback)
      wrong(to_string(row.id) + " ended, and its callback is another one");
    if (row.callback.empty()) return;
    if (row.told_by.is_null()) return wrong(to_string(row.id) + " ended, and nobody is told");
    if (!told_by_.emplace(row.told_by, row.id).second)
      wrong(to_string(row.told_by) + " tells of two ends");
  }
  void accepted(const core::Invocation& inv) {
    const auto found = told_by_.find(inv.id);
    if (found == told_by_.end()) return wrong(to_string(inv.id) + " tells of what has not ended");
    if (!accepted_.insert(inv.id).second) wrong(to_string(inv.id) + " is accepted again");
    if (inv.input_row) return;
    const auto told = core::read_callback(inv.input);
    const Ending* end = world_.book().ending(found->second);
    if (!told || end == nullptr || told->id != found->second || told->state != end->state ||
        told->outcome != end->outcome) {
      wrong(to_string(inv.id) + " tells of another end than that of " + to_string(found->second));
    }
  }

  std::map<InvocationId, std::string> asked_;
  std::map<InvocationId, InvocationId> told_by_;  ///< the invocation that tells: of which
  std::set<InvocationId> accepted_;
};

}  // namespace

std::unique_ptr<Checker> checkers::callbacks(World& world) {
  return std::make_unique<Callbacks>(world);
}

}  // namespace nowthen::sim
