#include "core/partition_state.h"

#include <algorithm>

#include "base/assert.h"
#include "base/planted.h"
#include "base/prng.h"
#include "base/wire.h"

namespace nowthen::core {
namespace {

/// The bytes as a number, the first byte lowest: the same on every machine. At most 8 bytes.
std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    value |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return value;
}

/// Eight bytes at a time, as inputs may be large. Stored, and it decides where a key lives: never
/// change it. The length goes in first, so that joined texts do not collide.
std::uint64_t hash_text(std::uint64_t seed, std::string_view text) {
  std::uint64_t hash = seed ^ (0xcbf29ce484222325ULL + text.size());
  const auto take = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 32;
  };
  for (; text.size() >= 8; text.remove_prefix(8)) take(little_endian(text.substr(0, 8)));
  take(little_endian(text));
  return mix64(hash);
}

bool may_evict(const Invocation& invocation) {
  return invocation.stored && !invocation.resident && invocation.waiters.empty() &&
         invocation.state != State::running;
}

}  // namespace

bool Operation::runs(std::uint32_t version) const {
  return std::binary_search(versions.begin(), versions.end(), version);
}

PartitionState::PartitionState(std::uint16_t own, std::uint16_t all, Limits allowed)
    : partition(own), partitions(all), limits(allowed) {
  NT_ASSERT(own < all);
}

Live* PartitionState::find(InvocationId id) {
  const auto it = live.find(id);
  return it == live.end() ? nullptr : &it->second;
}

Operation& PartitionState::operation_named(const std::string& name) {
  std::unique_ptr<Operation>& operation = operations[name];
  if (!operation) {
    operation = std::make_unique<Operation>();
    operation->name = name;
  }
  return *operation;
}

void PartitionState::reload(std::unique_ptr<Invocation> invocation) {
  Live* entry = find(invocation->id);
  NT_ASSERT(entry != nullptr && entry->loaded == nullptr);
  entry->loaded = std::move(invocation);
}

ReadyPlace place_of(const Invocation& invocation) {
  return {static_cast<std::uint8_t>(9 - invocation.priority), invocation.accepted_seq,
          invocation.id};
}

Live& PartitionState::add(std::unique_ptr<Invocation> invocation, Operation& operation) {
  const auto [it, added] = live.try_emplace(invocation->id);
  NT_ASSERT(added);
  Live& entry = it->second;
  entry.operation = &operation;
  entry.accepted_seq = invocation->accepted_seq;
  entry.state = invocation->state;
  entry.rank = place_of(*invocation).rank;
  entry.loaded = std::move(invocation);
  return entry;
}

void PartitionState::enter(std::unique_ptr<Invocation> invocation) {
  Operation& operation = operation_named(invocation->operation);  // maybe declared no more
  last_accepted = std::max(last_accepted, invocation->accepted_seq);
  const InvocationId id = invocation->id;
  const bool held = invocation->state == State::running;
  if (!invocation->order.empty() && invocation->state != State::scheduled) {
    order_lines[invocation->order].push_back(id);  // put in order by Recover
  }
  const WallTime due = core::next_due(*invocation, operation.policy);
  Live& entry = add(std::move(invocation), operation);
  wake_at(id, due);
  if (!held) entry.loaded.reset();
}

void PartitionState::evict(InvocationId id) {
  Live* entry = find(id);
  if (entry == nullptr || !entry->loaded || !may_evict(*entry->loaded)) return;
  if (planted(Bug::timer_lost_on_eviction)) entry->due = kNever;
  entry->loaded.reset();
}

void PartitionState::wake_at(InvocationId id, WallTime due) {
  if (due == kNever) return;
  Live* entry = find(id);
  NT_ASSERT(entry != nullptr);
  if (due >= entry->due) return;
  entry->due = due;
  if (due < horizon_) {
    wakes_.push({due, id});
  } else {
    beyond_ = std::min(beyond_, due);
  }
}

void PartitionState::set_due(InvocationId id, WallTime due) {
  Live* entry = find(id);
  NT_ASSERT(entry != nullptr);
  if (due == entry->due) return;
  entry->due = kNever;
  wake_at(id, due);
}

WallTime PartitionState::next_due() const {
  return wakes_.empty() ? beyond_ : std::min(wakes_.top().due, beyond_);
}

std::optional<InvocationId> PartitionState::pop_due(WallTime now) {
  if (planted(Bug::timer_early)) now += kEarly;
  if (horizon_ <= now) advance_horizon(now);
  while (!wakes_.empty() && wakes_.top().due <= now) {
    const Wake wake = wakes_.top();
    wakes_.pop();
    Live* entry = find(wake.id);
    if (entry == nullptr || entry->due != wake.due) continue;  // ended, or due at another time
    entry->due = kNever;
    return wake.id;
  }
  return std::nullopt;
}

void PartitionState::advance_horizon(WallTime now) {
  const WallTime from = horizon_;
  horizon_ = after(now, kHorizon);
  if (beyond_ >= horizon_) return;  // nothing lies between
  beyond_ = kNever;
  for (const auto& [id, entry] : live) {  // the heap orders by time and id, not by this order
    if (entry.due < from || entry.due == kNever) continue;
    if (entry.due < horizon_) {
      wakes_.push({entry.due, id});
    } else {
      beyond_ = std::min(beyond_, entry.due);
    }
  }
}

std::uint16_t partition_of(std::uint16_t partitions, std::string_view operation,
                           std::string_view key_scope, const CallOptions& options,
                           std::uint64_t random) {
  std::uint64_t hash = random;
  if (!options.order_key.empty()) {
    hash = hash_text(hash_text(1, key_scope.empty() ? operation : key_scope), options.order_key);
  } else if (!options.idempotency_key.empty()) {
    hash = hash_text(hash_text(2, operation), options.idempotency_key);
  }
  return static_cast<std::uint16_t>(hash % partitions);
}

std::string idempotency_record(std::string_view operation, std::string_view order_key,
                               std::string_view idempotency_key) {
  std::string record;
  record.reserve(operation.size() + order_key.size() + idempotency_key.size() + 4);
  Writer out(record);  // with lengths: a key may contain any byte
  out.bytes(operation);
  out.bytes(order_key);
  out.raw(idempotency_key);
  return record;
}

std::uint64_t fingerprint(std::string_view operation, std::string_view order_key,
                          std::string_view input, std::string_view callback) {
  const std::uint64_t hash = hash_text(hash_text(hash_text(3, operation), order_key), input);
  return callback.empty() ? hash : hash_text(hash, callback);
}

}  // namespace nowthen::core
