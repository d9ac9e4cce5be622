// What workers say under a lease, and what they are told.

#include "core/core_fixture.h"

namespace nowthen::core {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

Limits small_limits() {
  Limits limits;
  limits.result_bytes_max = 64;
  limits.error_bytes_max = 16;
  limits.journal_entries_max = 3;
  limits.name_bytes_max = 8;
  return limits;
}

class WorkerTest : public CoreTest {
 protected:
  WorkerTest() : CoreTest(small_limits()) { configure_pulled("pulled", policy(Mode::later)); }
  /// An attempt that a worker holds.
  InvocationId held() {
    const InvocationId id = invoke("pulled");
    EXPECT_EQ(take(1).ids, std::vector{id});
    return id;
  }
  void answered(InvocationId id, State now_in) {
    ASSERT_NE(reply(), nullptr);
    EXPECT_FALSE(reply()->refused) << reply()->outcome.data;
    EXPECT_EQ(reply()->id, id);
    EXPECT_EQ(reply()->state, now_in);
    EXPECT_EQ(gate_of<Reply>(), Gate::commit);
  }
  void refused(InvocationId id, ErrorCode code) {
    EXPECT_EQ(refusal(), code);
    ASSERT_NE(reply(), nullptr);
    EXPECT_EQ(reply()->id, id);
    EXPECT_EQ(gate_of<Reply>(), Gate::commit);
  }
};

// ---- steps ----

TEST_F(WorkerTest, a_step_is_recorded_once) {
  const InvocationId id = held();
  record_step(id, "read", {ErrorCode::none, "one"});
  answered(id, State::running);
  EXPECT_EQ(reply()->outcome, (Outcome{ErrorCode::none, "one"}));
  EXPECT_FALSE(reply()->recorded_before);
  EXPECT_EQ(inv(id).done.at(0).kind, EntryKind::step);
  record_step(id, "read", {ErrorCode::none, "two"});
  answered(id, State::running);
  EXPECT_EQ(reply()->outcome.data, "one");
  EXPECT_TRUE(reply()->recorded_before);
  EXPECT_TRUE(out.rows.empty());
}

TEST_F(WorkerTest, the_next_attempt_finds_the_steps_of_the_last) {
  const InvocationId id = held();
  record_step(id, "read", {ErrorCode::failed, "no such file"});
  fail_attempt(id);
  advance(hours(1));
  take(1);
  read_step(id, "read");
  answered(id, State::running);
  EXPECT_EQ(reply()->outcome, (Outcome{ErrorCode::failed, "no such file"}));
  EXPECT_TRUE(reply()->recorded_before);
  read_step(id, "write");
  refused(id, ErrorCode::not_found);
}

TEST_F(WorkerTest, a_step_stores_an_attempt_that_was_not) {
  configure("auto", policy(Mode::auto_));
  const InvocationId id = invoke("auto");
  EXPECT_FALSE(inv(id).stored);
  record_step(id, "read");
  answered(id, State::running);
  EXPECT_TRUE(rows.has(id));
  const InvocationId other = invoke("auto");
  heartbeat(other);
  answered(other, State::running);
  EXPECT_TRUE(rows.has(other));
}

TEST_F(WorkerTest, names_of_steps_are_names) {
  const InvocationId id = held();
  for (const char* name : {"", "a/b", "a#2", "a\nb", "too-long-a-name"}) {
    record_step(id, name);
    refused(id, ErrorCode::invalid_argument);
  }
  EXPECT_TRUE(inv(id).done.empty());
}

TEST_F(WorkerTest, a_result_over_the_limit_changes_nothing) {
  const InvocationId id = held();
  record_step(id, "read", {ErrorCode::none, std::string(65, 'x')});
  refused(id, ErrorCode::too_large);
  EXPECT_NE(reply()->outcome.data.find("result_bytes_max (64)"), std::string::npos);
  EXPECT_TRUE(inv(id).done.empty());
}

TEST_F(WorkerTest, a_journal_over_its_limit_fails_the_invocation) {
  const InvocationId id = held();
  for (const char* name : {"a", "b", "c"}) record_step(id, name);
  record_step(id, "d");
  EXPECT_EQ(refusal(), ErrorCode::too_large);
  EXPECT_EQ(state_of(id), State::failed);
}

TEST_F(WorkerTest, a_cancelled_attempt_may_still_record_what_it_did) {
  const InvocationId id = held();
  heartbeat(id);
  EXPECT_FALSE(reply()->cancelling);
  cancel(id);
  EXPECT_TRUE(reply(last_waiter) == nullptr || !reply()->refused);
  record_step(id, "read");
  answered(id, State::running);
  EXPECT_TRUE(reply()->cancelling);
  heartbeat(id);
  EXPECT_TRUE(reply()->cancelling);
  apply(asked_under_lease<Finish>(id));
  answered(id, State::cancelled);
}

TEST_F(WorkerTest, what_code_has_begun_here_is_not_a_workers_to_end) {
  const InvocationId id = invoke("op");
  auto begun = under_lease<OpenEntry>(id);
  begun.path = "once";
  begun.kind = EntryKind::step_once;
  apply(begun);
  sleep(id, "nap", hours(9));
  fail_attempt(id);
  configure_pulled("op", policy(Mode::later));
  advance(hours(1));
  take(1, "op");
  record_step(id, "once", {ErrorCode::none, "made"});
  refused(id, ErrorCode::invalid_state);
  EXPECT_EQ(inv(id).open.size(), 2u);
  record_step(id, "nap");
  refused(id, ErrorCode::invalid_state);
}

// ---- ends ----

TEST_F(WorkerTest, who_ends_an_attempt_is_told_what_came_of_it) {
  struct Case {
    Outcome outcome;
    State state;
  };
  const std::vector<Case> cases = {{{ErrorCode::none, "result"}, State::succeeded},
                                   {{ErrorCode::failed, "no"}, State::failed},
                                   {{ErrorCode::rejected, "404 text/plain\n"}, State::failed},
                                   {{ErrorCode::none, std::string(65, 'x')}, State::failed}};
  for (const Case& each : cases) {
    const InvocationId id = held();
    auto end = asked_under_lease<Finish>(id);
    end.outcome = each.outcome;
    apply(end);
    answered(id, each.state);
  }
}

TEST_F(WorkerTest, who_ends_what_was_never_stored_is_told_no_id) {
  const InvocationId id = invoke("auto");
  const WaiterId caller = last_waiter;
  auto end = asked_under_lease<Finish>(id);
  end.outcome.data = "result";
  apply(end);
  ASSERT_NE(reply(), nullptr);
  EXPECT_TRUE(reply()->id.is_null());
  EXPECT_EQ(reply()->state, State::succeeded);
  EXPECT_EQ(reply(caller)->outcome.data, "result");
}

TEST_F(WorkerTest, a_failed_attempt_backs_off_as_long_as_it_asks) {
  const InvocationId id = held();
  auto fail = asked_under_lease<FailAttempt>(id);
  fail.error = {ErrorCode::failed, "busy"};
  fail.retry_after = hours(2);
  apply(fail);
  answered(id, State::backing_off);
  EXPECT_EQ(inv(id).backoff_due, after(now, hours(2)));
  advance(hours(2));
  take(1);
  auto again = asked_under_lease<FailAttempt>(id);
  again.retry_after = std::chrono::microseconds(1);
  apply(again);
  EXPECT_GT(inv(id).backoff_due, after(now, std::chrono::milliseconds(1)));
}

TEST_F(WorkerTest, a_permanent_failure_ends_it_whatever_the_policy_says) {
  Policy parks = policy(Mode::later);
  parks.on_exhausted = OnExhausted::park;
  configure_pulled("pulled", parks);
  for (const std::uint32_t attempts_max : {1u, 3u}) {
    parks.retry.attempts_max = attempts_max;
    configure_pulled("pulled", parks);
    const InvocationId id = held();
    auto fail = asked_under_lease<FailAttempt>(id);
    fail.error = {ErrorCode::timed_out, "a very long text of an error"};
    fail.permanent = true;
    apply(fail);
    answered(id, State::failed);
    ASSERT_NE(rows.finished(id), nullptr);
    EXPECT_EQ(rows.finished(id)->outcome, (Outcome{ErrorCode::failed, "a very long text"}));
  }
}

TEST_F(WorkerTest, a_worker_that_used_up_the_attempts_is_told_that_it_is_parked) {
  Policy parks = policy(Mode::later);
  parks.on_exhausted = OnExhausted::park;
  parks.retry.attempts_max = 1;
  configure_pulled("pulled", parks);
  const InvocationId id = held();
  apply(asked_under_lease<FailAttempt>(id));
  answered(id, State::parked);
}

// ---- old leases ----

TEST_F(WorkerTest, an_old_lease_is_refused_and_changes_nothing) {
  const InvocationId id = held();
  auto record = asked_under_lease<RecordStep>(id);
  record.path = "read";
  auto read = asked_under_lease<ReadStep>(id);
  auto finish = asked_under_lease<Finish>(id);
  auto fail = asked_under_lease<FailAttempt>(id);
  auto beat = asked_under_lease<Heartbeat>(id);
  fail_attempt(id);
  const std::vector<CommandBody> late = {record, read, finish, fail, beat};
  for (int round = 0; round < 2; ++round) {  // backing off, and in the next attempt
    for (const CommandBody& each : late) {
      const std::string before = dump(*state);
      last_waiter = std::visit(
          [](const auto& command) {
            if constexpr (requires { command.waiter; }) return command.waiter;
            return WaiterId::none;
          },
          each);
      apply(each);
      refused(id, ErrorCode::lease_lost);
      EXPECT_EQ(count<RefuseAttempt>(), 0u);
      EXPECT_EQ(dump(*state), before);
    }
    advance(hours(1));
    take(1);
  }
}

TEST_F(WorkerTest, an_old_lease_is_no_word_about_the_attempt_that_was_promised_since) {
  const InvocationId id = held();
  auto late = under_lease<FailAttempt>(id);
  fail_attempt(id);
  advance(hours(1));
  evict(id);
  EXPECT_EQ(take(1).ids, std::vector{id});
  apply(late);
  EXPECT_TRUE(out.effects.empty());
  start_loaded();
  EXPECT_EQ(count<Dispatch>(), 1u);
}

TEST_F(WorkerTest, a_lease_of_what_has_ended_is_refused_without_an_id) {
  const InvocationId id = held();
  auto late = asked_under_lease<Heartbeat>(id);
  finish(id);
  apply(late);
  refused(InvocationId{}, ErrorCode::lease_lost);
}

// ---- what an operation itself rejects ----

TEST_F(WorkerTest, a_rejection_is_passed_on_whole) {
  const InvocationId id = held();
  const std::string answer =
      "404 application/json\n{\"no\":\"such order\"}";  // above error_bytes_max
  finish(id, {ErrorCode::rejected, answer});
  EXPECT_EQ(rows.finished(id)->outcome, (Outcome{ErrorCode::rejected, answer}));
  const InvocationId large = held();
  finish(large, {ErrorCode::rejected, std::string(65, 'x')});
  EXPECT_EQ(rows.finished(large)->outcome.code, ErrorCode::too_large);
}

TEST_F(WorkerTest, of_a_rejection_that_is_not_stored_little_is_kept) {
  const InvocationId id = invoke("auto");
  finish(id, {ErrorCode::rejected, std::string(60, 'x')});
  EXPECT_EQ(state->unstored.back().id, id);
  EXPECT_EQ(state->unstored.back().note, std::string(16, 'x'));
}

}  // namespace
}  // namespace nowthen::core
