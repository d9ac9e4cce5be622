#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/prng.h"
#include "core/command.h"
#include "core/effect.h"
#include "core/partition_state.h"

namespace nowthen::core {

/// An invocation that a command is about, and what the partition knows of its operation.
struct Subject {
  Invocation& inv;
  Operation& op;
};

/// How an attempt failed.
struct Failure {
  Error error;
  bool permanent = false;  ///< there is no further attempt
  Duration retry_after{};  ///< the least backoff
};

/// One application of one command: the state it changes, the effects it collects, and the moves
/// that several commands share. Lives on the stack of `apply`.
class Application {
 public:
  Application(PartitionState& s, const Command& command, Effects& o)
      : state(s), now(command.now), random(command.random), out(o) {}

  PartitionState& state;
  const WallTime now;
  Prng random;
  Effects& out;

  // ---- effects ----
  template <class E>
  void emit(Gate gate, E effect) {
    out.effects.push_back({gate, Effect(std::move(effect))});
  }
  /// Whether what is said about `inv` must wait for a commit.
  static Gate gate(const Invocation& inv);
  void refuse(WaiterId waiter, Gate gate, ErrorCode code, std::string message);
  /// Answers that something was done to a live invocation (signal, cancel, resume, ...).
  void acknowledge(WaiterId waiter, const Invocation& inv);
  /// Answers what was said of an invocation, by a worker or a person, with what came of it.
  void tell_state(WaiterId waiter, InvocationId id);
  void tell_step(WaiterId waiter, const Invocation& inv, const Entry& done, bool before);
  /// The same where nothing was changed, or it has ended by it.
  void refuse_worker(WaiterId waiter, InvocationId id, ErrorCode code, std::string message);
  void answer_finished(WaiterId waiter, InvocationId id, const Finished& finished,
                       Decision::Kind kind, Applied applied = {});

  // ---- rows ----
  void header_changed(Invocation& inv);
  /// From here on the invocation survives a crash.
  void store(Invocation& inv);
  /// Changes per-key state; a change that cannot be ends the invocation. True if it is live.
  bool write_state(Subject s, std::vector<StateWrite> writes);

  // ---- life ----
  void move(Subject s, State to);
  /// It may run: it stands where those of its operation wait for a place or a worker.
  void line_up(Operation& op, const ReadyPlace& place);
  /// An executor is told of work that waits for its workers, unless it knows.
  void tell_of_work(Operation& op);
  /// What is ready of `op` goes to the line that is right from now on.
  void change_line(Operation& op, bool pulled);
  /// Takes its place in the line of its order key, if it has one, and runs when it may.
  void enter_line(Subject s);
  void make_ready(Subject s);
  /// Begins attempts while there are free places.
  void fill_places();
  /// Begins up to `count` attempts of a pulled operation, as far as there are free places; names
  /// those that begin now or as soon as they are loaded.
  std::vector<InvocationId> take(Operation& op, std::uint32_t count);
  /// Begins the attempt that a worker has asked for. False if it was parked instead.
  bool begin_taken(Subject s);
  void begin_attempt(Subject s);
  /// The attempt that is held runs, for the first time or after a wait.
  void go_on(Subject s);
  /// No attempt is held any more.
  void let_go(Invocation& inv);
  /// The attempt is over; its executor lets go. `code` and `why`: what went wrong, for a trace.
  void drop_attempt(Invocation& inv, ErrorCode code = ErrorCode::none, std::string_view why = {});
  void park(Subject s, ParkReason reason, std::string note);
  void fail_attempt(Subject s, Failure failure);
  /// Ends it. `s` is gone afterwards.
  void end(Subject s, State terminal, Outcome outcome);
  /// Records the request to cancel and tells the code, if there is any. May end it.
  void cancel(Subject s, std::string note);
  void cancel_children(Invocation& inv, std::string_view why);
  /// Its callback is told of the end by an invocation of its own, accepted in the same commit.
  void call_back(Invocation& inv);
  InvocationId new_id(std::uint16_t partition);
  /// After a cancel, `cleanup_within` runs from when the code was told and no step of it runs.
  void limit_cleanup(Subject s);

  /// Answers every waiter whose time has come: with a ticket, or in mode `now` with an error.
  void hand_over(Subject s, Decision::Kind kind);

  // ---- traces: none of them does anything unless they are wanted ----
  /// Its trace, if what becomes of it is to be shown there.
  std::optional<TraceParent> traced(const Invocation& inv) const;
  void trace_end(const Invocation& inv);
  /// The attempt is over, and with the first one the time in line before it. `begun`: when.
  void trace_attempt(const Invocation& inv, WallTime begun, ErrorCode code, std::string_view why);
  /// The entry is done, and not recorded yet.
  void trace_entry(const Invocation& inv, const Entry& entry);

  // ---- journal ----
  /// The open entry `path` is done: recorded, and given to the code.
  void complete(Subject s, std::string_view path, Outcome outcome);
  /// Adds an entry that is done from the start.
  void record(Subject s, Entry entry);
  /// Ends the invocation if `entry` would pass a limit of its journal; then `s` is gone.
  bool fits(Subject s, const Entry& entry);
  /// No further function of this kind starts: the invocation is cancelled.
  static bool stopped(const Invocation& inv, EntryKind kind);
  /// A message for the invocation: taken by the oldest wait for its name, or kept for the next,
  /// behind or (`first`) before what is kept already. May end the invocation; then `s` is gone.
  void give_signal(Subject s, BufferedSignal signal, bool first = false);
  /// Lets the function of an open step go.
  void run_step(Subject s, Entry& entry);
  /// A try of a step failed: again later, or recorded as failed.
  void step_failed(Subject s, Entry& entry, Outcome outcome, bool permanent);

 private:
  bool filling_ = false;

  void deliver_last(Subject s);
  bool first_in_line(const Invocation& inv) const;
  void leave_line(const Invocation& inv);
  void answer_waiters(Invocation& inv);
};

/// The oldest wait for the signal `name` that is open, or null.
const Entry* find_wait(const Invocation& inv, std::string_view name);
/// The signal that an entry waits for: "1.0/signal:approve#2" -> "approve".
std::string_view signal_of(std::string_view path);
/// Cuts a message for people at the end of a whole UTF-8 character.
void cut(std::string& text, std::size_t bytes_max);
/// An idempotency key among the keys that callers hold: no scope of order keys is empty.
inline OrderKey as_held(std::string record) { return {{}, std::move(record)}; }
/// What is wrong with a call whatever else is stored, or nothing.
Error check_call(const Application& app, const Invoke& call);
Error overloaded(const Application& app);
/// The wait after the n-th failure (n >= 1), jitter included.
Duration backoff(const Retry& retry, std::uint32_t failures, Prng& random);

// What a command does where the reaction table says `act`: one function each, in act_<topic>.cc.
std::optional<Missing> act(Application& app, Invoke& command);
void act(Application& app, Subject s, Await& command);
void act(Application& app, Subject s, Signal& command);
void act(Application& app, Subject s, Cancel& command);
void act(Application& app, Subject s, Park& command);
void act(Application& app, Subject s, Resume& command);
void act(Application& app, Subject s, Restart& command);
void act(Application& app, Subject s, ResolveStep& command);
void act(Application& app, Subject s, OpenEntry& command);
void act(Application& app, Subject s, CompleteStep& command);
void act(Application& app, Subject s, RecordValue& command);
std::optional<Missing> act(Application& app, Subject s, ReadState& command);
void act(Application& app, Subject s, Suspend& command);
void act(Application& app, Subject s, Finish& command);
void act(Application& app, Subject s, FailAttempt& command);
void act(Application& app, Subject s, ParkAttempt& command);
void act(Application& app, Subject s, RecordStep& command);
void act(Application& app, Subject s, ReadStep& command);
void act(Application& app, Subject s, Heartbeat& command);
void act(Application& app, Subject s, Release& command);
void act(Application& app, Subject s, ChildEnded& command);
void act(Application& app, Subject s, FireTimers& command);
std::optional<Missing> act(Application& app, StartLoaded& command);
void act(Application& app, Recover& command);
void act(Application& app, Configure& command);
void act(Application& app, Take& command);

}  // namespace nowthen::core
