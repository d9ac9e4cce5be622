#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <boost/unordered/unordered_map.hpp>

#include "base/limits.h"
#include "core/effect.h"
#include "core/invocation.h"

namespace nowthen::core {

struct Operation;

/// What stays in memory of every live invocation; the rest may be evicted.
struct Live {
  std::unique_ptr<Invocation> loaded;  ///< null: evicted, only its rows exist
  Operation* operation = nullptr;
  WallTime due = kNever;  ///< not later than its earliest timer
  AcceptSeq accepted_seq{};
  State state = State::ready;
  std::uint8_t rank = 0;  ///< 9 - priority
};

/// A stored answer about an invocation that is not live.
struct Finished {
  State state = State::succeeded;
  Outcome outcome;
  std::uint32_t done = 0;
  bool absent = false;  ///< there is no such row: purged, or never accepted
};

struct IdempotencyRecord {
  InvocationId id;
  std::uint64_t fingerprint = 0;
};

/// A call that ended without ever being written.
struct Unstored {
  InvocationId id;
  std::string operation;
  State state = State::succeeded;
  WallTime accepted{};
  WallTime ended{};
  std::string note;  ///< of a failure
};

struct Wake {
  WallTime due;
  InvocationId id;
  friend bool operator<(const Wake& a, const Wake& b) {
    return std::tie(b.due, b.id) < std::tie(a.due, a.id);  // the earliest on top
  }
};

/// Place among those that may run: higher priority first, then order of acceptance.
struct ReadyPlace {
  std::uint8_t rank = 0;  ///< 9 - priority
  AcceptSeq seq{};
  InvocationId id;
  friend auto operator<=>(const ReadyPlace&, const ReadyPlace&) = default;
};

ReadyPlace place_of(const Invocation& invocation);

/// What a partition knows of an operation.
struct Operation {
  std::string name;
  Policy policy;
  std::string key_scope;                ///< of its order keys
  std::vector<std::uint32_t> versions;  ///< ascending; empty: nothing runs it here
  bool pulled = false;                  ///< its attempts begin when a worker asks for them
  std::set<ReadyPlace> line;            ///< pulled: those that wait for a worker
  bool told = false;                    ///< its executor knows that there is work in `line`

  bool runs(std::uint32_t version) const;
};

/// All that one partition knows. Derived from rows and commands alone; touched by one loop.
/// Containers are ordered wherever their order could reach an effect.
class PartitionState {
 public:
  PartitionState(std::uint16_t partition, std::uint16_t partitions, Limits limits);

  const std::uint16_t partition;
  const std::uint16_t partitions;  ///< of the data folder, fixed when it is made
  const Limits limits;

  std::map<std::string, std::unique_ptr<Operation>, std::less<>> operations;
  boost::unordered_map<InvocationId, Live, std::hash<InvocationId>> live;
  std::map<OrderKey, std::deque<InvocationId>> order_lines;  ///< the first of a line holds the key
  std::set<ReadyPlace> ready;       ///< those that wait for a free place; see also Operation::line
  std::uint32_t running = 0;        ///< places taken: State::running, or kept in `loading`
  std::set<InvocationId> loading;   ///< those that a place is kept for until StartLoaded
  std::set<InvocationId> taken;     ///< of `loading`: those that a worker has asked for
  std::set<std::string> cut_short;  ///< operations with work that a Take found no free place for
  AcceptSeq last_accepted{};
  bool draining = false;          ///< no attempt begins any more
  bool traced = false;            ///< Span effects are wanted; set once
  WallTime recovered{};           ///< when this process began
  std::deque<Unstored> unstored;  ///< the last kUnstoredKept of them

  // Rows fetched because `apply` asked for them. The engine clears them after the command.
  std::map<InvocationId, Finished> fetched_finished;
  std::map<std::string, std::optional<IdempotencyRecord>> fetched_keys;
  std::map<std::pair<OrderKey, std::string>, std::optional<Bytes>> fetched_state;

  /// Where those of an operation stand that may run.
  std::set<ReadyPlace>& line_of(Operation& operation) {
    return operation.pulled ? operation.line : ready;
  }
  const std::set<ReadyPlace>& line_of(const Operation& operation) const {
    return operation.pulled ? operation.line : ready;
  }
  Live* find(InvocationId id);
  /// What is known of an operation: at least its name.
  Operation& operation_named(const std::string& name);
  /// Enters what `id` names again after eviction. Precondition: live and evicted.
  void reload(std::unique_ptr<Invocation> invocation);
  /// Enters a new invocation; its state and lines are the caller's to set.
  Live& add(std::unique_ptr<Invocation> invocation, Operation& operation);
  /// Enters a live invocation found at start; `Recover` follows when all are in.
  void enter(std::unique_ptr<Invocation> invocation);
  /// Forgets all but what `Live` keeps, if that is allowed: stored, not resident, no waiters, not
  /// running. Its rows must be committed.
  void evict(InvocationId id);

  /// Makes sure that `id` is looked at when `due` has come.
  void wake_at(InvocationId id, WallTime due);
  /// Nothing of `id` is due before `due` any more.
  void set_due(InvocationId id, WallTime due);
  /// The earliest time at which something may be due; kNever if there is none.
  WallTime next_due() const;
  /// Takes the next invocation that may have something due at `now`.
  std::optional<InvocationId> pop_due(WallTime now);

  void forget_fetched() {
    if (!fetched_finished.empty()) fetched_finished.clear();
    if (!fetched_keys.empty()) fetched_keys.clear();
    if (!fetched_state.empty()) fetched_state.clear();
  }

  static constexpr std::size_t kUnstoredKept = 1'000;

 private:
  // Only what is due before the horizon is in the heap: most timeouts never fire, and what sleeps
  // for long costs no more than its `Live`. When the horizon is passed, `live` is swept if needed.
  static constexpr Duration kHorizon = std::chrono::seconds(5);
  std::priority_queue<Wake> wakes_;
  WallTime horizon_ = WallTime::min();
  WallTime beyond_ = kNever;  ///< not later than the earliest due beyond the horizon
  void advance_horizon(WallTime now);
};

/// Where an invocation with these keys lives; `random` decides where there is no key.
std::uint16_t partition_of(std::uint16_t partitions, std::string_view operation,
                           std::string_view key_scope, const CallOptions& options,
                           std::uint64_t random);
/// The name under which an idempotency key is stored: unique per operation and order key.
std::string idempotency_record(std::string_view operation, std::string_view order_key,
                               std::string_view idempotency_key);
/// Of what a repeated call must not differ in.
std::uint64_t fingerprint(std::string_view operation, std::string_view order_key,
                          std::string_view input, std::string_view callback = {});

}  // namespace nowthen::core
