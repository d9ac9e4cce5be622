// What workers do elsewhere: an attempt is stored before a worker has it, and a step before the
// worker that did it is told so.

#include "sim/checkers/checkers.h"
#include "sim/world.h"

namespace nowthen::sim {
namespace {

class Workers final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "what a worker is told is stored"; }

  void began(const LetGo& go, const core::Invocation& invocation) override {
    if (!go.current || invocation.operation != kPulledOperation) return;
    if (!world_.book().was_stored(go.lease.id))
      wrong("a worker has an attempt of " + to_string(go.lease.id) + ", which is not stored");
  }

  void told(const Told& told) override {
    if (told.reply.refused) return;
    if (const auto* record = std::get_if<core::RecordStep>(&told.asked)) {
      check(record->id, record->path, told.reply.outcome);
    } else if (const auto* read = std::get_if<core::ReadStep>(&told.asked)) {
      check(read->id, read->path, told.reply.outcome);
    }
  }

 private:
  void check(InvocationId id, const std::string& path, const core::Outcome& outcome) {
    if (!world_.book().is_live(id) || world_.may_restart(id)) return;  // its journal is gone
    const core::Entry* entry = world_.book().entry(id, path);
    const std::string step = to_string(id) + "/" + path;
    if (entry == nullptr) return wrong("a worker was told of " + step + ", which is not stored");
    if (entry->outcome != outcome) wrong("a worker was told another result of " + step);
  }
};

}  // namespace

std::unique_ptr<Checker> checkers::workers(World& world) {
  return std::make_unique<Workers>(world);
}

}  // namespace nowthen::sim
