// What is left after the process died: everything stored goes on, and crashes are counted.

#include "core/core_fixture.h"

namespace nowthen::core {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class RecoverTest : public CoreTest {};

TEST_F(RecoverTest, stored_attempt_begins_again_from_its_journal) {
  const InvocationId id = invoke();
  step(id, "charge");
  crash();
  ASSERT_EQ(count<Dispatch>(), 1u);
  EXPECT_EQ(all<Dispatch>().front().epoch, LeaseEpoch{2});
  EXPECT_EQ(inv(id).done.size(), 1u);
}

TEST_F(RecoverTest, call_that_was_not_stored_never_happened) {
  const InvocationId id = invoke("auto");
  crash();
  EXPECT_EQ(live(id), nullptr);
  EXPECT_EQ(state->running, 0u);
}

TEST_F(RecoverTest, three_deaths_in_its_code_without_progress_park_it) {
  const InvocationId id = invoke();
  for (int i = 0; i < 2; ++i) {
    crash({id});
    ASSERT_EQ(state_of(id), State::running);
  }
  crash({id});
  EXPECT_EQ(inv(id).park_reason, ParkReason::crash_loop);
  EXPECT_EQ(count<Dispatch>(), 0u);
  resume(id);
  EXPECT_EQ(state_of(id), State::running);
  crash({id});
  EXPECT_EQ(state_of(id), State::running);  // counted anew
}

TEST_F(RecoverTest, what_merely_ran_when_the_process_died_is_never_blamed) {
  const InvocationId guilty = invoke();
  const InvocationId innocent = invoke();
  for (int i = 0; i < 10; ++i) crash({guilty, fresh_id()});
  EXPECT_EQ(inv(guilty).park_reason, ParkReason::crash_loop);
  EXPECT_EQ(state_of(innocent), State::running);
  EXPECT_EQ(inv(innocent).crashes, 0u);
}

TEST_F(RecoverTest, a_death_elsewhere_does_not_end_the_count) {
  const InvocationId id = invoke();
  for (int i = 0; i < 2; ++i) {
    crash({id});
    crash();
  }
  ASSERT_EQ(state_of(id), State::running);
  crash({id});
  EXPECT_EQ(state_of(id), State::parked);
}

TEST_F(RecoverTest, progress_between_crashes_is_no_crash_loop) {
  const InvocationId id = invoke();
  for (int i = 0; i < 10; ++i) {
    crash({id});
    ASSERT_EQ(state_of(id), State::running) << i;
    step(id, "step" + std::to_string(i));
  }
}

TEST_F(RecoverTest, attempt_that_ended_by_itself_ends_the_count) {
  const InvocationId id = invoke();
  for (int i = 0; i < 5; ++i) {
    crash({id});
    ASSERT_EQ(state_of(id), State::running) << i;
    open(id, "signal:go" + std::to_string(i), EntryKind::signal);
    suspend(id);
    signal(id, "go" + std::to_string(i));
    ASSERT_EQ(inv(id).crashes, 0u);
  }
}

TEST_F(RecoverTest, crash_is_counted_once_even_if_no_place_is_free_afterwards) {
  Limits limits;
  limits.running_max = 1;
  Driver small(limits);
  small.configure("op", policy(Mode::later));
  const InvocationId kept = small.invoke();
  small.sleep(kept, "nap", minutes(1));
  small.suspend(kept, true);
  const InvocationId other = small.invoke();  // its attempt is lost too
  small.crash({other});
  EXPECT_EQ(small.state_of(kept), State::running);
  EXPECT_EQ(small.state_of(other), State::ready);
  small.evict(other);
  small.finish(kept);
  small.start_loaded();
  EXPECT_EQ(small.inv(other).crashes, 1u);
  EXPECT_EQ(small.state_of(other), State::running);
}

TEST_F(RecoverTest, kept_attempt_that_only_waited_is_lost_too_and_begins_again) {
  const InvocationId id = invoke();
  sleep(id, "nap", minutes(1));
  suspend(id, true);
  signal(id, "note");  // writes its header while it waits
  EXPECT_EQ(rows.read(id)->state, State::running);
  advance(minutes(1));
  crash();  // the sleep is recorded, its code was not told
  EXPECT_EQ(state_of(id), State::running);
  EXPECT_EQ(inv(id).done.size(), 1u);
}

TEST_F(RecoverTest, sleep_survives_and_ends_in_time) {
  const InvocationId id = invoke();
  sleep(id, "nap", hours(2));
  suspend(id);
  advance(hours(1));
  crash();
  EXPECT_EQ(state_of(id), State::suspended);
  advance(hours(1) - Duration(1));
  EXPECT_EQ(state_of(id), State::suspended);
  advance(Duration(1));
  EXPECT_EQ(state_of(id), State::running);
}

TEST_F(RecoverTest, sleep_that_ended_while_nothing_ran_ends_at_the_start) {
  const InvocationId id = invoke();
  sleep(id, "nap", hours(2));
  suspend(id);
  now = after(now, hours(5));
  crash();
  advance(Duration::zero());
  EXPECT_EQ(state_of(id), State::running);
}

TEST_F(RecoverTest, backoff_schedule_expiry_and_answer_times_survive) {
  Policy hasty = policy(Mode::later);
  hasty.start_within = minutes(1);
  configure("op", hasty);
  const InvocationId backs_off = invoke();
  fail_attempt(backs_off);
  CallOptions delayed;
  delayed.delay = hours(1);
  const InvocationId expires = invoke("op", delayed);
  const InvocationId scheduled = invoke("later", delayed);
  const InvocationId answered = invoke("now", keyed("k"));
  crash();
  advance(milliseconds(300));
  EXPECT_EQ(state_of(backs_off), State::running);
  EXPECT_NE(inv(answered).cancel_seq, 0u);  // as if the process had lived
  advance(minutes(1));
  EXPECT_EQ(state_of(expires), State::expired);
  advance(hours(1));
  start_loaded();
  EXPECT_EQ(state_of(scheduled), State::running);
}

TEST_F(RecoverTest, tries_of_a_step_survive_and_the_first_try_does_not) {
  const InvocationId id = invoke();
  open(id, "charge");
  crash();
  EXPECT_TRUE(inv(id).open.empty());
  open(id, "charge");
  complete(id, "charge", {ErrorCode::failed, "no"});
  crash();
  ASSERT_EQ(inv(id).open.size(), 1u);
  EXPECT_EQ(inv(id).open[0].tries, 1u);
}

TEST_F(RecoverTest, a_later_try_that_ran_when_the_process_died_runs_again_at_once) {
  const InvocationId id = invoke();
  for (const char* const step : {"1.0/a", "1.1/b"}) {
    open(id, step);
    complete(id, step, {ErrorCode::failed, "no"});
  }
  advance(seconds(10));
  complete(id, "1.1/b", {ErrorCode::failed, "no"}, 1);  // writes what is open, "a" among it
  crash();
  open(id, "1.0/a");
  EXPECT_EQ(count<RunStep>(), 1u);
}

TEST_F(RecoverTest, step_that_wrote_state_is_known_again_so_that_it_does_not_write_it_twice) {
  const InvocationId id = invoke("op", ordered("k"));
  auto opens = under_lease<OpenEntry>(id);
  opens.path = "charge";
  opens.writes = {{"n", "1"}};
  apply(OpenEntry(opens));
  crash();
  ASSERT_EQ(inv(id).open.size(), 1u);
  EXPECT_EQ(inv(id).open[0].path, "charge");
  crash();
  EXPECT_EQ(inv(id).open.size(), 1u);
  open(id, "charge");
  EXPECT_EQ(count<RunStep>(), 1u);
}

TEST_F(RecoverTest, at_most_once_step_that_ran_when_the_process_died_is_in_doubt) {
  const InvocationId id = invoke();
  open(id, "pay", EntryKind::step_once);
  crash();
  open(id, "pay", EntryKind::step_once);
  EXPECT_EQ(count<RunStep>(), 0u);
  EXPECT_EQ(inv(id).park_reason, ParkReason::outcome_unknown);
}

TEST_F(RecoverTest, cancel_survives) {
  const InvocationId id = invoke();
  step(id, "charge");
  cancel(id);
  crash();
  EXPECT_EQ(inv(id).cancel_seq, 2u);
  EXPECT_EQ(inv(id).last_seq, 2u);
  open(id, "refund", EntryKind::cleanup);
  EXPECT_EQ(count<RunStep>(), 1u);
  advance(seconds(30));
  EXPECT_EQ(state_of(id), State::cancelled);
}

TEST_F(RecoverTest, parking_one_crash_loop_does_not_begin_what_must_wait) {
  Limits limits;
  limits.running_max = 1;
  limits.crashes_max = 1;
  Driver small(limits);
  small.configure("op", policy(Mode::later));
  const InvocationId holder = small.invoke("op", ordered("k"));
  small.open(holder, "signal:go", EntryKind::signal);
  small.suspend(holder);
  const InvocationId crashes = small.invoke();
  const InvocationId waits_for_key = small.invoke("op", ordered("k"));
  const InvocationId waits_for_place = small.invoke();
  small.crash({crashes});
  EXPECT_EQ(small.state_of(crashes), State::parked);
  EXPECT_EQ(small.state_of(waits_for_key), State::ready);
  small.start_loaded();
  EXPECT_EQ(small.state_of(waits_for_place), State::running);
  EXPECT_EQ(small.state_of(waits_for_key), State::ready);
}

TEST_F(RecoverTest, crash_loops_are_parked_before_anything_begins) {
  Limits limits;
  limits.crashes_max = 1;
  Driver small(limits);
  small.configure("op", policy(Mode::later));
  const InvocationId first = small.invoke();
  const InvocationId second = small.invoke();
  small.crash({first, second});
  EXPECT_EQ(small.count<Dispatch>(), 0u);
  EXPECT_EQ(small.state->running, 0u);
}

// ---- evicted invocations and the places kept for them -------------------------------------------

class LoadingTest : public CoreTest {
 protected:
  static Limits one_place() {
    Limits limits;
    limits.running_max = 1;
    return limits;
  }
  LoadingTest() : CoreTest(one_place()) {
    first_ = invoke();
    second_ = invoke();
    evict(second_);
    finish(first_);
  }
  InvocationId first_;
  InvocationId second_;
};

TEST_F(LoadingTest, free_place_is_kept_while_the_next_is_loaded) {
  EXPECT_EQ(loads, std::deque<InvocationId>{second_});
  EXPECT_EQ(state->running, 1u);
  const InvocationId third = invoke();
  EXPECT_EQ(state_of(third), State::ready);
  start_loaded();
  EXPECT_EQ(state_of(second_), State::running);
  EXPECT_EQ(state->running, 1u);
}

TEST_F(LoadingTest, place_is_given_back_when_it_ended_while_it_was_loaded) {
  const InvocationId third = invoke();
  cancel(second_);
  EXPECT_EQ(state_of(third), State::ready);
  start_loaded();
  EXPECT_EQ(state_of(third), State::running);
}

TEST_F(LoadingTest, place_is_given_back_when_it_was_parked_while_it_was_loaded) {
  const InvocationId third = invoke();
  park(second_);
  start_loaded();
  EXPECT_EQ(state_of(third), State::running);
  finish(third);
  EXPECT_EQ(state->running, 0u);
}

TEST_F(LoadingTest, parked_and_resumed_while_it_was_loaded_takes_the_place_kept_for_it) {
  park(second_);
  resume(second_);
  EXPECT_EQ(state_of(second_), State::ready);
  evict(second_);
  start_loaded();
  EXPECT_EQ(state_of(second_), State::running);
  EXPECT_EQ(state->running, 1u);
}

TEST_F(LoadingTest, place_is_given_back_once) {
  start_loaded();
  const std::string before = dump(*state);
  apply(StartLoaded{second_});
  apply(StartLoaded{fresh_id()});
  EXPECT_EQ(dump(*state), before);
}

}  // namespace
}  // namespace nowthen::core
