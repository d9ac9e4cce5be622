// Attempts and leases: what comes too late, what fails, how often it is tried again.

#include "core/application.h"
#include "core/core_fixture.h"

namespace nowthen::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class AttemptTest : public CoreTest {
 protected:
  /// Applies `command`, which must be refused as stale and change nothing.
  template <class C>
  void expect_stale(C command) {
    const std::string before = dump(*state);
    apply(std::move(command));
    EXPECT_EQ(dump(*state), before);
    ASSERT_EQ(count<RefuseAttempt>(), 1u);
    EXPECT_EQ(all<RefuseAttempt>().front().error.code, ErrorCode::lease_lost);
    EXPECT_TRUE(out.rows.empty());
  }
};

TEST_F(AttemptTest, first_attempt_is_counted_before_it_is_dispatched) {
  const InvocationId id = invoke();
  ASSERT_EQ(count<Dispatch>(), 1u);
  EXPECT_EQ(all<Dispatch>().front().epoch, LeaseEpoch{1});
  EXPECT_EQ(rows.read(id)->attempt, 1u);
  EXPECT_EQ(rows.read(id)->state, State::running);
}

TEST_F(AttemptTest, completion_under_an_old_epoch_is_refused_and_changes_nothing) {
  const InvocationId id = invoke();
  open(id, "charge");
  auto late = under_lease<CompleteStep>(id);
  late.path = "charge";
  fail_attempt(id);
  advance(milliseconds(100));
  ASSERT_EQ(inv(id).attempt, 2u);
  open(id, "charge");
  expect_stale(late);
}

TEST_F(AttemptTest, finish_under_an_old_epoch_is_refused_and_changes_nothing) {
  const InvocationId id = invoke();
  auto late = under_lease<Finish>(id);
  fail_attempt(id);
  advance(milliseconds(100));
  expect_stale(late);
}

TEST_F(AttemptTest, whatever_comes_after_the_end_is_refused) {
  const InvocationId id = invoke();
  auto late = under_lease<Finish>(id);
  finish(id);
  expect_stale(late);
}

TEST_F(AttemptTest, completion_under_an_old_try_changes_nothing_and_the_attempt_goes_on) {
  const InvocationId id = invoke();
  open(id, "charge");
  complete(id, "charge", {ErrorCode::failed, "no"});
  advance(milliseconds(100));
  ASSERT_EQ(count<RunStep>(), 1u);
  const std::string before = dump(*state);
  complete(id, "charge", {ErrorCode::none, "late"}, 0);
  EXPECT_EQ(dump(*state), before);
  EXPECT_EQ(count<RefuseAttempt>(), 0u);
  complete(id, "charge", {ErrorCode::none, "in time"}, 1);
  EXPECT_EQ(inv(id).done.back().outcome.data, "in time");
}

TEST_F(AttemptTest, failed_attempt_backs_off_and_begins_again_from_its_journal) {
  const InvocationId id = invoke();
  step(id, "charge");
  fail_attempt(id, "no connection");
  EXPECT_EQ(state_of(id), State::backing_off);
  EXPECT_EQ(count<DropAttempt>(), 1u);
  EXPECT_EQ(inv(id).note, "no connection");
  EXPECT_EQ(inv(id).backoff_due, after(now, milliseconds(100)));
  advance(milliseconds(99));
  EXPECT_EQ(state_of(id), State::backing_off);
  advance(milliseconds(1));
  ASSERT_EQ(count<Dispatch>(), 1u);
  EXPECT_EQ(inv(id).attempt, 2u);
  EXPECT_EQ(inv(id).done.size(), 1u);
}

TEST_F(AttemptTest, used_up_attempts_fail_it_with_the_last_message) {
  const InvocationId id = invoke();
  for (int i = 0; i < 3; ++i) {
    fail_attempt(id, "failure " + std::to_string(i + 1));
    if (i < 2) advance(seconds(1));
  }
  EXPECT_EQ(state_of(id), State::failed);
  EXPECT_EQ(rows.finished(id)->outcome, (Outcome{ErrorCode::failed, "failure 3"}));
}

TEST_F(AttemptTest, used_up_attempts_park_it_if_the_policy_says_so_and_resume_gives_new_ones) {
  Policy keep = policy(Mode::later);
  keep.on_exhausted = OnExhausted::park;
  configure("op", keep);
  const InvocationId id = invoke();
  for (int i = 0; i < 3; ++i) {
    fail_attempt(id);
    advance(seconds(1));
  }
  EXPECT_EQ(inv(id).park_reason, ParkReason::exhausted);
  resume(id);
  EXPECT_EQ(state_of(id), State::running);
  EXPECT_EQ(inv(id).failures, 0u);
}

TEST_F(AttemptTest, handler_that_fails_for_good_fails_it_at_once) {
  const InvocationId id = invoke();
  finish(id, {ErrorCode::failed, "no such item"});
  EXPECT_EQ(state_of(id), State::failed);
  EXPECT_EQ(rows.finished(id)->outcome.data, "no such item");
}

TEST_F(AttemptTest, attempt_that_takes_too_long_is_a_failed_one) {
  Policy quick = policy(Mode::later);
  quick.attempt_timeout = seconds(10);
  configure("op", quick);
  const InvocationId id = invoke();
  advance(seconds(10) - Duration(1));
  EXPECT_EQ(state_of(id), State::running);
  advance(Duration(1));
  EXPECT_EQ(state_of(id), State::backing_off);
  EXPECT_EQ(count<DropAttempt>(), 1u);
  EXPECT_NE(inv(id).note.find("attempt_timeout"), std::string::npos);
}

TEST_F(AttemptTest, waiting_does_not_use_up_attempt_timeout) {
  Policy quick = policy(Mode::later);
  quick.attempt_timeout = seconds(10);
  configure("op", quick);
  const InvocationId id = invoke();
  sleep(id, "nap", minutes(10));
  suspend(id, true);
  advance(minutes(10));
  EXPECT_EQ(state_of(id), State::running);
  EXPECT_EQ(count<Deliver>(), 1u);
  advance(seconds(10));  // and from here on it counts again
  EXPECT_EQ(state_of(id), State::backing_off);
}

TEST_F(AttemptTest, retry_policy_is_read_at_each_attempt) {
  const InvocationId id = invoke();
  fail_attempt(id);
  Policy one = policy(Mode::later);
  one.retry.attempts_max = 2;
  configure("op", one);
  advance(milliseconds(100));
  fail_attempt(id);
  EXPECT_EQ(state_of(id), State::failed);
}

TEST_F(AttemptTest, kept_attempt_gives_its_place_back_while_it_waits) {
  const InvocationId id = invoke();
  sleep(id, "nap", minutes(1));
  suspend(id, true);
  EXPECT_EQ(state_of(id), State::suspended);
  EXPECT_EQ(state->running, 0u);
  EXPECT_TRUE(inv(id).resident);
  advance(minutes(1));
  EXPECT_EQ(state->running, 1u);
  EXPECT_EQ(count<Dispatch>(), 0u);  // the same attempt
}

TEST_F(AttemptTest, attempt_that_is_not_kept_is_dispatched_again_when_its_wait_is_over) {
  const InvocationId id = invoke();
  sleep(id, "nap", minutes(1));
  suspend(id);
  EXPECT_FALSE(inv(id).resident);
  EXPECT_EQ(rows.read(id)->state, State::suspended);
  advance(minutes(1));
  ASSERT_EQ(count<Dispatch>(), 1u);
  EXPECT_EQ(inv(id).attempt, 2u);
  EXPECT_EQ(inv(id).failures, 0u);
}

TEST_F(AttemptTest, suspend_that_crossed_a_result_is_not_one) {
  const InvocationId id = invoke();
  sleep(id, "nap", seconds(1));
  auto crossing = under_lease<Suspend>(id);
  advance(seconds(1));
  crossing.kept = true;
  apply(crossing);
  EXPECT_EQ(state_of(id), State::running);
  crossing.kept = false;
  apply(crossing);
  EXPECT_EQ(count<Dispatch>(), 1u);  // begins again, to be given the result
  EXPECT_EQ(inv(id).attempt, 2u);
}

TEST_F(AttemptTest, suspend_that_crossed_a_step_let_go_again_is_not_one) {
  const InvocationId id = invoke();
  open(id, "charge");
  complete(id, "charge", {ErrorCode::failed, "no"});
  suspend(id, true);
  auto crossing = under_lease<Suspend>(id);
  advance(milliseconds(100));
  ASSERT_EQ(count<RunStep>(), 1u);
  apply(crossing);  // the executor has dropped it before the step could run
  ASSERT_EQ(count<Dispatch>(), 1u);
  open(id, "charge");
  ASSERT_EQ(count<RunStep>(), 1u);
  EXPECT_EQ(all<RunStep>().front().tries, 1u);
}

TEST_F(AttemptTest, code_that_waits_for_nothing_is_a_failed_attempt) {
  const InvocationId id = invoke();
  suspend(id);
  EXPECT_EQ(state_of(id), State::backing_off);
  EXPECT_NE(inv(id).note.find("nothing"), std::string::npos);
}

TEST_F(AttemptTest, error_text_is_cut_at_a_limit_between_characters) {
  Limits limits;
  limits.error_bytes_max = 4;
  Driver small(limits);
  small.configure("op", policy(Mode::later));
  const InvocationId id = small.invoke();
  small.fail_attempt(id, "abc\xc3\xa4 and more");  // the fourth byte begins a character of two
  EXPECT_EQ(small.inv(id).note, "abc");
}

// ---- the schedule ----------------------------------------------------------------------------

TEST(BackoffTest, doubles_up_to_its_maximum) {
  Retry retry;
  retry.jitter = 0;
  Prng random(1);
  std::vector<Duration> waits;
  for (const std::uint32_t failures : {1u, 2u, 3u, 10u, 11u, 500u, 1'000'000u}) {
    waits.push_back(backoff(retry, failures, random));
  }
  const std::vector<Duration> expected = {
      milliseconds(100), milliseconds(200), milliseconds(400), milliseconds(51'200),
      minutes(1),        minutes(1),        minutes(1)};
  EXPECT_EQ(waits, expected);
}

TEST(BackoffTest, jitter_stays_within_its_share) {
  Retry retry;
  retry.jitter = 0.2;
  Prng random(1);
  bool lower = false;
  bool higher = false;
  for (int i = 0; i < 1'000; ++i) {
    const Duration wait = backoff(retry, 1, random);
    ASSERT_GE(wait, milliseconds(80));
    ASSERT_LE(wait, milliseconds(120));
    lower |= wait < milliseconds(90);
    higher |= wait > milliseconds(110);
  }
  EXPECT_TRUE(lower && higher);
}

TEST(BackoffTest, extreme_policies_give_times_that_make_sense) {
  Prng random(1);
  for (const std::uint32_t failures : {1u, 154u, 155u, 1'000'000u}) {
    Retry retry;
    retry.factor = 100;
    retry.jitter = 1;
    retry.interval = Duration::zero();
    EXPECT_EQ(backoff(retry, failures, random), Duration::zero());
    retry.interval = std::chrono::hours(24);
    retry.interval_max = std::chrono::hours(24 * 30);
    EXPECT_GE(backoff(retry, failures, random), Duration::zero());
    EXPECT_LE(backoff(retry, failures, random), 2 * retry.interval_max);
  }
}

TEST_F(AttemptTest, random_numbers_of_a_wait_come_with_the_command) {
  Policy jittery = policy(Mode::later);
  jittery.retry.jitter = 1;
  std::vector<Duration> waits;
  for (int i = 0; i < 2; ++i) {  // the same history twice
    Driver again;
    again.configure("op", jittery);
    const InvocationId id = again.invoke();
    again.fail_attempt(id);
    waits.push_back(again.inv(id).backoff_due - again.now);
  }
  EXPECT_EQ(waits[0], waits[1]);
}

}  // namespace
}  // namespace nowthen::core
