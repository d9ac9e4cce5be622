#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include <nowthen/log.h>

#include "base/clock.h"
#include "base/prng.h"
#include "engine/executor.h"
#include "engine/outbox.h"
#include "engine/partition.h"
#include "engine/reactor.h"
#include "engine/turn.h"
#include "store/finished_row.h"
#include "store/store.h"

namespace nowthen::engine {

/// Whether the calling thread runs a loop: it must not wait for one.
bool on_loop_thread();

/// The executor may keep the reactor: it lives as long.
using ExecutorFactory = std::function<std::unique_ptr<Executor>(LoopPort&, Reactor&)>;
using ReactorFactory = std::function<std::unique_ptr<Reactor>()>;
/// Called once, on the loop; must not block.
using Answered = std::move_only_function<void(core::Reply)>;
/// Answers that nothing was done, about nothing stored.
void refuse(Answered& answered, ErrorCode code, std::string why);

/// What a loop needs of its surroundings.
struct LoopSeams {
  store::Store& store;
  const Clock& clock;
  ReactorFactory make_reactor;  ///< none: the loop only sleeps
  ExecutorFactory make_executor;
  /// Hands a job to the loop that owns a partition, with that loop. Any thread.
  std::function<void(std::uint16_t partition, std::move_only_function<void(class Loop&)>)> route;
  /// Called once, from the loop, when the store has failed.
  std::function<void(const Error&)> on_fatal;
  Log log;                                         ///< takes lines; any thread
  std::function<void(const core::Span&)> on_span;  ///< see EngineSetup
  std::uint64_t seed = 0;
  Duration gather{};              ///< see EngineSetup
  std::uint64_t disk_budget = 0;  ///< bytes of ended invocations of this loop; 0: no bound
  Outbox* outbox = nullptr;       ///< of the whole engine
};

/// An invocation as it is now: live, or ended. Exactly one of them is there.
struct Seen {
  const core::PartitionState& partition;
  const core::Invocation* live = nullptr;
  const store::FinishedRow* ended = nullptr;
};
/// Looks, and gives back what tells of it. What `Seen` refers to is valid during the call only.
using Look = std::move_only_function<std::move_only_function<void()>(Result<Seen>)>;

/// One loop: a few partitions, one commit at a time, and the executor of their attempts.
///
/// A turn drains what came in, applies it, and closes with one atomic commit; what leaves waits
/// for the commit of the state it was computed from. Everything but `post`, `ask` and `stop` is
/// called on the loop's thread only: there is no lock behind it.
class Loop final : public LoopPort {
 public:
  Loop(LoopSeams seams, const std::vector<std::uint16_t>& own_partitions,
       std::uint16_t partitions_in_all, const Limits& limits);
  ~Loop() override;

  // ---- any thread ----
  void post(std::move_only_function<void()> job) override;
  /// Applies `body` in `partition` and answers once. The waiter in `body` is set here.
  /// With `audit`, that is written in the commit of what the command changes.
  void ask(std::uint16_t partition, core::CommandBody body, Answered answered,
           std::optional<AuditEntry> audit = {});
  void stop();
  /// The loop that the calling thread runs; null if it runs none.
  static Loop* here();

  // ---- loop thread ----
  /// Claims the partitions, loads what is live, and lets attempts begin. Blocks.
  /// `suspects`: see EngineSetup.
  Result<void> recover(const std::vector<InvocationId>& suspects);
  /// One turn, without waiting. False if there was nothing to do.
  bool turn();
  /// When `turn` should be called again if nothing is posted before.
  WallTime next_due() const;
  /// Turns until `stop`, sleeping in between.
  void run();
  /// From now on `ask` is refused with `unavailable`. Any thread.
  void refuse_more() { draining_ = true; }
  /// Likewise, and no attempt begins.
  void drain();
  /// Nothing more is accepted, written or released; waiters are told why, or that theirs is stored.
  void fail(const Error& error);
  /// After `run` has returned and the store has settled: whoever waits for what is durable by now
  /// is told that; then it fails.
  void close();
  /// After `close` of all loops, while all have their reactors: the answers of the others leave,
  /// the executor goes, and nothing is posted any more.
  void end();

  void submit(core::CommandBody command) override;
  void submit_to(std::uint16_t partition, core::CommandBody command) override;
  WallTime now() const override { return now_; }

  /// Applies a command that is about no invocation: Configure.
  void configure(const core::Configure& command);
  /// The row of an entry of the audit; stamped with the time of this turn.
  store::RowWrite audit_row(AuditEntry entry);
  /// Writes rows that are not an invocation's, with the next commit; then calls `done`.
  void write(std::uint16_t partition, std::vector<store::RowWrite> rows,
             std::move_only_function<void()> done);

  using KeyFound = std::optional<core::IdempotencyRecord>;
  /// Who took an idempotency key (see core::idempotency_record), as far as this loop knows.
  void find_key(Partition& partition, const std::string& record,
                std::move_only_function<void(Result<KeyFound>)> then);

  /// Reads an evicted invocation without entering it. `corruption` if it is not live any more.
  void read_live_rows(InvocationId id,
                      store::Completion<Result<std::unique_ptr<core::Invocation>>> done);

  /// Reads an ended invocation, once its end is committed; none if there is no row of it.
  void read_finished_row(const Partition& partition, InvocationId id,
                         store::Completion<Result<std::optional<store::FinishedRow>>> done);

  /// Calls `job` once all that is known of the partition by now is committed; at once if it is.
  void when_committed(Partition& partition, std::move_only_function<void()> job);
  /// Looks at an invocation, wherever it is; what came of it is told once all that it was read from
  /// is committed. `not_found` if it is neither live nor kept.
  void see(Partition& partition, InvocationId id, Look look);

  /// Calls `changed` after each commit that changed the invocation, until `unwatch`.
  using WatchId = std::uint64_t;
  WatchId watch(InvocationId id, std::function<void()> changed);
  void unwatch(InvocationId id, WatchId watch);

  Partition* find(std::uint16_t partition);
  const std::vector<std::unique_ptr<Partition>>& partitions() const { return partitions_; }
  /// Whether there are changes that no commit has been asked for.
  bool has_uncommitted() const { return !open_->empty(); }
  Executor& executor() { return *executor_; }
  Reactor& reactor() { return *reactor_; }
  /// Calls `then` once no attempt runs and all is committed.
  void when_idle(std::move_only_function<void()> then) { when_idle_ = std::move(then); }

 private:
  bool idle() const;
  bool take_inbox();
  bool fire_timers();
  bool keep_up();
  store::Bucket last_due_bucket();
  bool drop_buckets();
  void drop_bucket(Partition& partition, store::Bucket bucket);
  void take(Incoming incoming, Answered answered);
  void enqueue(Incoming incoming) { queue_.push_back(std::move(incoming)); }
  void process(Incoming incoming);
  void carry_out(Partition& partition, core::Effects& effects,
                 const std::optional<OutboxRow>& outbox);
  void release(Partition& partition, core::Effect& effect);

  void send(Partition& from, core::Message message);
  OutboxRow write_outbox(Partition& from, const core::Message& message);
  void deliver(const OutboxRow& row, core::Message message);
  void erase_outbox(const OutboxRow& row);

  void fetch(Partition& partition, const core::Missing& missing, Incoming incoming);
  void fetch_invocation(Partition& partition, InvocationId id);
  void fetch_key(Partition& partition, const core::NeedsIdempotencyKey& needs);
  void fetch_state(Partition& partition, const core::NeedsState& needs);
  void fetched(Partition& partition, const Result<void>& result);
  void read_one(std::string key,
                std::move_only_function<void(std::string_view, std::optional<std::string>)> then);

  void tell_watchers(const Turn& turn);
  bool gathers();
  void commit();
  void committed(const Result<store::CommitSeq>& result);
  Turn& turn_of(TurnSeq seq);
  bool is_durable(const core::Invocation& invocation) const;
  void evict(Partition& partition, InvocationId id);
  /// Completions come inline or from the store's threads; either way `then` runs on the loop.
  template <class T, class F>
  store::Completion<T> on_loop(F then);

  Result<void> recover_partition(Partition& partition);
  void note_found(const Partition& partition, const core::Invocation& invocation);

  LoopSeams seams_;
  std::vector<std::unique_ptr<Partition>> partitions_;
  std::unordered_map<std::uint16_t, Partition*> by_number_;
  std::unique_ptr<Reactor> reactor_;
  std::unique_ptr<Executor> executor_;
  Prng prng_;
  WallTime now_{};

  std::deque<Incoming> queue_;
  core::Effects effects_;  ///< kept for its memory
  std::unordered_map<core::WaiterId, Answered> waiters_;
  std::unordered_map<InvocationId, std::map<WatchId, std::function<void()>>> watchers_;
  WatchId last_watch_ = 0;
  std::uint64_t last_waiter_ = 0;
  std::uint64_t last_sent_ = 0;

  std::unique_ptr<Turn> open_;
  std::unique_ptr<Turn> in_flight_;
  TurnSeq committed_{};
  WallTime next_upkeep_ = WallTime::min();
  WallTime gather_until_ = kNever;          ///< of the open turn, where nobody waits for it
  bool dropping_ = false;                   ///< a bucket is being read before it goes
  WallTime budget_told_ = WallTime::min();  ///< when it may be logged again that it is used up
  std::atomic<bool> draining_ = false;
  bool closing_ = false;
  std::atomic<bool> closed_ = false;  ///< set under mutex_: nothing is posted any more
  /// Found at start: live invocations of operations, or versions, that nothing here runs.
  std::map<std::pair<std::string, std::uint32_t>, std::size_t> without_code_;
  std::vector<InvocationId> code_is_back_;  ///< found at start: parked without code that is here
  std::size_t parked_ = 0;                  ///< found at start: the others that are parked
  std::move_only_function<void()> when_idle_;
  std::optional<Error> failure_;

  const std::size_t asked_bytes_max_;
  std::atomic<std::size_t> asked_bytes_ = 0;  ///< of what was asked for and is not applied yet

  std::mutex mutex_;  ///< guards the three below
  std::vector<std::move_only_function<void()>> inbox_;
  bool sleeping_ = false;
  bool stopping_ = false;
  std::vector<std::move_only_function<void()>> inbox_taken_;  ///< loop thread only
};

template <class T, class F>
store::Completion<T> Loop::on_loop(F then) {
  return [this, own = std::this_thread::get_id(), then = std::move(then)](T value) mutable {
    if (std::this_thread::get_id() == own) {
      then(std::move(value));
    } else {
      post(
          [then = std::move(then), value = std::move(value)]() mutable { then(std::move(value)); });
    }
  };
}

}  // namespace nowthen::engine
