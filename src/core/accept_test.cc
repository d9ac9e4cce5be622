// Accepting a call: modes, preferences, tickets, 504, limits.

#include "core/core_fixture.h"

namespace nowthen::core {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class AcceptTest : public CoreTest {
 protected:
  static CallOptions waiting(Duration wait) {
    CallOptions options;
    options.wait = wait;
    return options;
  }
  static CallOptions async() {
    CallOptions options;
    options.prefer = Mode::later;
    return options;
  }
};

TEST_F(AcceptTest, later_is_stored_and_gets_a_ticket_at_once) {
  const InvocationId id = invoke("later");
  EXPECT_TRUE(rows.has(id));
  ASSERT_NE(reply(), nullptr);
  EXPECT_EQ(reply()->id, id);
  EXPECT_FALSE(reply()->refused);
  EXPECT_EQ(reply()->decision.kind, Decision::Kind::deferred);
  EXPECT_EQ(gate_of<Reply>(), Gate::commit);
  EXPECT_EQ(gate_of<Dispatch>(), Gate::commit);
}

TEST_F(AcceptTest, now_and_auto_begin_at_once_and_are_not_stored) {
  for (const char* operation : {"now", "auto"}) {
    const InvocationId id = invoke(operation);
    EXPECT_FALSE(rows.has(id));
    EXPECT_EQ(reply(), nullptr);
    EXPECT_EQ(gate_of<Dispatch>(), Gate::none);
    EXPECT_TRUE(out.rows.empty());
  }
}

TEST_F(AcceptTest, call_that_ends_without_a_step_is_never_written_and_its_answer_has_no_id) {
  for (const char* operation : {"now", "auto"}) {
    const InvocationId id = invoke(operation);
    finish(id);
    EXPECT_TRUE(out.rows.empty());
    ASSERT_NE(reply(), nullptr);
    EXPECT_TRUE(reply()->id.is_null());
    EXPECT_EQ(reply()->state, State::succeeded);
    EXPECT_EQ(reply()->outcome.data, "result");
    EXPECT_EQ(gate_of<Reply>(), Gate::none);
    EXPECT_EQ(state->unstored.back().id, id);
  }
}

TEST_F(AcceptTest, first_step_stores_the_call_before_its_function_runs) {
  const InvocationId id = invoke("now");
  open(id, "charge");
  EXPECT_TRUE(rows.has(id));
  EXPECT_EQ(gate_of<RunStep>(), Gate::commit);
  complete(id, "charge");
  finish(id);
  EXPECT_EQ(reply()->id, id);
  EXPECT_EQ(gate_of<Reply>(), Gate::commit);
}

TEST_F(AcceptTest, durable_from_start_stores_at_once) {
  Policy from_start = policy(Mode::now);
  from_start.durable = Durable::from_start;
  configure("now", from_start);
  const InvocationId id = invoke("now");
  EXPECT_TRUE(rows.has(id));
  EXPECT_EQ(gate_of<Dispatch>(), Gate::commit);
}

TEST_F(AcceptTest, call_with_an_idempotency_key_is_stored_before_it_runs) {
  const InvocationId id = invoke("now", keyed("k"));
  EXPECT_TRUE(rows.has(id));
  EXPECT_EQ(gate_of<Dispatch>(), Gate::commit);
}

TEST_F(AcceptTest, auto_is_handed_over_when_its_time_has_come) {
  const InvocationId id = invoke("auto");
  step(id, "charge");
  open(id, "save");
  advance(milliseconds(299));
  EXPECT_EQ(reply(), nullptr);
  advance(milliseconds(1));
  ASSERT_NE(reply(), nullptr);
  EXPECT_EQ(reply()->id, id);
  EXPECT_FALSE(reply()->refused);
  EXPECT_EQ(reply()->decision.kind, Decision::Kind::handed_over);
  EXPECT_EQ(reply()->decision.after, milliseconds(300));
  EXPECT_EQ(reply()->decision.done, 1u);
  EXPECT_EQ(reply()->decision.reason, "save running");
  EXPECT_EQ(state_of(id), State::running);
}

TEST_F(AcceptTest, hand_over_stores_what_was_not) {
  const InvocationId id = invoke("auto");
  auto value = under_lease<RecordValue>(id);
  value.path = "time";
  apply(std::move(value));
  advance(milliseconds(300));
  ASSERT_TRUE(rows.has(id));
  EXPECT_EQ(rows.read(id)->done.size(), 1u);
  EXPECT_EQ(gate_of<Reply>(), Gate::commit);
}

TEST_F(AcceptTest, auto_that_is_ready_in_time_gets_its_result) {
  const InvocationId id = invoke("auto");
  step(id, "charge");
  advance(milliseconds(299));
  finish(id);
  EXPECT_EQ(reply()->decision.kind, Decision::Kind::answered);
  EXPECT_EQ(reply()->outcome.data, "result");
}

TEST_F(AcceptTest, respond_async_defers_auto_but_not_now) {
  const InvocationId later = invoke("auto", async());
  EXPECT_EQ(reply()->decision.kind, Decision::Kind::deferred);
  EXPECT_EQ(inv(later).mode, Mode::later);
  const InvocationId now_call = invoke("now", async());
  EXPECT_EQ(reply(), nullptr);
  EXPECT_EQ(inv(now_call).mode, Mode::now);
}

TEST_F(AcceptTest, wait_replaces_answer_within_of_auto_up_to_wait_max) {
  invoke("auto", waiting(seconds(5)));
  advance(seconds(4));
  EXPECT_EQ(reply(), nullptr);
  advance(seconds(1));
  EXPECT_NE(reply(), nullptr);

  invoke("auto", waiting(hours(1)));
  advance(seconds(59));
  EXPECT_EQ(reply(), nullptr);
  advance(seconds(1));
  EXPECT_NE(reply(), nullptr);
}

TEST_F(AcceptTest, wait_of_nothing_hands_auto_over_at_once) {
  const InvocationId id = invoke("auto", waiting(Duration::zero()));
  advance(Duration::zero());
  ASSERT_NE(reply(), nullptr);
  EXPECT_EQ(reply()->id, id);
}

TEST_F(AcceptTest, later_with_a_wait_gets_its_result_if_it_comes_in_time) {
  const InvocationId id = invoke("later", waiting(seconds(5)));
  EXPECT_EQ(reply(), nullptr);
  finish(id);
  EXPECT_EQ(reply()->outcome.data, "result");
  invoke("later", waiting(seconds(5)));
  advance(seconds(5));
  EXPECT_EQ(reply()->decision.kind, Decision::Kind::handed_over);
}

TEST_F(AcceptTest, wait_can_only_shorten_now) {
  invoke("now", waiting(milliseconds(100)));
  advance(milliseconds(100));
  EXPECT_EQ(refusal(), ErrorCode::deadline_exceeded);
  invoke("now", waiting(seconds(5)));
  advance(milliseconds(300));
  EXPECT_EQ(refusal(), ErrorCode::deadline_exceeded);
}

TEST_F(AcceptTest, now_past_its_time_is_504_and_an_unstored_call_is_gone) {
  const InvocationId id = invoke("now");
  advance(milliseconds(300));
  EXPECT_EQ(refusal(), ErrorCode::deadline_exceeded);
  EXPECT_TRUE(reply()->id.is_null());
  EXPECT_EQ(gate_of<Reply>(), Gate::none);
  EXPECT_EQ(reply()->decision.kind, Decision::Kind::timed_out);
  EXPECT_EQ(state_of(id), State::cancelled);
  EXPECT_EQ(count<DropAttempt>(), 1u);
  EXPECT_TRUE(out.rows.empty());
}

TEST_F(AcceptTest, now_past_its_time_is_504_at_once_and_a_stored_call_is_cancelled) {
  const InvocationId id = invoke("now");
  open(id, "charge");
  advance(milliseconds(300));
  EXPECT_EQ(refusal(), ErrorCode::deadline_exceeded);
  EXPECT_EQ(reply()->id, id);
  EXPECT_EQ(count<DeliverCancel>(), 1u);
  EXPECT_EQ(state_of(id), State::running);  // its cleanup may run
  finish(id);
  EXPECT_EQ(state_of(id), State::cancelled);
}

TEST_F(AcceptTest, now_with_on_timeout_finish_goes_on_and_its_caller_is_told_the_id) {
  Policy patient = policy(Mode::now);
  patient.on_timeout = OnTimeout::finish;
  configure("now", patient);
  const InvocationId id = invoke("now");
  advance(milliseconds(300));
  EXPECT_EQ(refusal(), ErrorCode::deadline_exceeded);
  EXPECT_EQ(reply()->id, id);
  EXPECT_EQ(gate_of<Reply>(), Gate::commit);
  EXPECT_TRUE(rows.has(id));
  finish(id);
  EXPECT_EQ(state_of(id), State::succeeded);
}

TEST_F(AcceptTest, now_is_refused_when_every_place_is_taken_and_the_others_wait) {
  Limits limits;
  limits.running_max = 1;
  Driver small(limits);
  small.configure("now", policy(Mode::now));
  small.configure("auto", policy(Mode::auto_));
  small.invoke("auto");
  small.invoke("now");
  EXPECT_EQ(small.refusal(), ErrorCode::overloaded);
  EXPECT_NE(small.reply()->outcome.data.find("running_max (1)"), std::string::npos);
  EXPECT_EQ(small.gate_of<Reply>(), Gate::none);
  const InvocationId waits = small.invoke("auto");
  EXPECT_EQ(small.state_of(waits), State::ready);
}

TEST_F(AcceptTest, higher_priority_takes_the_free_place_then_order_of_acceptance) {
  Limits limits;
  limits.running_max = 1;
  Driver small(limits);
  small.configure("op", policy(Mode::later));
  const InvocationId first = small.invoke();
  const InvocationId low = small.invoke();
  const InvocationId low_too = small.invoke();
  CallOptions urgent;
  urgent.priority = 9;
  const InvocationId high = small.invoke("op", urgent);
  InvocationId before = first;
  for (const InvocationId id : {high, low, low_too}) {
    small.finish(before);
    EXPECT_EQ(small.state_of(id), State::running);
    before = id;
  }
}

TEST_F(AcceptTest, delay_schedules_and_then_runs) {
  CallOptions options;
  options.delay = minutes(5);
  const InvocationId id = invoke("auto", options);
  EXPECT_EQ(state_of(id), State::scheduled);
  EXPECT_EQ(inv(id).mode, Mode::later);
  EXPECT_TRUE(rows.has(id));
  EXPECT_NE(reply(), nullptr);
  advance(minutes(5) - Duration(1));
  EXPECT_EQ(state_of(id), State::scheduled);
  advance(Duration(1));
  EXPECT_EQ(state_of(id), State::running);
}

TEST_F(AcceptTest, deferred_call_not_started_in_time_expires) {
  Limits limits;
  limits.running_max = 1;
  Driver small(limits);
  Policy hasty = policy(Mode::later);
  hasty.start_within = minutes(1);
  small.configure("op", hasty);
  const InvocationId runs = small.invoke();
  const InvocationId waits = small.invoke();
  small.await(waits, hours(1));
  const WaiterId waiter = small.last_waiter;
  small.advance(minutes(1));
  EXPECT_EQ(small.state_of(waits), State::expired);
  EXPECT_EQ(small.state_of(runs), State::running);  // it has started
  ASSERT_NE(small.reply(waiter), nullptr);
  EXPECT_EQ(small.reply(waiter)->state, State::expired);
  EXPECT_EQ(small.reply(waiter)->outcome.code, ErrorCode::expired);
}

TEST_F(AcceptTest, same_invocation_delivered_twice_is_accepted_once) {
  Invoke call;
  call.id = fresh_id();
  call.operation = "op";
  apply(call);
  const std::string before = dump(*state);
  apply(call);
  EXPECT_EQ(dump(*state), before);
  EXPECT_TRUE(out.effects.empty() && out.rows.empty());
}

TEST_F(AcceptTest, message_delivered_again_after_its_invocation_ended_is_dropped) {
  Invoke call;
  call.id = fresh_id();
  call.operation = "op";
  call.redelivered = true;
  apply(call);
  finish(call.id);
  apply(call);
  EXPECT_EQ(live(call.id), nullptr);
  EXPECT_TRUE(out.effects.empty() && out.rows.empty());
}

TEST_F(AcceptTest, result_is_the_same_bytes_for_every_reader) {
  const InvocationId id = invoke("later");
  await(id, minutes(1));
  const WaiterId early = last_waiter;
  finish(id);
  EXPECT_EQ(reply(early)->outcome.data, "result");
  for (int i = 0; i < 2; ++i) {
    await(id, minutes(1));
    ASSERT_NE(reply(), nullptr);
    EXPECT_EQ(reply()->state, State::succeeded);
    EXPECT_EQ(reply()->outcome.data, "result");
  }
}

TEST_F(AcceptTest, waiting_for_what_is_not_there_is_not_found) {
  await(fresh_id(), minutes(1));
  EXPECT_EQ(refusal(), ErrorCode::not_found);
}

TEST_F(AcceptTest, caller_that_waits_too_long_gets_a_ticket_and_another_may_come) {
  const InvocationId id = invoke("later");
  await(id, seconds(1));
  advance(seconds(1));
  ASSERT_NE(reply(), nullptr);
  EXPECT_EQ(reply()->id, id);
  EXPECT_FALSE(reply()->refused);
  await(id, Duration::zero());
  EXPECT_EQ(reply()->decision.kind, Decision::Kind::attached);
}

// ---- limits ----------------------------------------------------------------------------------

struct Refused {
  const char* limit;  ///< what the message names
  ErrorCode code;
  Invoke call;
};

TEST_F(AcceptTest, what_passes_a_limit_is_refused_and_the_limit_is_named) {
  Limits limits;
  limits.input_bytes_max = 10;
  limits.name_bytes_max = 8;
  limits.key_bytes_max = 4;
  limits.depth_max = 2;
  Driver small(limits);
  small.configure("op", policy(Mode::later));
  small.configure("idle", policy(Mode::later), {});

  std::vector<Refused> cases(9);
  for (Refused& each : cases) each.call.operation = "op";
  cases[0] = {"input_bytes_max (10)", ErrorCode::too_large, cases[0].call};
  cases[0].call.input = "12345678901";
  cases[1] = {"key_bytes_max (4)", ErrorCode::too_large, cases[1].call};
  cases[1].call.options.order_key = "12345";
  cases[2] = {"key_bytes_max (4)", ErrorCode::too_large, cases[2].call};
  cases[2].call.options.idempotency_key = "12345";
  cases[3] = {"depth_max (2)", ErrorCode::too_large, cases[3].call};
  cases[3].call.depth = 3;
  cases[4] = {"name_bytes_max (8)", ErrorCode::invalid_argument, cases[4].call};
  cases[4].call.operation = "123456789";
  cases[5] = {"0 to 9", ErrorCode::invalid_argument, cases[5].call};
  cases[5].call.options.priority = 10;
  cases[6] = {"not negative", ErrorCode::invalid_argument, cases[6].call};
  cases[6].call.options.delay = seconds(-1);
  cases[7] = {"no operation 'nobody'", ErrorCode::not_found, cases[7].call};
  cases[7].call.operation = "nobody";
  cases[8] = {"version 2", ErrorCode::unavailable, cases[8].call};
  cases[8].call.version = 2;
  for (const Refused& each : cases) {
    const std::string before = dump(*small.state);
    small.invoke(each.call);
    EXPECT_EQ(small.refusal(), each.code) << each.limit;
    EXPECT_NE(small.reply()->outcome.data.find(each.limit), std::string::npos)
        << small.reply()->outcome.data;
    EXPECT_TRUE(small.reply()->id.is_null());
    EXPECT_EQ(dump(*small.state), before);
  }
  small.invoke("idle");
  EXPECT_EQ(small.refusal(), ErrorCode::unavailable);
}

TEST_F(AcceptTest, full_partition_refuses_calls_but_what_was_sent_is_never_lost) {
  Limits limits;
  limits.waiting_max = 1;
  Driver small(limits);
  small.configure("op", policy(Mode::later));
  const InvocationId first = small.invoke();
  small.invoke();
  EXPECT_EQ(small.refusal(), ErrorCode::overloaded);
  EXPECT_NE(small.reply()->outcome.data.find("waiting_max (1)"), std::string::npos);
  Invoke sent;
  sent.id = small.fresh_id();
  sent.operation = "op";
  sent.sent = true;
  small.apply(sent);
  EXPECT_TRUE(small.rows.has(sent.id));
  EXPECT_EQ(small.state_of(first), State::running);
}

TEST_F(AcceptTest, too_many_waiters_are_refused) {
  Limits limits;
  limits.waiters_max = 1;
  Driver small(limits);
  small.configure("op", policy(Mode::later));
  const InvocationId id = small.invoke();
  small.await(id, minutes(1));
  EXPECT_EQ(small.reply(), nullptr);
  small.await(id, minutes(1));
  EXPECT_EQ(small.refusal(), ErrorCode::overloaded);
  EXPECT_NE(small.reply()->outcome.data.find("waiters_max (1)"), std::string::npos);
}

TEST_F(AcceptTest, result_that_is_too_large_fails_the_call) {
  Limits limits;
  limits.result_bytes_max = 3;
  Driver small(limits);
  small.configure("op", policy(Mode::later));
  const InvocationId id = small.invoke();
  small.finish(id, {ErrorCode::none, "1234"});
  EXPECT_EQ(small.rows.finished(id)->state, State::failed);
  EXPECT_EQ(small.rows.finished(id)->outcome.code, ErrorCode::too_large);
  EXPECT_NE(small.rows.finished(id)->outcome.data.find("result_bytes_max (3)"), std::string::npos);
}

TEST_F(AcceptTest, calls_never_written_are_remembered_up_to_a_number) {
  for (std::size_t i = 0; i < PartitionState::kUnstoredKept + 5; ++i) finish(invoke("now"));
  EXPECT_EQ(state->unstored.size(), PartitionState::kUnstoredKept);
  const InvocationId failed = invoke("now");
  finish(failed, {ErrorCode::failed, "no such user"});
  EXPECT_EQ(state->unstored.back().id, failed);
  EXPECT_EQ(state->unstored.back().state, State::failed);
  EXPECT_EQ(state->unstored.back().note, "no such user");
}

// ---- retention -------------------------------------------------------------------------------

TEST_F(AcceptTest, retention_depends_on_how_it_ended) {
  Policy policy = CoreTest::policy(Mode::later);
  policy.retain = hours(2);
  policy.retain_failed = hours(50);
  configure("op", policy);
  const InvocationId succeeded = invoke();
  finish(succeeded);
  EXPECT_EQ(rows.retain(succeeded), hours(2));
  const InvocationId failed = invoke();
  finish(failed, {ErrorCode::failed, "no"});
  EXPECT_EQ(rows.retain(failed), hours(50));
  CallOptions delayed;
  delayed.delay = hours(1);
  const InvocationId cancelled = invoke("op", delayed);
  cancel(cancelled);
  EXPECT_EQ(rows.retain(cancelled), hours(2));
}

}  // namespace
}  // namespace nowthen::core
