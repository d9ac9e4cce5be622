#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include <nowthen/log.h>

#include "base/clock.h"
#include "engine/elsewhere.h"
#include "engine/loop.h"
#include "engine/outbox.h"
#include "engine/policy_book.h"
#include "engine/search.h"
#include "store/store.h"

namespace nowthen::engine {

/// What the engine is made of. The store must be open and outlive nothing else.
struct EngineSetup {
  std::unique_ptr<store::Store> store;
  std::unique_ptr<Clock> clock;
  ReactorFactory make_reactor;  ///< none: the loops serve nothing else
  ExecutorFactory make_executor;
  std::uint16_t partitions = 16;  ///< of the data folder, fixed when it was made
  std::uint16_t loops = 0;        ///< 0: one per core, at most `partitions`
  Limits limits;
  /// How long changes that nobody waits for may wait for others, to share their commit.
  Duration gather = Duration::zero();
  std::uint64_t disk_budget = 0;  ///< bytes that ended invocations may take; 0: no bound
  std::uint64_t seed = 0;         ///< of ids and jitter; different in every process
  /// Operations that whoever runs the engine brings along, under reserved names. Not stored; their
  /// policy may be overridden as others' may.
  std::vector<OperationElsewhere> built_in;
  /// Whose code was on a thread when the last process died: the executor's guess of who killed it.
  std::vector<InvocationId> suspects;
  std::function<void(const Error&)> on_fatal;
  Log log;  ///< takes lines; any thread
  /// Takes the spans of sampled traces, once what they show is durable, on the loops; must not
  /// block. None: there are none, and nothing is done for them.
  std::function<void(const core::Span&)> on_span;
  double trace_sample = 0;  ///< of calls without a trace, this share begins one
};

/// One version of an operation that is run here.
struct OperationHere {
  std::string name;
  std::uint32_t version = 1;
  Declaration declaration;  ///< that of the highest version counts
};

/// An operation as people see it.
struct OperationView {
  std::string name;
  std::vector<std::uint32_t> versions;  ///< ascending
  Declaration declaration;
  std::optional<std::string> executor;  ///< none: it is run in this process
  bool pulled = false;
};

/// The engine: loops with their partitions, one store, the policies. Calls may come from any
/// thread unless said otherwise; answers come on a loop's thread and must not block there.
class Engine {
 public:
  explicit Engine(EngineSetup setup);
  /// Stops without draining, if it was started.
  ~Engine();

  /// Before `start` only. `already_exists` if name and version are taken.
  Result<void> add(OperationHere operation);

  enum class Driving : std::uint8_t { threads, by_hand };
  /// Recovers, then runs: on threads of its own, or turn by turn by `step`.
  Result<void> start(Driving driving);
  /// No call is accepted and no attempt begins any more; what runs may end. Waits up to `patience`
  /// until nothing runs and all is committed.
  void drain(Duration patience);
  bool is_draining() const { return draining_.load(std::memory_order_relaxed); }
  /// Drains; then the loops end. What still ran is lost as by a crash.
  void stop(Duration patience);

  /// One turn of every loop; false if none had anything to do. Driving::by_hand only.
  bool step();
  /// When something is due next. Driving::by_hand only.
  WallTime next_due() const;

  /// Runs an operation. The id is stamped here.
  void invoke(core::Invoke call, Answered answered);
  /// The invocation that took an idempotency key; null id if there is none.
  void find_key(std::string operation, std::string order_key, std::string idempotency_key,
                std::move_only_function<void(Result<InvocationId>)> told);
  /// Await, Signal, Cancel, Park, Resume, Restart, ResolveStep.
  /// With `audit`, that is written in the commit of what the command changes.
  void ask(InvocationId id, core::CommandBody body, Answered answered,
           std::optional<AuditEntry> audit = {});
  /// Entries before `before`, newest first. Any thread; told on any.
  template <class T>
  using Told = std::move_only_function<void(Result<T>)>;
  void audit(WallTime before, std::size_t max, Told<std::vector<AuditEntry>> told);
  /// Facts that somebody keeps with the data (API keys, say), under names with this prefix.
  void facts(std::string prefix, Told<std::map<std::string, std::string>> told);
  /// Writes a fact, or (none) erases it; told once durable.
  void set_fact(std::string name, std::optional<std::string> value, std::optional<AuditEntry> audit,
                Told<void> told);
  WallTime now() const { return setup_.clock->now(); }

  // ---- operations that are run elsewhere: kept with the data; answered on a loop ----
  /// Declares, or declares anew. In force everywhere when told.
  /// `conflict` if it is run in this process.
  void declare(OperationElsewhere operation, std::string who, Told<PolicyReplaced> told);
  /// Forgets it, with its override. What lives of it is parked when it would run.
  void undeclare(std::string name, std::string who, Told<void> told);
  /// By name. Any thread.
  std::vector<OperationView> operations() const;
  std::optional<OperationView> operation(std::string_view name) const;

  // ---- policies: answered on a loop ----
  /// With `if_revision`: only as long as that is the last change, else `conflict`.
  void set_policy(std::string operation, PolicyPatch patch, std::string who,
                  Told<PolicyReplaced> told, std::optional<std::uint64_t> if_revision = {});
  void revert_policy(std::string operation, std::uint64_t seq, std::string who,
                     Told<PolicyReplaced> told);
  void policy(std::string operation, Told<PolicyView> told);
  void policy_history(std::string operation, Told<std::vector<PolicyChange>> told);

  /// See store::Store::back_up. Blocks: on a thread of the caller's own.
  Result<void> back_up(const std::string& folder) { return setup_.store->back_up(folder); }
  /// A page of what matches, from `cursor` (empty: from the start); `invalid_argument` if that is
  /// none.
  void search(SearchFilter filter, std::string_view cursor, std::size_t limit,
              Told<SearchPage> told);
  /// The input of an ended invocation that is in a row of its own. Told on any thread.
  void input(InvocationId id, Told<std::string> told);
  /// See Loop::see.
  void see(InvocationId id, Look look);
  /// Runs `read` on the loop that owns the partition of `id`.
  void look(std::uint16_t partition, std::move_only_function<void(Loop&, Partition&)> read);
  std::uint16_t partitions() const { return setup_.partitions; }
  std::vector<std::unique_ptr<Loop>>& loops() { return loops_; }

 private:
  std::uint16_t partition_of(std::string_view operation, const core::CallOptions& options,
                             std::uint64_t random) const;
  bool is_mine(const Loop& loop) const;
  Loop& loop_of(std::uint16_t partition) { return *loops_[partition % loops_.size()]; }
  OperationView view(const std::string& name) const;
  core::Configure configuration(const std::string& operation) const;
  Result<void> check(const std::string& name, const Declaration& declaration) const;
  Result<void> load_policies();
  Result<void> recover(Driving driving);
  void fail(const Error& error);
  void change_policy(std::string operation, Result<PolicyChange> change, Told<PolicyReplaced> told);
  void broadcast(const std::string& operation, Told<void> told);

  EngineSetup setup_;
  std::map<std::string, std::vector<OperationHere>, std::less<>> operations_;
  mutable std::shared_mutex elsewhere_mutex_;
  std::map<std::string, OperationElsewhere, std::less<>> elsewhere_;
  PolicyBook book_;  ///< touched by loop 0 only, once started
  Outbox outbox_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::vector<std::thread> threads_;
  std::atomic<std::uint64_t> ids_{0};
  std::atomic<bool> failed_{false};
  std::atomic<bool> draining_{false};
  bool started_ = false;
};

}  // namespace nowthen::engine
