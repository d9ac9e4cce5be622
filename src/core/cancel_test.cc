// Cancel: a recorded request, cleanup with a limit, and who wins when two things come together.

#include "core/core_fixture.h"

namespace nowthen::core {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class CancelTest : public CoreTest {};

TEST_F(CancelTest, what_has_not_begun_ends_at_once) {
  CallOptions delayed;
  delayed.delay = hours(1);
  const InvocationId scheduled = invoke("op", delayed);
  cancel(scheduled);
  EXPECT_EQ(state_of(scheduled), State::cancelled);
  invoke("op", ordered("k"));
  const InvocationId waits = invoke("op", ordered("k"));
  cancel(waits);
  EXPECT_EQ(state_of(waits), State::cancelled);
  EXPECT_EQ(rows.finished(waits)->outcome, (Outcome{ErrorCode::cancelled, "no need"}));
}

TEST_F(CancelTest, call_that_is_not_stored_ends_at_once_and_is_never_written) {
  const InvocationId id = invoke("auto");
  cancel(id);
  EXPECT_EQ(state_of(id), State::cancelled);
  EXPECT_EQ(count<DropAttempt>(), 1u);
  EXPECT_TRUE(out.rows.empty());
  EXPECT_TRUE(reply()->id.is_null());
}

TEST_F(CancelTest, running_one_records_the_request_and_tells_the_code) {
  const InvocationId id = invoke();
  step(id, "charge");
  cancel(id);
  EXPECT_EQ(reply()->id, id);
  EXPECT_EQ(gate_of<Reply>(), Gate::commit);
  EXPECT_EQ(count<DeliverCancel>(), 1u);
  EXPECT_EQ(rows.read(id)->cancel_seq, 2u);  // its place in the order of results
  cancel(id);
  EXPECT_EQ(count<DeliverCancel>(), 0u);  // once
  EXPECT_EQ(inv(id).cancel_seq, 2u);
}

TEST_F(CancelTest, running_step_finishes_and_is_recorded_but_no_later_one_starts) {
  const InvocationId id = invoke();
  open(id, "charge");
  cancel(id);
  complete(id, "charge", {ErrorCode::none, "paid"});
  ASSERT_EQ(inv(id).done.size(), 1u);
  EXPECT_EQ(inv(id).done[0].outcome.data, "paid");
  EXPECT_EQ(inv(id).done[0].done_seq, 2u);  // after the cancel
  for (const EntryKind kind :
       {EntryKind::step, EntryKind::step_once, EntryKind::sleep, EntryKind::signal}) {
    open(id, "later", kind, kNever);
    EXPECT_TRUE(inv(id).open.empty());
    EXPECT_EQ(count<RunStep>(), 0u);
  }
  open_child(id, "child", EntryKind::call, "later");
  open_child(id, "mail", EntryKind::send, "later");
  EXPECT_TRUE(messages.empty());
}

TEST_F(CancelTest, step_that_fails_after_a_cancel_is_not_tried_again) {
  const InvocationId id = invoke();
  open(id, "charge");
  cancel(id);
  complete(id, "charge", {ErrorCode::failed, "no"});
  EXPECT_EQ(inv(id).done.size(), 1u);
}

TEST_F(CancelTest, step_that_waits_for_a_retry_does_not_start_after_a_cancel) {
  const InvocationId id = invoke();
  open(id, "charge");
  complete(id, "charge", {ErrorCode::failed, "no"});
  cancel(id);
  advance(seconds(1));
  EXPECT_EQ(count<RunStep>(), 0u);
  EXPECT_EQ(state_of(id), State::running);
}

TEST_F(CancelTest, cleanup_runs_and_is_tried_again_and_then_it_is_cancelled) {
  const InvocationId id = invoke();
  step(id, "charge");
  cancel(id);
  open(id, "refund", EntryKind::cleanup);
  ASSERT_EQ(count<RunStep>(), 1u);
  complete(id, "refund", {ErrorCode::failed, "no"});
  advance(milliseconds(100));
  ASSERT_EQ(count<RunStep>(), 1u);
  complete(id, "refund", {}, 1);
  finish(id, {ErrorCode::none, "a result after all"});
  EXPECT_EQ(state_of(id), State::cancelled);
  EXPECT_EQ(rows.finished(id)->outcome, (Outcome{ErrorCode::cancelled, "no need"}));
}

TEST_F(CancelTest, cleanup_has_a_time_limit) {
  const InvocationId id = invoke();
  step(id, "charge");
  cancel(id);
  open(id, "refund", EntryKind::cleanup);
  advance(seconds(29));
  EXPECT_EQ(state_of(id), State::running);
  advance(seconds(1));
  EXPECT_EQ(state_of(id), State::cancelled);
  EXPECT_EQ(count<DropAttempt>(), 1u);
}

TEST_F(CancelTest, sleeping_one_begins_again_to_clean_up) {
  const InvocationId id = invoke();
  step(id, "charge");
  sleep(id, "nap", hours(1));
  suspend(id);
  cancel(id);
  EXPECT_EQ(count<Dispatch>(), 1u);
  EXPECT_EQ(inv(id).cancel_seq, 2u);
  EXPECT_EQ(count<DeliverCancel>(), 0u);  // the journal that it begins with tells it
}

TEST_F(CancelTest, kept_one_is_told_where_it_waits) {
  const InvocationId id = invoke();
  sleep(id, "nap", hours(1));
  suspend(id, true);
  cancel(id);
  EXPECT_EQ(count<DeliverCancel>(), 1u);
  EXPECT_EQ(state_of(id), State::running);
}

TEST_F(CancelTest, one_that_backs_off_begins_at_once_to_clean_up) {
  const InvocationId id = invoke();
  step(id, "charge");
  fail_attempt(id);
  cancel(id);
  EXPECT_EQ(state_of(id), State::running);
  advance(milliseconds(100));
  EXPECT_EQ(count<Dispatch>(), 0u);  // nothing is left of the backoff
}

TEST_F(CancelTest, time_for_cleanup_begins_when_the_step_that_runs_has_ended) {
  const InvocationId id = invoke();
  open(id, "charge");
  cancel(id);
  advance(minutes(2));
  ASSERT_EQ(state_of(id), State::running);
  complete(id, "charge");
  open(id, "refund", EntryKind::cleanup);
  advance(seconds(29));
  EXPECT_EQ(state_of(id), State::running);
  advance(seconds(1));
  EXPECT_EQ(state_of(id), State::cancelled);
}

TEST_F(CancelTest, time_for_cleanup_leaves_out_the_time_in_which_no_process_lived) {
  const InvocationId id = invoke();
  step(id, "charge");
  const InvocationId sleeps = invoke();
  for (const InvocationId each : {id, sleeps}) cancel(each);
  sleep(id, "sleep", hours(1));
  restart_process();
  now = after(now, hours(1));
  apply(Recover{});
  for (const InvocationId each : {id, sleeps}) {
    ASSERT_EQ(state_of(each), State::running);
    open(each, "refund", EntryKind::cleanup);
  }
  advance(seconds(29));
  EXPECT_EQ(state_of(id), State::running);
  advance(seconds(1));
  EXPECT_EQ(state_of(id), State::cancelled);
}

TEST_F(CancelTest, step_in_doubt_keeps_a_cancelled_one_parked_until_it_is_cancelled_again) {
  const InvocationId id = invoke();
  open(id, "pay", EntryKind::step_once);
  cancel(id);
  advance(minutes(5));
  EXPECT_EQ(inv(id).park_reason, ParkReason::outcome_unknown);
  cancel(id);
  EXPECT_EQ(state_of(id), State::cancelled);
}

TEST_F(CancelTest, cleanup_that_fails_ends_as_cancelled) {
  const InvocationId id = invoke();
  step(id, "charge");
  cancel(id);
  fail_attempt(id);
  EXPECT_EQ(state_of(id), State::cancelled);
}

TEST_F(CancelTest, parked_one_ends_at_once) {
  const InvocationId id = invoke();
  step(id, "charge");
  park(id);
  cancel(id);
  EXPECT_EQ(state_of(id), State::cancelled);
}

// ---- who wins --------------------------------------------------------------------------------

TEST_F(CancelTest, finish_before_cancel_succeeds_and_the_cancel_is_refused) {
  const InvocationId id = invoke();
  finish(id);
  cancel(id);
  EXPECT_EQ(refusal(), ErrorCode::invalid_state);
  EXPECT_EQ(state_of(id), State::succeeded);
}

TEST_F(CancelTest, cancel_before_finish_is_cancelled) {
  const InvocationId id = invoke();
  cancel(id);
  finish(id);
  EXPECT_EQ(state_of(id), State::cancelled);
}

TEST_F(CancelTest, result_before_the_timer_counts_and_the_other_way_round) {
  for (const bool timer_first : {true, false}) {
    const InvocationId id = invoke("now");
    open(id, "charge");
    auto last = under_lease<Finish>(id);
    if (timer_first) {
      advance(milliseconds(300));
      EXPECT_EQ(refusal(), ErrorCode::deadline_exceeded);
      apply(last);
    } else {
      now = after(now, milliseconds(300));
      apply(last);
      EXPECT_EQ(reply()->state, State::succeeded);
      advance(Duration::zero());
    }
    EXPECT_EQ(state_of(id), timer_first ? State::cancelled : State::succeeded);
  }
}

TEST_F(CancelTest, second_cancel_does_not_extend_the_cleanup) {
  const InvocationId id = invoke();
  step(id, "charge");
  cancel(id);
  const WallTime due = inv(id).cleanup_due;
  advance(seconds(10));
  cancel(id);
  EXPECT_EQ(inv(id).cleanup_due, due);
}

}  // namespace
}  // namespace nowthen::core
