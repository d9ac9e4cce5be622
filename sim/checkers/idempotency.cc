// One idempotency key is one invocation as long as that is retained.

#include <map>

#include "sim/checkers/checkers.h"
#include "sim/world.h"
#include "store/codec.h"

namespace nowthen::sim {
namespace {

class Idempotency final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "one key, one invocation"; }

  void committed(const CommitSeen& seen) override {
    for (const std::string& key : seen.records) check_record(key);
    for (const CommitSeen::Header& header : seen.headers) {
      if (header.after != nullptr) check_owner(*header.after);
    }
  }

  void told(const Told& told) override {
    const auto* call = std::get_if<core::Invoke>(&told.asked);
    if (call == nullptr || call->options.idempotency_key.empty()) return;
    const core::Reply& reply = told.reply;
    if (reply.id.is_null()) return;
    const std::string record = core::idempotency_record(call->operation, call->options.order_key,
                                                        call->options.idempotency_key);
    const auto [known, fresh] = ids_.emplace(record, reply.id);
    if (fresh || known->second == reply.id) return;
    const Ending* end = world_.book().ending(known->second);
    if (end == nullptr || !end->purged) {
      wrong("key " + call->options.idempotency_key + " is " + to_string(known->second) +
            " and also " + to_string(reply.id));
    }
    known->second = reply.id;
  }

 private:
  void check_record(const std::string& key) {
    const core::IdempotencyRecord* record = world_.book().record(key);
    if (record == nullptr) return;
    const Ending* end = world_.book().ending(record->id);
    const bool kept = world_.book().is_live(record->id) || (end != nullptr && !end->purged);
    if (!kept) wrong("a key is taken by " + to_string(record->id) + ", which is not stored");
  }
  void check_owner(const core::Invocation& inv) {
    if (inv.idempotency_key.empty()) return;
    const std::string key = store::idempotency_key(
        inv.id.partition(),
        core::idempotency_record(inv.operation, inv.order.key, inv.idempotency_key));
    const core::IdempotencyRecord* record = world_.book().record(key);
    if (record == nullptr || record->id != inv.id) {
      wrong(to_string(inv.id) + " is stored, and its key is not its own");
    }
  }

  std::map<std::string, InvocationId> ids_;
};

}  // namespace

std::unique_ptr<Checker> checkers::idempotency(World& world) {
  return std::make_unique<Idempotency>(world);
}

}  // namespace nowthen::sim
