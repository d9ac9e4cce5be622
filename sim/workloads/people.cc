// Operators and readers: they park, resume, restart, resolve and cancel, change policies, and look
// at results. What is parked at the end, they bring to an end.

#include "sim/workloads/workloads.h"

namespace nowthen::sim {
namespace {

using namespace std::chrono_literals;

class People final : public Workload {
 public:
  using Workload::Workload;
  std::string_view name() const override { return "people"; }

  void setup(Life&) override {}
  void start() override {
    meddling_ = world_.dice().chance(600);
    look();
    if (meddling_) meddle();
    tidy();
  }

 private:
  /// Somebody reads a result.
  void look() {
    world_.later(world_.dice().wait(1ms, 1s), 0, [this] {
      if (!world_.storm()) return;
      if (const auto id = world_.known_id()) {
        core::Await await;
        await.id = *id;
        await.wait = world_.dice().wait(Duration(0), 2s);
        world_.ask(*id, await, nullptr);
      }
      look();
    });
  }

  /// Somebody interferes with what goes on, at any moment.
  void meddle() {
    world_.later(world_.dice().wait(1ms, 2s), 0, [this] {
      if (!world_.storm()) return;
      if (const auto id = live_id()) interfere(*id);
      if (world_.dice().chance(200)) change_policy();
      meddle();
    });
  }
  std::optional<InvocationId> live_id() {
    const auto& live = world_.book().live();
    if (live.empty()) return std::nullopt;
    auto one = live.begin();
    std::advance(one, world_.dice().below(live.size()));
    return one->first;
  }
  void interfere(InvocationId id) {
    switch (world_.dice().below(6)) {
      case 0:
        return world_.ask(id, core::Park{id, "looks odd", {}}, nullptr);
      case 1:
        return world_.ask(id, core::Resume{id, {}}, nullptr);
      case 2:
        return restart(id);
      case 3:
        return world_.ask(id, core::Signal{id, "go", "-1", {}}, nullptr);
      case 4:
        return world_.ask(id, core::Cancel{id, "a person", {}}, nullptr);
      default:
        return settle(id);
    }
  }
  void restart(InvocationId id) {
    world_.allow_restart(id);
    world_.allow_again(to_string(id) + "/once");  // with a new journal it may
    world_.ask(id, core::Restart{id, {}}, nullptr);
  }

  void change_policy() {
    Life* life = world_.life();
    if (life == nullptr) return;
    Dice& dice = world_.dice();
    static const std::vector<std::string> kOperations = {"chain", "night", "member", "pay", "tree"};
    PolicyPatch patch;
    switch (dice.below(4)) {
      case 0:
        patch.set("mode", dice.chance(500) ? "later" : "auto");
        break;
      case 1:
        patch.set("attempt_timeout", dice.chance(500) ? "300ms" : "20s");
        break;
      case 2:
        patch.set("retain", dice.chance(500) ? "1s" : "10s");
        break;
      default:
        patch.clear("mode").clear("attempt_timeout");
        break;
    }
    world_.note(0, "a policy changes");
    life->engine()->set_policy(dice.pick(kOperations), std::move(patch), "people",
                               [](const auto&) {});
  }

  /// Somebody looks after what is parked, in the end all of it.
  void tidy() {
    world_.later(world_.dice().wait(100ms, 5s), 0, [this] {
      std::vector<InvocationId> parked;
      for (const auto& [id, header] : world_.book().live()) {
        if (header->state == core::State::parked) parked.push_back(id);
      }
      if (!parked.empty()) settle(world_.dice().pick(parked));
      tidy();
    });
  }
  void settle(InvocationId id) {
    const core::Invocation* header = world_.book().header(id);
    if (header == nullptr || header->state != core::State::parked) return;
    if (++settled_[id] > 5) return world_.ask(id, core::Cancel{id, "hopeless", {}}, nullptr);
    if (header->park_reason != core::ParkReason::outcome_unknown) {
      return world_.ask(id, core::Resume{id, {}}, nullptr);
    }
    for (const core::Entry& open : header->open) {
      if (open.kind == core::EntryKind::step_once) return resolve(id, open.path);
    }
  }
  /// Looks in the ledger: what was done is its result, else it may run again.
  void resolve(InvocationId id, const std::string& path) {
    const std::string token = to_string(id) + "/" + path;
    core::ResolveStep said{id, path, std::nullopt, {}};
    if (const auto* runs = world_.ledger().runs(token)) {
      said.outcome = core::Outcome{ErrorCode::none, std::to_string(value_of(runs->front().what))};
    } else {
      world_.allow_again(token);
    }
    world_.ask(id, std::move(said), nullptr);
  }

  bool meddling_ = false;
  std::map<InvocationId, int> settled_;
};

}  // namespace

std::unique_ptr<Workload> workloads::people(World& world) {
  return std::make_unique<People>(world);
}

}  // namespace nowthen::sim
