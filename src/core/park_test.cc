// Parked: what needs a person, and the answers of that person.

#include "core/core_fixture.h"

namespace nowthen::core {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class ParkTest : public CoreTest {
 protected:
  /// Parked because nobody knows whether its step "pay" happened.
  InvocationId in_doubt() {
    const InvocationId id = invoke();
    step(id, "charge");
    open(id, "pay", EntryKind::step_once);
    fail_attempt(id);
    advance(seconds(1));
    open(id, "pay", EntryKind::step_once);
    EXPECT_EQ(inv(id).park_reason, ParkReason::outcome_unknown);
    return id;
  }
};

TEST_F(ParkTest, code_that_does_not_fit_its_journal_parks_with_the_difference) {
  const InvocationId id = invoke();
  step(id, "charge");
  park_attempt(id);
  EXPECT_EQ(state_of(id), State::parked);
  EXPECT_EQ(inv(id).park_reason, ParkReason::journal_mismatch);
  EXPECT_EQ(inv(id).note, "expected 'charge', got 'refund'");
  EXPECT_EQ(count<DropAttempt>(), 1u);
  EXPECT_EQ(rows.read(id)->state, State::parked);
}

TEST_F(ParkTest, parked_call_stays_until_a_person_answers) {
  const InvocationId id = invoke();
  park(id);
  EXPECT_EQ(inv(id).park_reason, ParkReason::operator_);
  EXPECT_EQ(reply()->id, id);
  advance(hours(24 * 365));
  EXPECT_EQ(state_of(id), State::parked);
}

TEST_F(ParkTest, call_that_was_not_stored_is_when_it_is_parked) {
  const InvocationId id = invoke("auto");
  park_attempt(id);
  EXPECT_TRUE(rows.has(id));
  advance(seconds(1));
  EXPECT_EQ(reply()->id, id);  // a ticket; a person will see to it
}

TEST_F(ParkTest, scheduled_call_is_cancelled_rather_than_parked) {
  CallOptions delayed;
  delayed.delay = hours(1);
  const InvocationId id = invoke("op", delayed);
  park(id);
  EXPECT_EQ(refusal(), ErrorCode::invalid_state);
  EXPECT_EQ(state_of(id), State::scheduled);
}

TEST_F(ParkTest, operation_that_nothing_runs_here_parks_only_its_own) {
  CallOptions delayed;
  delayed.delay = minutes(1);
  Invoke old;
  old.operation = "op";
  old.version = 1;
  old.options = delayed;
  configure("op", policy(Mode::later), {1, 2});
  const InvocationId one = invoke(old);
  const InvocationId two = invoke("op", delayed);
  EXPECT_EQ(inv(two).version, 2u);
  configure("op", policy(Mode::later), {2});
  advance(minutes(1));
  EXPECT_EQ(inv(one).park_reason, ParkReason::no_executor);
  EXPECT_EQ(inv(one).note, "nothing here runs op version 1");
  EXPECT_EQ(state_of(two), State::running);
  configure("op", policy(Mode::later), {1, 2});
  resume(one);
  EXPECT_EQ(state_of(one), State::running);
}

TEST_F(ParkTest, resume_begins_again_from_the_journal) {
  const InvocationId id = invoke();
  step(id, "charge");
  park_attempt(id);
  resume(id);
  EXPECT_EQ(count<Dispatch>(), 1u);
  EXPECT_EQ(inv(id).done.size(), 1u);
  EXPECT_EQ(inv(id).park_reason, ParkReason::none);
  EXPECT_EQ(inv(id).note, "");
}

TEST_F(ParkTest, restart_begins_again_with_an_empty_journal) {
  const InvocationId id = invoke();
  step(id, "charge");
  step(id, "save");
  park_attempt(id);
  restart(id);
  EXPECT_TRUE(inv(id).done.empty());
  EXPECT_TRUE(rows.read(id)->done.empty());
  open(id, "charge");
  EXPECT_EQ(count<RunStep>(), 1u);
  complete(id, "charge");
  EXPECT_EQ(rows.read(id)->done.size(), 1u);
  EXPECT_EQ(inv(id).done[0].done_seq, 1u);
}

TEST_F(ParkTest, restart_cancels_the_children_of_the_former_journal) {
  const InvocationId id = invoke();
  open_child(id, "bill", EntryKind::call, "later");
  const InvocationId child = inv(id).open[0].child;
  deliver_messages();
  step(child, "charge");
  park(id);
  restart(id);
  deliver_messages();
  EXPECT_NE(inv(child).cancel_seq, 0u);
}

TEST_F(ParkTest, restart_takes_back_a_cancel_whose_place_in_the_journal_is_gone) {
  const InvocationId id = invoke();
  step(id, "charge");
  cancel(id);
  park_attempt(id);
  restart(id);
  advance(minutes(5));  // cleanup_within has passed
  ASSERT_EQ(state_of(id), State::running);
  open(id, "charge");
  EXPECT_EQ(count<RunStep>(), 1u);
  complete(id, "charge");
  finish(id);
  EXPECT_EQ(state_of(id), State::succeeded);
}

TEST_F(ParkTest, cleanup_that_parks_still_ends_in_time) {
  const InvocationId id = invoke();
  step(id, "charge");
  cancel(id);
  park_attempt(id);
  advance(seconds(30));
  EXPECT_EQ(state_of(id), State::cancelled);
}

// ---- resolving a step ------------------------------------------------------------------------

TEST_F(ParkTest, step_resolved_with_a_result_is_done_and_does_not_run) {
  const InvocationId id = in_doubt();
  resolve(id, "pay", Outcome{ErrorCode::none, "paid, says the bank"});
  EXPECT_EQ(refusal(), ErrorCode::none);
  EXPECT_EQ(state_of(id), State::running);
  EXPECT_EQ(inv(id).done.back().outcome.data, "paid, says the bank");
  EXPECT_EQ(rows.read(id)->done.size(), 2u);
  open(id, "pay", EntryKind::step_once);
  EXPECT_EQ(count<RunStep>(), 0u);
}

TEST_F(ParkTest, step_that_did_not_happen_runs) {
  const InvocationId id = in_doubt();
  resolve(id, "pay", std::nullopt);
  EXPECT_EQ(state_of(id), State::running);
  open(id, "pay", EntryKind::step_once);
  EXPECT_EQ(count<RunStep>(), 1u);
}

TEST_F(ParkTest, resume_without_an_answer_parks_again) {
  const InvocationId id = in_doubt();
  resume(id);
  open(id, "pay", EntryKind::step_once);
  EXPECT_EQ(inv(id).park_reason, ParkReason::outcome_unknown);
}

TEST_F(ParkTest, result_that_passes_a_limit_is_refused_and_ends_it) {
  const InvocationId id = in_doubt();
  inv(id).journal_bytes = state->limits.journal_bytes_max - 10;
  resolve(id, "pay", Outcome{ErrorCode::none, std::string(100, 'x')});
  EXPECT_EQ(state_of(id), State::failed);
  EXPECT_EQ(refusal(), ErrorCode::too_large);
}

TEST_F(ParkTest, only_an_open_step_can_be_resolved) {
  const InvocationId id = in_doubt();
  for (const char* path : {"nobody", "charge"}) {
    resolve(id, path, Outcome{});
    EXPECT_EQ(refusal(), ErrorCode::not_found) << path;
    EXPECT_EQ(state_of(id), State::parked);
  }
}

TEST_F(ParkTest, answer_that_passes_a_limit_of_the_journal_fails_the_call) {
  Limits limits;
  limits.journal_bytes_max = 20;
  Driver small(limits);
  small.configure("op", policy(Mode::later));
  const InvocationId id = small.invoke();
  small.open(id, "pay", EntryKind::step_once);
  small.park(id);
  small.resolve(id, "pay", Outcome{ErrorCode::none, std::string(30, 'x')});
  EXPECT_EQ(small.state_of(id), State::failed);
}

TEST_F(ParkTest, answers_come_only_to_what_is_parked) {
  const InvocationId id = invoke();
  for (int i = 0; i < 3; ++i) {
    if (i == 0) resume(id);
    if (i == 1) restart(id);
    if (i == 2) resolve(id, "pay", std::nullopt);
    EXPECT_EQ(refusal(), ErrorCode::invalid_state);
    EXPECT_NE(reply()->outcome.data.find("is running"), std::string::npos);
  }
}

}  // namespace
}  // namespace nowthen::core
