// Pulled operations: attempts wait in a line of their own until a worker asks for them.

#include "core/core_fixture.h"
#include "core/why.h"

namespace nowthen::core {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class PulledTest : public CoreTest {
 protected:
  explicit PulledTest(const Limits& limits = {}) : CoreTest(limits) {
    configure_pulled("pulled", policy(Mode::later));
  }
  const std::set<ReadyPlace>& line() const { return state->operations.at("pulled")->line; }
  InvocationId call(CallOptions options = {}) { return invoke("pulled", std::move(options)); }
  InvocationId call_with_priority(std::uint8_t priority) {
    CallOptions options;
    options.priority = priority;
    return call(options);
  }
  using Ids = std::vector<InvocationId>;
};

TEST_F(PulledTest, waits_in_its_line_and_its_executor_is_told_once) {
  const InvocationId first = call();
  EXPECT_EQ(count<WorkWaits>(), 1u);
  EXPECT_EQ(gate_of<WorkWaits>(), Gate::none);
  const InvocationId second = call();
  EXPECT_EQ(count<WorkWaits>(), 0u);
  EXPECT_EQ(state_of(first), State::ready);
  EXPECT_EQ(state_of(second), State::ready);
  EXPECT_EQ(state->running, 0u);
  EXPECT_TRUE(state->ready.empty());
  EXPECT_EQ(line().size(), 2u);
}

TEST_F(PulledTest, take_begins_by_priority_and_then_in_order_of_acceptance) {
  const InvocationId third = call_with_priority(4);
  const InvocationId second = call_with_priority(7);
  const InvocationId first = call_with_priority(9);
  const InvocationId fourth = call_with_priority(4);
  const Took took = take(3);
  EXPECT_EQ(took.ids, (Ids{first, second, third}));
  EXPECT_EQ(took.operation, "pulled");
  EXPECT_TRUE(took.more);
  EXPECT_EQ(count<Dispatch>(), 3u);
  EXPECT_EQ(state_of(third), State::running);
  EXPECT_EQ(state_of(fourth), State::ready);
  EXPECT_EQ(take(3).ids, Ids{fourth});
}

TEST_F(PulledTest, what_is_taken_is_stored_before_it_leaves) {
  configure_pulled("pulled", policy(Mode::auto_));
  const InvocationId id = call();
  EXPECT_FALSE(inv(id).stored);
  take(1);
  EXPECT_TRUE(inv(id).stored);
  EXPECT_TRUE(rows.has(id));
  EXPECT_EQ(gate_of<Dispatch>(), Gate::commit);
  EXPECT_EQ(gate_of<Took>(), Gate::none);
}

TEST_F(PulledTest, its_executor_is_told_again_after_a_take_that_left_nothing) {
  call();
  EXPECT_FALSE(take(1).more);
  call();
  EXPECT_EQ(count<WorkWaits>(), 1u);
  call();
  EXPECT_TRUE(take(1).more);  // so it knows
  call();
  EXPECT_EQ(count<WorkWaits>(), 0u);
  EXPECT_FALSE(take(9).more);
  EXPECT_TRUE(take(9).ids.empty());
}

TEST_F(PulledTest, the_next_of_an_order_key_waits_for_the_one_before) {
  const InvocationId first = call(ordered("k"));
  const InvocationId second = call(ordered("k"));
  EXPECT_EQ(take(5).ids, Ids{first});
  EXPECT_TRUE(take(5).ids.empty());
  finish(first);
  EXPECT_EQ(count<WorkWaits>(), 1u);
  EXPECT_EQ(take(5).ids, Ids{second});
}

TEST_F(PulledTest, a_crowd_without_workers_takes_no_place) {
  for (int i = 0; i < 100; ++i) call();
  const InvocationId other = invoke("op");
  EXPECT_EQ(state_of(other), State::running);
}

TEST_F(PulledTest, what_nobody_pulls_or_nobody_knows_gives_nothing) {
  invoke("op");
  for (const char* name : {"op", "no such operation"}) {
    const Took took = take(9, name);
    EXPECT_TRUE(took.ids.empty());
    EXPECT_FALSE(took.more);
    EXPECT_EQ(took.operation, name);
  }
  EXPECT_FALSE(state->operations.contains("no such operation"));
}

TEST_F(PulledTest, nothing_begins_while_the_engine_stops) {
  call();
  state->draining = true;
  EXPECT_TRUE(take(1).ids.empty());
  EXPECT_EQ(why(*state, inv(line().begin()->id)).front(), "the engine is stopping");
}

TEST_F(PulledTest, start_within_and_cancel_hold_in_the_line) {
  Policy policy = this->policy(Mode::later);
  policy.start_within = minutes(1);
  configure_pulled("pulled", policy);
  const InvocationId expires = call();
  const InvocationId cancelled = call();
  cancel(cancelled);
  EXPECT_EQ(state_of(cancelled), State::cancelled);
  advance(minutes(1));
  EXPECT_EQ(state_of(expires), State::expired);
  EXPECT_TRUE(line().empty());
  EXPECT_TRUE(take(1).ids.empty());
}

TEST_F(PulledTest, cancel_ends_what_no_worker_holds) {
  const InvocationId id = call();
  take(1);
  fail_attempt(id);
  advance(hours(1));
  EXPECT_EQ(state_of(id), State::ready);
  cancel(id);
  EXPECT_EQ(state_of(id), State::cancelled);
}

TEST_F(PulledTest, cancel_of_what_a_worker_holds_waits_for_the_worker) {
  const InvocationId id = call();
  take(1);
  cancel(id);
  EXPECT_EQ(state_of(id), State::running);
  finish(id);
  EXPECT_EQ(state_of(id), State::cancelled);
}

TEST_F(PulledTest, one_that_nothing_runs_any_more_is_parked_when_it_is_taken) {
  const InvocationId gone = call();
  apply(Configure{"pulled", policy(Mode::later), {}, {2}, true});
  const InvocationId fresh = call();
  EXPECT_TRUE(take(1).ids.empty());
  EXPECT_EQ(inv(gone).park_reason, ParkReason::no_executor);
  EXPECT_EQ(take(1).ids, Ids{fresh});
}

// ---- evicted ones ----

TEST_F(PulledTest, an_evicted_one_begins_when_it_is_loaded) {
  const InvocationId first = call();
  const InvocationId second = call();
  evict(first);
  EXPECT_EQ(take(2).ids, (Ids{first, second}));
  EXPECT_EQ(count<Dispatch>(), 1u);
  EXPECT_EQ(count<Load>(), 1u);
  EXPECT_EQ(state->running, 2u);
  start_loaded();
  EXPECT_EQ(state_of(first), State::running);
  EXPECT_EQ(all<Dispatch>().at(0).id, first);
  EXPECT_EQ(count<DropAttempt>(), 0u);
}

TEST_F(PulledTest, one_that_ends_while_it_is_loaded_is_dropped_for_its_worker) {
  const InvocationId id = call();
  evict(id);
  take(1);
  cancel(id);
  EXPECT_EQ(state_of(id), State::cancelled);
  start_loaded();
  ASSERT_EQ(count<DropAttempt>(), 1u);
  EXPECT_EQ(all<DropAttempt>().at(0).id, id);
  EXPECT_EQ(state->running, 0u);
}

TEST_F(PulledTest, one_that_is_pulled_no_more_when_it_is_loaded_runs_here) {
  const InvocationId id = call();
  evict(id);
  take(1);
  configure("pulled", policy(Mode::later));
  start_loaded();
  EXPECT_EQ(state_of(id), State::running);
  EXPECT_EQ(count<DropAttempt>(), 1u);  // by its former worker
}

TEST_F(PulledTest, one_that_is_pulled_when_its_place_comes_waits_for_a_worker) {
  configure("pulled", policy(Mode::later));
  state->draining = true;
  const InvocationId id = call();
  evict(id);
  state->draining = false;
  invoke("op");  // looks for places
  EXPECT_TRUE(state->loading.contains(id));
  configure_pulled("pulled", policy(Mode::later));
  start_loaded();
  EXPECT_EQ(state_of(id), State::ready);
  EXPECT_EQ(count<WorkWaits>(), 1u);
  EXPECT_EQ(take(1).ids, Ids{id});
}

// ---- release ----

TEST_F(PulledTest, what_reached_no_worker_goes_back_as_if_it_had_not_begun) {
  const InvocationId first = call();
  const InvocationId second = call();
  take(1);
  const LeaseEpoch epoch = inv(first).epoch;
  release(first);
  EXPECT_EQ(out.effects.size(), 0u) << "told of its work already";
  EXPECT_EQ(state_of(first), State::ready);
  EXPECT_EQ(inv(first).attempt, 0u);
  EXPECT_EQ(inv(first).failures, 0u);
  EXPECT_EQ(inv(first).epoch, epoch);
  EXPECT_EQ(take(2).ids, (Ids{first, second}));
  EXPECT_EQ(inv(first).attempt, 1u);
  EXPECT_EQ(inv(first).epoch, next(epoch));
}

TEST_F(PulledTest, what_was_released_must_still_start_in_time) {
  Policy policy = this->policy(Mode::later);
  policy.start_within = minutes(1);
  configure_pulled("pulled", policy);
  const InvocationId id = call();
  take(1);
  advance(minutes(2));
  EXPECT_EQ(state_of(id), State::running);
  release(id);
  EXPECT_EQ(count<WorkWaits>(), 1u);
  advance(seconds(1));
  EXPECT_EQ(state_of(id), State::expired);
}

TEST_F(PulledTest, what_is_cancelled_ends_when_it_is_released) {
  const InvocationId id = call();
  take(1);
  cancel(id);
  release(id);
  EXPECT_EQ(state_of(id), State::cancelled);
}

// ---- changes and deaths ----

TEST_F(PulledTest, a_change_of_executor_takes_along_what_is_ready) {
  const InvocationId first = call();
  const InvocationId second = call();
  const InvocationId other = invoke("op");
  configure("pulled", policy(Mode::later));
  EXPECT_EQ(state_of(first), State::running);
  EXPECT_EQ(state_of(second), State::running);
  EXPECT_TRUE(line().empty());
  fail_attempt(first);
  state->draining = true;
  advance(inv(first).backoff_due - now);
  EXPECT_EQ(state->ready.size(), 1u);
  configure_pulled("pulled", policy(Mode::later));
  EXPECT_EQ(line().size(), 1u);
  EXPECT_EQ(count<WorkWaits>(), 1u);
  state->draining = false;
  EXPECT_EQ(take(9).ids, Ids{first});
  EXPECT_EQ(state_of(other), State::running);
}

TEST_F(PulledTest, after_a_crash_its_executor_is_told_of_all_that_waits) {
  const InvocationId running = call();
  take(1);
  const InvocationId waits = call(ordered("k"));
  const InvocationId behind = call(ordered("k"));
  crash();
  EXPECT_EQ(count<WorkWaits>(), 1u);
  EXPECT_EQ(count<Dispatch>(), 0u);
  EXPECT_EQ(take(9).ids, (Ids{running, waits}));
  start_loaded();
  EXPECT_EQ(inv(running).attempt, 2u);
  EXPECT_EQ(state_of(behind), State::ready);
}

TEST_F(PulledTest, a_crash_ends_what_was_cancelled_while_its_worker_held_it) {
  const InvocationId first = call(ordered("k"));
  const InvocationId second = call(ordered("k"));
  take(1);
  cancel(first);
  crash();
  EXPECT_EQ(state_of(first), State::cancelled);
  EXPECT_EQ(count<WorkWaits>(), 1u);
  EXPECT_EQ(take(9).ids, Ids{second});
}

TEST_F(PulledTest, why_names_the_operation_and_the_place) {
  call_with_priority(9);
  const InvocationId second = call();
  call();
  EXPECT_EQ(why(*state, inv(second)).front(),
            "waits for a worker of operation 'pulled', place 2 of 3 in its partition");
}

// ---- places ----

class FullTest : public PulledTest {
 protected:
  FullTest() : PulledTest(two_places()) {}
  static Limits two_places() {
    Limits limits;
    limits.running_max = 2;
    return limits;
  }
};

TEST_F(FullTest, a_take_gets_no_more_than_there_are_places_and_is_told_of_the_next) {
  const InvocationId first = call();
  const InvocationId second = call();
  const InvocationId third = call();
  const Took took = take(9);
  EXPECT_EQ(took.ids, (Ids{first, second}));
  EXPECT_FALSE(took.more) << "another Take would get nothing now";
  EXPECT_TRUE(take(9).ids.empty());
  call();
  EXPECT_EQ(count<WorkWaits>(), 0u);
  finish(second);
  EXPECT_EQ(count<WorkWaits>(), 1u);
  EXPECT_EQ(take(9).ids, Ids{third});
}

TEST_F(FullTest, those_that_need_no_worker_get_a_free_place_first) {
  const InvocationId first = call();
  call();
  take(2);
  call();
  const InvocationId other = invoke("op");
  finish(first);
  EXPECT_EQ(state_of(other), State::running);
  EXPECT_EQ(count<WorkWaits>(), 0u);
  finish(other);
  EXPECT_EQ(count<WorkWaits>(), 1u);
}

TEST_F(FullTest, a_now_call_waits_for_a_worker_and_not_for_a_place) {
  configure_pulled("pulled", policy(Mode::now));
  invoke("op");
  invoke("op");
  invoke("now");
  EXPECT_EQ(refusal(), ErrorCode::overloaded);
  const InvocationId id = call();
  EXPECT_EQ(refusal(), ErrorCode::none);
  EXPECT_EQ(state_of(id), State::ready);
}

}  // namespace
}  // namespace nowthen::core
