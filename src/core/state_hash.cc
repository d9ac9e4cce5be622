#include "core/state_hash.h"

#include <string_view>
#include <type_traits>
#include <utility>

#include "base/prng.h"

namespace nowthen::core {
namespace {

/// Takes numbers and texts in order; the same sequence gives the same value.
class Hasher {
 public:
  template <class T>
    requires std::is_integral_v<T> || std::is_enum_v<T>
  Hasher& add(T value) {
    hash_ = mix64(hash_ ^ static_cast<std::uint64_t>(value));
    return *this;
  }
  Hasher& add(std::string_view text) {
    add(text.size());
    std::uint64_t word = 0;
    std::size_t taken = 0;
    for (const char c : text) {
      word = (word << 8) | static_cast<unsigned char>(c);
      if (++taken % sizeof word == 0) add(std::exchange(word, 0));
    }
    return add(word);
  }
  Hasher& add(WallTime time) { return add(to_us(time)); }
  Hasher& add(InvocationId id) { return add(id.high).add(id.low); }
  Hasher& add(const Outcome& outcome) { return add(outcome.code).add(outcome.data); }
  Hasher& add(const OrderKey& order) { return add(order.scope).add(order.key); }
  Hasher& add(const ParentLink& to) { return add(to.id).add(to.path).add(to.call); }
  Hasher& add(const BufferedSignal& signal) { return add(signal.name).add(signal.payload); }
  Hasher& add(const Entry& entry) {
    add(entry.path).add(entry.kind).add(entry.done_seq).add(entry.tries).add(entry.since);
    if (!is_step(entry.kind)) add(entry.due);
    return add(entry.child).add(entry.outcome);
  }
  template <class T>
  Hasher& add(const std::vector<T>& list) {
    add(list.size());
    for (const T& each : list) add(each);
    return *this;
  }
  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0;
};

void add_life(Hasher& hash, const Invocation& of) {
  hash.add(stored_state(of)).add(of.park_reason).add(of.note);
  hash.add(of.attempt).add(of.epoch).add(of.failures).add(of.crashes).add(of.done_at_start);
  hash.add(of.backoff_due).add(of.cancel_seq).add(of.cancel_note).add(of.cleanup_due);
  hash.add(of.ended).add(of.outcome);
}

}  // namespace

std::uint64_t hash_of(const Invocation& of) {
  Hasher hash;
  hash.add(of.id).add(of.operation).add(of.version).add(of.mode).add(of.priority).add(of.order);
  hash.add(of.idempotency_key).add(of.fingerprint).add(of.held_above).add(of.depth).add(of.trace);
  hash.add(of.callback).add(of.parents).add(of.accepted_seq).add(of.accepted).add(of.not_before);
  hash.add(of.start_due).add(of.answer_due).add(of.on_timeout);
  add_life(hash, of);
  hash.add(of.input).add(of.done).add(of.signals).add(of.last_seq);
  for (const Entry& entry : of.open) {
    if (is_stored(entry)) hash.add(entry);
  }
  return hash.value();
}

std::uint64_t outline_hash(const PartitionState& state) {
  const auto counts = [&state](InvocationId id) {
    const auto live = state.live.find(id);
    return !live->second.loaded || live->second.loaded->stored;
  };
  std::uint64_t sum = 0;  // of hashes: the order does not matter
  for (const auto& [id, live] : state.live) {
    if (!counts(id)) continue;
    const State stored = live.loaded ? stored_state(*live.loaded) : live.state;
    sum += Hasher().add(id).add(live.accepted_seq).add(live.rank).add(stored).value();
  }
  for (const auto& [order, line] : state.order_lines) {
    for (const InvocationId id : line) {
      if (counts(id)) sum += Hasher().add(order).add(id).value();
    }
  }
  return sum;
}

std::uint64_t state_hash(const PartitionState& state) {
  std::uint64_t sum = outline_hash(state);
  for (const auto& [id, live] : state.live) {
    if (live.loaded && live.loaded->stored) sum += hash_of(*live.loaded);
  }
  return sum;
}

}  // namespace nowthen::core
