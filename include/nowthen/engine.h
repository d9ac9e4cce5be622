#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nowthen/answer.h>
#include <nowthen/context.h>
#include <nowthen/options.h>
#include <nowthen/policy.h>
#include <nowthen/serve.h>

namespace nowthen {

/// Names an operation in one version: `engine.add({"place-order", 2}, place_order_2)`.
struct OperationName {
  OperationName(const char* n, std::uint32_t v = 1) : name(n), version(v) {}  // NOLINT: implicit
  OperationName(std::string n, std::uint32_t v = 1)                           // NOLINT: implicit
      : name(std::move(n)), version(v) {}
  std::string name;
  std::uint32_t version;
};

namespace sdk {

RawAnswer failed(Error error);
RawAnswer call(const std::shared_ptr<Host>& host, std::string_view operation, std::string input,
               const CallOptions& options);
void call(const std::shared_ptr<Host>& host, std::string_view operation, std::string input,
          const CallOptions& options, Answered answered);
RawAnswer find(const std::shared_ptr<Host>& host, std::string_view operation,
               std::string_view order_key, std::string_view idempotency_key);

}  // namespace sdk

/// The input of an operation that takes none.
struct Nothing {};
template <>
struct Codec<Nothing> {
  static std::string encode(const Nothing&) { return "null"; }
  static Result<Nothing> decode(std::string_view) { return Nothing(); }
};

/// A typed handle of an operation; a plain value that keeps the engine's inside alive. Calls may
/// come from any thread; those that block are refused with `invalid_state` on a loop's thread:
/// handlers use their Context.
template <class In, class R>
class Operation {
 public:
  Operation(std::shared_ptr<sdk::Host> host, std::string name)
      : host_(std::move(host)), name_(std::move(name)) {}

  /// Runs it and blocks until there is an answer by its mode: a result, a ticket, or an error.
  Answer<R> call(const In& input = In(), const CallOptions& options = CallOptions()) const {
    auto bytes = sdk::to_bytes(input);
    if (!bytes) return Answer<R>(host_, sdk::failed(bytes.error()));
    return Answer<R>(host_, sdk::call(host_, name_, std::move(*bytes), options));
  }
  /// As `call`, without blocking: `answered` is called once, on a loop's thread (or at once, when
  /// the call is refused before it gets there), and must not block. What it throws goes to the log.
  template <class F>
  void call(const In& input, const CallOptions& options, F answered) const {
    auto bytes = sdk::to_bytes(input);
    if (!bytes) return answered(Answer<R>(host_, sdk::failed(bytes.error())));
    sdk::call(host_, name_, std::move(*bytes), options,
              [host = host_, answered = std::move(answered)](sdk::RawAnswer raw) mutable {
                answered(Answer<R>(host, std::move(raw)));
              });
  }
  /// Accepts it to be run later, whatever its mode: a ticket, or an error.
  Answer<R> send(const In& input = In(), CallOptions options = CallOptions()) const {
    return call(input, options.respond_async());
  }
  /// The invocation that took `idempotency_key`: its result or a ticket; `not_found`.
  Answer<R> find(std::string_view idempotency_key, std::string_view order_key = "") const {
    return Answer<R>(host_, sdk::find(host_, name_, order_key, idempotency_key));
  }
  Ticket<R> ticket(InvocationId id) const { return Ticket<R>(host_, id); }
  const std::string& name() const { return name_; }

 private:
  std::shared_ptr<sdk::Host> host_;
  std::string name_;
};

/// Where an invocation is, in words.
struct InvocationStatus {
  InvocationId id;
  std::string operation;
  std::string state;  ///< a state of docs/GLOSSARY.md
  std::uint32_t attempt = 0;
  std::string note;              ///< of a park or the last failure
  std::vector<std::string> why;  ///< what it waits for, or does; empty once it has ended
};

/// A live invocation by name; `Engine::status` tells more.
struct LiveInvocation {
  InvocationId id;
  std::string operation;
  std::string state;  ///< a state of docs/GLOSSARY.md
};

/// One field of a policy, and the layer it comes from: "declaration" or "override".
struct PolicyLine {
  std::string field;
  std::string value;
  std::string layer;
};

/// A recorded change of the override of a policy.
struct PolicyRevision {
  std::uint64_t seq = 0;
  std::string who;
  WallTime when{};
  PolicyPatch before;
  PolicyPatch after;
};

/// An invocation whose journal does not fit the code.
struct JournalMismatch {
  InvocationId id;
  std::string operation;
  std::uint32_t version = 1;
  std::string detail;  ///< entry, what is recorded, what the code asks for
};

/// The engine, embedded. Never exits, prints, or touches signals. After `start` every call may come
/// from any thread; blocking ones are refused on the engine's own threads.
class Engine {
 public:
  explicit Engine(Options options);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  /// Stops without draining; not on the engine's own threads.
  ~Engine();

  /// Adds an operation; before `start`. What is wrong with it (a name twice, a policy out of range)
  /// is what `start` answers.
  template <class F>
  auto add(OperationName name, F handler, Declaration declaration = Declaration()) {
    using In = sdk::HandlerInput<F>;
    using Input = std::conditional_t<std::is_void_v<In>, Nothing, In>;
    std::string word = name.name;
    add_handler(std::move(name), sdk::make_handler(std::move(handler)), std::move(declaration));
    return Operation<Input, sdk::HandlerResult<F>>(host_, std::move(word));
  }

  /// Opens the data, recovers what is live, and begins. `locked` names the pid of the process that
  /// owns the folder; `newer_version`, `corruption`, `store_failed`.
  Result<void> start();
  /// Accepts nothing more, lets what runs come to an end for up to `patience`, and closes. What
  /// still runs then is lost as by a crash: nothing that was accepted is; callers of what is stored
  /// get a ticket. Waits for step functions that run, however long. Does nothing on the engine's
  /// own threads (in handlers, steps, callbacks), which it would wait for.
  void stop(Duration patience = std::chrono::seconds(10));
  /// Instead of `start`: serves it over HTTP until SIGINT or SIGTERM, then lets what runs come to
  /// an end; a second signal ends the process at once. For the last line of `main`: it takes both
  /// signals, ignores SIGPIPE, prints where it listens, and without `Options::on_log` writes the
  /// log to stderr. Returns the exit code of the process: 0; 1 when it cannot start. When the store
  /// fails it ends the process with 74, unless `Options::on_fatal` is there to decide.
  int serve(const ServeOptions& options = ServeOptions());

  // ---- one invocation ----
  Result<InvocationStatus> status(InvocationId id) const;
  /// Live invocations in `state` ("parked", "running", ...; empty: in any) of `operation` (empty:
  /// of any) after the id `after`, by id, at most `max`: the oldest first in each partition. Looks
  /// at all that live: for people and their tools.
  Result<std::vector<LiveInvocation>> live(std::string operation = "", std::string state = "",
                                           InvocationId after = {}, std::size_t max = 1'000) const;
  /// Asks it to end; see the guide. Told again, it stays one cancel.
  Result<void> cancel(InvocationId id, std::string reason = "");
  /// Stops it until a person answers: resume, restart or cancel.
  Result<void> park(InvocationId id, std::string reason);
  /// Lets a parked one go on from its journal, its failures counted anew.
  Result<void> resume(InvocationId id);
  /// Lets a parked one begin anew, with an empty journal: its steps run again, and the messages
  /// that it has taken are gone.
  Result<void> restart(InvocationId id);
  /// Answers `outcome_unknown`: the step at `path` did this (its encoded result), or (none) it did
  /// not happen and runs again.
  Result<void> resolve_step(InvocationId id, std::string path, std::optional<std::string> result);
  template <class T>
  Result<void> signal(InvocationId id, std::string name, const T& payload) {
    auto bytes = sdk::to_bytes(payload);
    if (!bytes) return bytes.error();
    return signal_bytes(id, std::move(name), std::move(*bytes));
  }

  // ---- live policy ----
  /// Changes the override; in force everywhere when it returns. It is kept with the data, so it
  /// holds after a restart too, until `PolicyPatch::clear` or `revert_policy` takes it back.
  Result<void> set_policy(std::string operation, PolicyPatch patch, std::string who = "");
  Result<void> revert_policy(std::string operation, std::uint64_t seq, std::string who = "");
  Result<std::vector<PolicyLine>> policy(std::string operation) const;
  Result<std::vector<PolicyRevision>> policy_history(std::string operation) const;

  /// Replays the stored journals of all live invocations against the code here; runs nothing.
  Result<std::vector<JournalMismatch>> check_journals() const;

 protected:
  explicit Engine(std::shared_ptr<sdk::Host> host);
  const std::shared_ptr<sdk::Host>& host() const { return host_; }

 private:
  void add_handler(OperationName name, std::shared_ptr<const sdk::Handler> handler,
                   Declaration declaration);
  Result<void> signal_bytes(InvocationId id, std::string name, std::string payload);

  std::shared_ptr<sdk::Host> host_;
};

}  // namespace nowthen
