#pragma once

// For tests: one partition, driven by hand. Time is virtual; what `apply` asks for is fetched from
// `StoredRows`, which holds what a store would hold; every command is a turn of its own.

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/apply.h"
#include "core/reaction.h"
#include "core/state_dump.h"
#include "core/state_hash.h"
#include "core/state_invariants.h"
#include "core/stored_rows.h"

namespace nowthen::core {

class Driver {
 public:
  explicit Driver(const Limits& limits = {}) : limits_(limits) { clear(); }

  std::unique_ptr<PartitionState> state;
  StoredRows rows;
  WallTime now = from_us(1'700'000'000'000'000);
  Effects out;                             ///< of the last command, or of all of the last `advance`
  std::deque<CommandBody> messages;        ///< sent, not delivered yet
  std::deque<InvocationId> loads;          ///< asked for, not answered by StartLoaded yet
  std::set<std::pair<State, State>> seen;  ///< direct transitions
  WaiterId last_waiter = WaiterId::none;

  /// An empty partition with no rows.
  void clear() {
    state = std::make_unique<PartitionState>(0, 1, limits_);
    rows = StoredRows();
  }

  /// Applies one command; fetches what it needs; checks what must hold after every command.
  void apply(CommandBody body) {
    out = Effects();
    apply_into(out, std::move(body));
  }

  /// Lets time pass and fires what is due.
  void advance(Duration wait) {
    now = after(now, wait);
    out = Effects();
    for (int fired = 0; const auto id = state->pop_due(now); ++fired) {
      ASSERT_LT(fired, 10'000) << "a timer is due for ever: " << to_string(*id);
      apply_into(out, FireTimers{*id});
    }
    ASSERT_GT(state->next_due(), now);
  }
  /// The process dies: memory is rebuilt from rows, and attempts that were held are lost.
  void crash(std::vector<InvocationId> suspects = {}) {
    restart_process();
    apply(Recover{std::move(suspects)});
  }
  /// Rebuilds memory from rows, everything loaded.
  std::unique_ptr<PartitionState> rebuilt() const {
    auto fresh = std::make_unique<PartitionState>(0, 1, limits_);
    fresh->traced = state->traced;
    for (const auto& [name, op] : state->operations) {
      Operation& copy = fresh->operation_named(name);
      copy.policy = op->policy;
      copy.key_scope = op->key_scope;
      copy.versions = op->versions;
      copy.pulled = op->pulled;
    }
    for (const InvocationId id : rows.live_ids()) fresh->enter(rows.read(id));
    return fresh;
  }
  void evict(InvocationId id) { state->evict(id); }

  // ---- commands in short ----
  void configure(const std::string& name, const Policy& policy = {},
                 std::vector<std::uint32_t> versions = {1}, std::string key_scope = {}) {
    apply(Configure{name, policy, std::move(key_scope), std::move(versions)});
  }
  void configure_pulled(const std::string& name, const Policy& policy = {}) {
    apply(Configure{name, policy, {}, {1}, true});
  }
  /// Workers ask for attempts.
  Took take(std::uint32_t count, std::string operation = "pulled") {
    apply(Take{std::move(operation), count});
    const std::vector<Took> took = all<Took>();
    EXPECT_EQ(took.size(), 1u);
    return took.empty() ? Took{} : took.front();
  }
  /// Applies `call` under a fresh id and for a fresh waiter.
  InvocationId invoke(Invoke call) {
    call.id = fresh_id();
    call.waiter = fresh_waiter();
    const InvocationId id = call.id;
    apply(std::move(call));
    return id;
  }
  InvocationId invoke(std::string operation = "op", CallOptions options = {},
                      Bytes input = "input") {
    Invoke call;
    call.operation = std::move(operation);
    call.options = std::move(options);
    call.input = std::move(input);
    return invoke(std::move(call));
  }
  void await(InvocationId id, Duration wait) { apply(Await{id, wait, fresh_waiter()}); }
  void cancel(InvocationId id) { apply(Cancel{id, "no need", fresh_waiter()}); }
  void park(InvocationId id) { apply(Park{id, "look at it", fresh_waiter()}); }
  void resume(InvocationId id) { apply(Resume{id, fresh_waiter()}); }
  void restart(InvocationId id) { apply(Restart{id, fresh_waiter()}); }
  void signal(InvocationId id, std::string name, Bytes payload = "payload") {
    apply(Signal{id, std::move(name), std::move(payload), fresh_waiter()});
  }
  void resolve(InvocationId id, std::string path, std::optional<Outcome> outcome) {
    apply(ResolveStep{id, std::move(path), std::move(outcome), fresh_waiter()});
  }

  // What an executor says under the current lease.
  template <class C>
  C under_lease(InvocationId id) {
    C command;
    command.id = id;
    command.epoch = inv(id).epoch;
    return command;
  }
  void open(InvocationId id, std::string path, EntryKind kind = EntryKind::step,
            WallTime due = kNever) {
    auto command = under_lease<OpenEntry>(id);
    command.path = std::move(path);
    command.kind = kind;
    command.due = due;
    if (kind == EntryKind::signal) {  // "1.0/signal:approve#2" waits for "approve"
      const std::string& of = command.path;
      command.signal = of.substr(of.find(':') + 1, of.find('#') - of.find(':') - 1);
    }
    apply(std::move(command));
  }
  void open_child(InvocationId id, std::string path, EntryKind kind, std::string operation,
                  CallOptions options = {}) {
    auto command = under_lease<OpenEntry>(id);
    command.path = std::move(path);
    command.kind = kind;
    command.child.emplace();
    command.child->operation = std::move(operation);
    command.child->options = std::move(options);
    apply(std::move(command));
  }
  void sleep(InvocationId id, std::string path, Duration wait) {
    open(id, std::move(path), EntryKind::sleep, after(now, wait));
  }
  /// The winner of a race, of which `losers` waited.
  void decide(InvocationId id, std::string path, std::vector<std::string> losers) {
    auto command = under_lease<RecordValue>(id);
    command.path = std::move(path);
    command.value = "0";
    command.withdrawn = std::move(losers);
    apply(std::move(command));
  }
  void complete(InvocationId id, std::string path, Outcome outcome = {ErrorCode::none, "done"},
                std::uint32_t tries = 0) {
    auto command = under_lease<CompleteStep>(id);
    command.path = std::move(path);
    command.tries = tries;
    command.outcome = std::move(outcome);
    apply(std::move(command));
  }
  /// A step, from its start to its result.
  void step(InvocationId id, const std::string& path) {
    open(id, path);
    complete(id, path);
  }
  void suspend(InvocationId id, bool kept = false) {
    auto command = under_lease<Suspend>(id);
    command.seen = inv(id).last_seq;
    command.kept = kept;
    apply(std::move(command));
  }
  void finish(InvocationId id, Outcome outcome = {ErrorCode::none, "result"}) {
    auto command = under_lease<Finish>(id);
    command.outcome = std::move(outcome);
    apply(std::move(command));
  }
  void fail_attempt(InvocationId id, std::string message = "it broke") {
    auto command = under_lease<FailAttempt>(id);
    command.error = {ErrorCode::failed, std::move(message)};
    apply(std::move(command));
  }
  void release(InvocationId id) { apply(under_lease<Release>(id)); }
  // The same, as a worker says it: it waits for the answer.
  template <class C>
  C asked_under_lease(InvocationId id) {
    C command = under_lease<C>(id);
    command.waiter = fresh_waiter();
    return command;
  }
  void record_step(InvocationId id, std::string path, Outcome outcome = {ErrorCode::none, "done"}) {
    auto command = asked_under_lease<RecordStep>(id);
    command.path = std::move(path);
    command.outcome = std::move(outcome);
    apply(std::move(command));
  }
  void read_step(InvocationId id, std::string path) {
    auto command = asked_under_lease<ReadStep>(id);
    command.path = std::move(path);
    apply(std::move(command));
  }
  void heartbeat(InvocationId id) { apply(asked_under_lease<Heartbeat>(id)); }
  void park_attempt(InvocationId id, ParkReason reason = ParkReason::journal_mismatch) {
    auto command = under_lease<ParkAttempt>(id);
    command.reason = reason;
    command.detail = "expected 'charge', got 'refund'";
    apply(std::move(command));
  }
  void deliver_messages() {
    Effects all;
    for (int sent = 0; !messages.empty(); ++sent) {
      ASSERT_LT(sent, 10'000) << "messages that bring messages for ever";
      CommandBody body = std::move(messages.front());
      messages.pop_front();
      apply_into(all, std::move(body));
    }
    out = std::move(all);
  }
  void start_loaded() {
    while (!loads.empty()) {
      const InvocationId id = loads.front();
      loads.pop_front();
      apply(StartLoaded{id});
    }
  }

  // ---- what is there ----
  const Live* live(InvocationId id) const { return state->find(id); }
  Invocation& inv(InvocationId id) {
    const Live* found = state->find(id);
    if (found == nullptr) throw std::logic_error(to_string(id) + " is not live");
    if (!found->loaded) state->reload(rows.read(id));
    return *state->find(id)->loaded;
  }
  /// Of a live invocation; of an ended one, its terminal state.
  State state_of(InvocationId id) const {
    if (const Live* found = live(id)) return found->state;
    const auto ended = ended_.find(id);
    if (ended == ended_.end()) throw std::logic_error(to_string(id) + " was never seen");
    return ended->second;
  }
  template <class E>
  std::vector<E> all() const {
    std::vector<E> found;
    for (const GatedEffect& each : out.effects) {
      if (const E* effect = std::get_if<E>(&each.effect)) found.push_back(*effect);
    }
    return found;
  }
  template <class E>
  std::size_t count() const {
    return all<E>().size();
  }
  template <class E>
  Gate gate_of() const {
    for (const GatedEffect& each : out.effects) {
      if (std::holds_alternative<E>(each.effect)) return each.gate;
    }
    throw std::logic_error("there is no such effect");
  }
  /// The answer given to `waiter` by the last command.
  const Reply* reply(WaiterId waiter) const {
    const Reply* found = nullptr;
    for (const GatedEffect& each : out.effects) {
      const Reply* effect = std::get_if<Reply>(&each.effect);
      if (effect == nullptr || effect->waiter != waiter) continue;
      EXPECT_EQ(found, nullptr) << "answered twice";
      found = effect;
    }
    return found;
  }
  const Reply* reply() const { return reply(last_waiter); }
  ErrorCode refusal() const {
    return reply() != nullptr && reply()->refused ? reply()->outcome.code : ErrorCode::none;
  }

  InvocationId fresh_id() { return InvocationId::make(1'700'000'000'000 + ++ids_, 0, 77); }
  WaiterId fresh_waiter() {
    return last_waiter = static_cast<WaiterId>(std::to_underlying(last_waiter) + 1);
  }
  /// Memory is gone and rebuilt; `Recover` has not come yet.
  void restart_process() {
    auto fresh = rebuilt();
    state = std::move(fresh);
    for (auto& [id, entry] : state->live) {  // as at a start: what does not run stays evicted
      if (entry.loaded && entry.state != State::running) entry.loaded.reset();
    }
    loads.clear();
  }

 private:
  void apply_into(Effects& into, CommandBody body) {
    Command command{now, ++randoms_, std::move(body)};
    std::map<InvocationId, State> before;
    for (const auto& [id, entry] : state->live) before[id] = entry.state;
    Effects fresh;
    for (int fetches = 0;; ++fetches) {
      ASSERT_LT(fetches, 8) << "asks for the same row again and again";
      const std::string unchanged = dump(*state);
      const auto missing = core::apply(*state, command, fresh);
      if (!missing) break;
      ASSERT_EQ(dump(*state), unchanged) << "changed something, then asked for a row";
      ASSERT_TRUE(fresh.rows.empty() && fresh.effects.empty());
      rows.fetch(*state, *missing);
    }
    state->forget_fetched();
    watch(before, fresh);
    rows.write(*state, fresh.rows);
    const std::string broken = broken_invariants(*state, now);
    EXPECT_EQ(broken, "") << dump(*state);
    check_rows();
    std::vector<CompleteStep> timed_out;  // executors say so of functions that have begun
    for (GatedEffect& effect : fresh.effects) {
      if (const auto* over = std::get_if<EndTry>(&effect.effect)) {
        CompleteStep& end = timed_out.emplace_back();
        static_cast<Lease&>(end) = *over;
        end.path = over->path;
        end.tries = over->tries;
        end.outcome = {ErrorCode::timed_out, "step_timeout passed"};
      }
      into.effects.push_back(std::move(effect));
    }
    for (RowChange& change : fresh.rows) into.rows.push_back(std::move(change));
    for (CompleteStep& end : timed_out) apply_into(into, std::move(end));
  }

  void watch(const std::map<InvocationId, State>& before, const Effects& fresh) {
    for (const RowChange& change : fresh.rows) {
      if (const Ended* gone = std::get_if<Ended>(&change)) end(*gone->invocation, before);
    }
    for (auto last = state->unstored.rbegin(); last != state->unstored.rend(); ++last) {
      const Unstored& gone = *last;
      if (!ended_.emplace(gone.id, gone.state).second) break;
      if (before.contains(gone.id)) seen.emplace(before.at(gone.id), gone.state);
    }
    for (const auto& [id, entry] : state->live) {
      EXPECT_FALSE(ended_.contains(id)) << "alive after its end: " << to_string(id);
      if (before.contains(id) && before.at(id) != entry.state) {
        seen.emplace(before.at(id), entry.state);
      }
    }
    for (const GatedEffect& each : fresh.effects) {
      if (const auto* message = std::get_if<Message>(&each.effect)) {
        EXPECT_EQ(each.gate, Gate::commit);
        std::visit([this](const auto& body) { messages.emplace_back(body); }, message->body);
      } else if (const auto* load = std::get_if<Load>(&each.effect)) {
        loads.push_back(load->id);
      }
    }
  }
  /// What the rows hold is what memory holds.
  void check_rows() const {
    const auto fresh = rebuilt();
    EXPECT_EQ(outline_hash(*state), outline_hash(*fresh)) << dump(*state) << "is stored as\n"
                                                          << dump(*fresh);
    for (const auto& [id, entry] : state->live) {
      if (!entry.loaded || !entry.loaded->stored) continue;
      EXPECT_EQ(hash_of(*entry.loaded), hash_of(*rows.read(id)))
          << to_string(id) << " is not stored as it is\n"
          << dump(*state);
    }
  }
  void end(const Invocation& gone, const std::map<InvocationId, State>& before) {
    EXPECT_TRUE(is_terminal(gone.state));
    EXPECT_FALSE(ended_.contains(gone.id)) << "ended twice: " << to_string(gone.id);
    ended_[gone.id] = gone.state;
    if (before.contains(gone.id)) seen.emplace(before.at(gone.id), gone.state);
  }

  const Limits limits_;
  std::uint64_t ids_ = 0;
  std::uint64_t randoms_ = 0;
  std::map<InvocationId, State> ended_;
};

/// What most tests start from: operations `now`, `auto` and `later` of these modes, and `op`, which
/// is `later` too. Steps and attempts have 3 tries, without jitter.
class CoreTest : public testing::Test, protected Driver {
 protected:
  explicit CoreTest(const Limits& limits = {}) : Driver(limits) {
    configure("now", policy(Mode::now));
    configure("auto", policy(Mode::auto_));
    configure("later", policy(Mode::later));
    configure("op", policy(Mode::later));
  }
  static Policy policy(Mode mode) {
    Policy policy;
    policy.mode = mode;
    policy.retry.attempts_max = 3;
    policy.retry.jitter = 0;
    return policy;
  }
  static CallOptions ordered(std::string key) {
    CallOptions options;
    options.order_key = std::move(key);
    return options;
  }
  static CallOptions keyed(std::string key) {
    CallOptions options;
    options.idempotency_key = std::move(key);
    return options;
  }
};

}  // namespace nowthen::core
