// The state machine as a whole: every legal transition is reached, no other is, and an apply that
// lacks a row changes nothing.

#include <functional>

#include "core/core_fixture.h"

namespace nowthen::core {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kJournalBytes = 1'000;

Limits one_place() {
  Limits limits;
  limits.running_max = 1;
  limits.journal_bytes_max = kJournalBytes;
  return limits;
}

/// One place, and stories that bring an invocation into a state and out of it.
class Story : public Driver {
 public:
  Story() : Driver(one_place()) {
    Policy policy;
    policy.mode = Mode::later;
    policy.retry.jitter = 0;
    policy.retry.interval = minutes(1);
    policy.start_within = hours(1);
    policy.attempt_timeout = hours(24);
    configure("op", policy);
    policy.mode = Mode::auto_;
    configure("auto", policy);
  }
  InvocationId delayed(Duration delay, std::string order_key = {}) {
    CallOptions options;
    options.delay = delay;
    options.order_key = std::move(order_key);
    return invoke("op", options);
  }
  InvocationId suspended(bool kept = false) {
    const InvocationId id = invoke();
    open(id, "signal:a", EntryKind::signal);
    open(id, "signal:b", EntryKind::signal);
    suspend(id, kept);
    return id;
  }
  InvocationId backing_off() {
    const InvocationId id = invoke();
    open(id, "signal:b", EntryKind::signal);
    fail_attempt(id);
    return id;
  }
  InvocationId parked() {
    const InvocationId id = invoke();
    open(id, "signal:b", EntryKind::signal);
    park(id);
    return id;
  }
  void take_place() { invoke(); }
  void pass_a_limit(InvocationId id) { signal(id, "b", Bytes(kJournalBytes, 'x')); }
};

struct Transition {
  State from;
  State to;
  std::function<void(Story&)> story;
};

const std::vector<Transition>& transitions() {
  using enum State;
  static const std::vector<Transition> kAll = {
      {scheduled, ready,
       [](Story& it) {
         it.take_place();
         it.delayed(minutes(1));
         it.advance(minutes(1));
       }},
      {scheduled, cancelled, [](Story& it) { it.cancel(it.delayed(minutes(1))); }},
      {scheduled, expired,
       [](Story& it) {
         it.delayed(hours(2));
         it.advance(hours(1));
       }},
      {ready, running,
       [](Story& it) {
         const InvocationId first = it.invoke();
         it.invoke();
         it.finish(first);
       }},
      {ready, parked,
       [](Story& it) {
         it.take_place();
         it.park(it.invoke());
       }},
      {ready, failed,
       [](Story& it) {
         const InvocationId id = it.suspended();
         it.take_place();
         it.signal(id, "a");
         it.pass_a_limit(id);
       }},
      {ready, cancelled,
       [](Story& it) {
         it.take_place();
         it.cancel(it.invoke());
       }},
      {ready, expired,
       [](Story& it) {
         it.take_place();
         it.invoke();
         it.advance(hours(1));
       }},
      {running, ready,
       [](Story& it) {
         const InvocationId id = it.invoke();
         it.open(id, "signal:a", EntryKind::signal);
         auto crossing = it.under_lease<Suspend>(id);
         it.signal(id, "a");
         CallOptions urgent;
         urgent.priority = 9;
         it.invoke("op", urgent);
         it.apply(crossing);
       }},
      {running, suspended, [](Story& it) { it.suspended(); }},
      {running, backing_off, [](Story& it) { it.backing_off(); }},
      {running, parked, [](Story& it) { it.parked(); }},
      {running, succeeded, [](Story& it) { it.finish(it.invoke()); }},
      {running, failed, [](Story& it) { it.finish(it.invoke(), {ErrorCode::failed, "no"}); }},
      {running, cancelled,
       [](Story& it) {
         const InvocationId id = it.invoke();
         it.cancel(id);
         it.finish(id);
       }},
      {suspended, ready,
       [](Story& it) {
         const InvocationId id = it.suspended();
         it.take_place();
         it.signal(id, "a");
       }},
      {suspended, running, [](Story& it) { it.signal(it.suspended(true), "a"); }},
      {suspended, parked, [](Story& it) { it.park(it.suspended()); }},
      {suspended, failed, [](Story& it) { it.pass_a_limit(it.suspended()); }},
      {suspended, cancelled,
       [](Story& it) {
         const InvocationId id = it.invoke();
         it.cancel(id);
         it.open(id, "undo", EntryKind::cleanup);
         it.complete(id, "undo", {ErrorCode::failed, "no"});
         it.suspend(id);
         it.advance(seconds(30));
       }},
      {backing_off, ready,
       [](Story& it) {
         it.backing_off();
         it.take_place();
         it.advance(minutes(1));
       }},
      {backing_off, parked, [](Story& it) { it.park(it.backing_off()); }},
      {backing_off, failed, [](Story& it) { it.pass_a_limit(it.backing_off()); }},
      {backing_off, cancelled,
       [](Story& it) {
         const InvocationId id = it.invoke("auto");  // not stored, so there is nothing to clean up
         it.fail_attempt(id);
         it.cancel(id);
       }},
      {parked, ready,
       [](Story& it) {
         const InvocationId id = it.parked();
         it.take_place();
         it.resume(id);
       }},
      {parked, failed, [](Story& it) { it.pass_a_limit(it.parked()); }},
      {parked, cancelled, [](Story& it) { it.cancel(it.parked()); }},
      {parked, expired,
       [](Story& it) {
         it.take_place();
         it.park(it.invoke());  // it has not started
         it.advance(hours(1));
       }},
  };
  return kAll;
}

TEST(StateTest, every_legal_transition_has_a_story_and_no_other_is_legal) {
  std::set<std::pair<State, State>> told;
  for (const Transition& each : transitions()) {
    const std::string name =
        std::string(to_string(each.from)) + " -> " + std::string(to_string(each.to));
    EXPECT_TRUE(is_legal(each.from, each.to)) << name;
    EXPECT_TRUE(told.emplace(each.from, each.to).second) << name;
    Story story;
    each.story(story);
    EXPECT_TRUE(story.seen.contains({each.from, each.to})) << name;
  }
  for (std::size_t from = 0; from < kStates; ++from) {
    for (std::size_t to = 0; to < kStates; ++to) {
      const std::pair pair{static_cast<State>(from), static_cast<State>(to)};
      EXPECT_EQ(is_legal(pair.first, pair.second), told.contains(pair))
          << to_string(pair.first) << " -> " << to_string(pair.second);
    }
  }
}

TEST(StateTest, nothing_leaves_a_terminal_state) {
  for (std::size_t from = 0; from < kStates; ++from) {
    for (std::size_t to = 0; to < kStates; ++to) {
      if (is_terminal(static_cast<State>(from))) {
        EXPECT_FALSE(is_legal(static_cast<State>(from), static_cast<State>(to)));
      }
    }
  }
}

TEST(StateTest, each_state_reason_and_kind_has_a_word) {
  std::set<std::string_view> words;
  for (std::size_t i = 0; i < kStates; ++i) words.insert(to_string(static_cast<State>(i)));
  EXPECT_EQ(words.size(), kStates);
  words.clear();
  for (int i = 0; i <= static_cast<int>(ParkReason::no_executor); ++i) {
    words.insert(to_string(static_cast<ParkReason>(i)));
  }
  EXPECT_EQ(words.size(), 7u);
  words.clear();
  for (int i = 0; i <= static_cast<int>(EntryKind::value); ++i) {
    words.insert(to_string(static_cast<EntryKind>(i)));
  }
  EXPECT_EQ(words.size(), 8u);
}

// ---- rows that are not there -------------------------------------------------------------------

class MissingTest : public CoreTest {
 protected:
  /// Applies once, without fetching: `Missing` must come back and nothing may have changed.
  Missing expect_missing(CommandBody body) {
    const std::string before = dump(*state);
    Command command{now, 1, std::move(body)};
    Effects effects;
    const auto missing = core::apply(*state, command, effects);
    EXPECT_TRUE(missing.has_value()) << kReactions[command.body.index()].command;
    EXPECT_EQ(dump(*state), before);
    EXPECT_TRUE(effects.rows.empty() && effects.effects.empty());
    return missing.value_or(Missing{});
  }
};

TEST_F(MissingTest, evicted_invocation_is_asked_for_and_nothing_has_changed) {
  const InvocationId id = invoke();
  open(id, "signal:a", EntryKind::signal);
  suspend(id);
  evict(id);
  Suspend suspend_again;
  suspend_again.id = id;
  const std::vector<CommandBody> commands = {Await{id, {}, fresh_waiter()},
                                             Signal{id, "a", "", fresh_waiter()},
                                             Cancel{id, "", fresh_waiter()},
                                             Park{id, "", fresh_waiter()},
                                             Resume{id, fresh_waiter()},
                                             suspend_again,
                                             FireTimers{id},
                                             StartLoaded{id},
                                             ChildEnded{ParentLink{id, "child", {}}, {}}};
  for (const CommandBody& command : commands) {
    const Missing missing = expect_missing(command);
    EXPECT_EQ(std::get<NeedsInvocation>(missing).id, id);
  }
}

TEST_F(MissingTest, call_with_an_idempotency_key_asks_for_its_record_and_then_its_invocation) {
  const InvocationId first = invoke("later", keyed("k"));
  finish(first);
  Invoke call;
  call.id = fresh_id();
  call.operation = "later";
  call.options = keyed("k");
  call.input = "input";
  const Missing missing = expect_missing(call);
  EXPECT_EQ(std::get<NeedsIdempotencyKey>(missing).record, idempotency_record("later", "", "k"));
  rows.fetch(*state, missing);
  EXPECT_EQ(std::get<NeedsInvocation>(expect_missing(call)).id, first);
}

TEST_F(MissingTest, sent_call_of_an_unknown_operation_leaves_no_trace_until_it_is_accepted) {
  Invoke call;
  call.id = fresh_id();
  call.operation = "unknown";
  call.sent = true;
  call.redelivered = true;
  expect_missing(call);
}

TEST_F(MissingTest, read_of_per_key_state_asks_for_it) {
  const InvocationId id = invoke("op", ordered("k"));
  auto command = under_lease<ReadState>(id);
  command.path = "state:total";
  command.name = "total";
  const Missing missing = expect_missing(command);
  EXPECT_EQ(std::get<NeedsState>(missing).order, (OrderKey{"op", "k"}));
}

TEST_F(MissingTest, only_what_is_stored_and_idle_can_be_evicted) {
  const InvocationId runs = invoke();
  const InvocationId kept = invoke();
  sleep(kept, "nap", hours(1));
  suspend(kept, true);
  const InvocationId waited_for = invoke();
  sleep(waited_for, "nap", hours(1));
  suspend(waited_for);
  await(waited_for, hours(1));
  const InvocationId unstored = invoke("auto");
  fail_attempt(unstored);
  for (const InvocationId id : {runs, kept, waited_for, unstored}) {
    evict(id);
    EXPECT_NE(live(id)->loaded, nullptr);
  }
}

TEST_F(MissingTest, draining_partition_begins_nothing) {
  state->draining = true;
  const InvocationId id = invoke();
  EXPECT_EQ(state_of(id), State::ready);
  EXPECT_EQ(count<Dispatch>(), 0u);
}

}  // namespace
}  // namespace nowthen::core
