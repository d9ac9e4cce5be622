// Goal: with `on_unknown: park` a request is never made twice without a person, wherever the
// process dies and whatever the service does.

#include "http/http_executor_fixture.h"

namespace nowthen::http {
namespace {

using HttpExecutorParkTest = HttpExecutorTest;

TEST_F(HttpExecutorParkTest, request_without_answer_parks_until_a_person_says_what_came_of_it) {
  Service service({"close", answer("200 OK", "2")});
  park_at(service.server);
  const InvocationId id = accept();
  await_state(id, core::State::parked);
  EXPECT_EQ(look(id).park_reason, core::ParkReason::outcome_unknown);
  EXPECT_NE(look(id).note.find("closed before an answer came"), std::string::npos);
  EXPECT_EQ(header_of(service.request(0), "Nowthen-Invocation"), to_string(id));
  // To resume it says nothing about the request, so it parks again.
  ask(id, core::Resume{id, {}});
  await_state(id, core::State::parked);
  resolve(id, core::Outcome{ErrorCode::none, "\"it did\""});
  EXPECT_EQ(await(id).outcome.data, "\"it did\"");
  EXPECT_EQ(service.count(), 1u);
}

TEST_F(HttpExecutorParkTest, request_that_did_not_happen_is_made_again) {
  Service service({"close", answer("200 OK", "2")});
  park_at(service.server);
  const InvocationId id = accept();
  await_state(id, core::State::parked);
  resolve(id, std::nullopt);
  EXPECT_EQ(await(id).outcome.data, "2");
  EXPECT_EQ(service.count(), 2u);
}

TEST_F(HttpExecutorParkTest, silence_parks_before_the_attempt_fails) {
  Service service({"hang"});
  attempt_timeout_ = 40ms;
  declaration_.policy.retry.attempts_max = 1;
  park_at(service.server);
  const InvocationId id = accept();
  await_state(id, core::State::parked);
  EXPECT_EQ(look(id).park_reason, core::ParkReason::outcome_unknown);
}

TEST_F(HttpExecutorParkTest, process_that_dies_while_it_waits_for_the_answer_leaves_it_parked) {
  Service service({"hang", answer("200 OK", "2")});
  park_at(service.server);
  const InvocationId id = accept();
  run_until([&service] { return service.count() == 1; });
  restart();
  await_state(id, core::State::parked);
  EXPECT_EQ(look(id).park_reason, core::ParkReason::outcome_unknown);
  EXPECT_EQ(service.count(), 1u);
  resolve(id, core::Outcome{ErrorCode::none, "3"});
  EXPECT_EQ(await(id).outcome.data, "3");
  EXPECT_EQ(service.count(), 1u);
}

TEST_F(HttpExecutorParkTest, nothing_leaves_before_the_start_of_the_request_is_durable) {
  Service service({answer("200 OK", "2")});
  park_at(service.server);
  const InvocationId id = accept_and_hold_request();
  EXPECT_EQ(service.server.connections(), 0);
  // The process dies: its start was never committed, so it never happened.
  store_.crash();
  store_.stop_holding();
  restart();
  EXPECT_EQ(await(id).outcome.data, "2");
  EXPECT_EQ(service.count(), 1u);
}

TEST_F(HttpExecutorParkTest, failure_that_was_answered_is_recorded_and_asked_for_again) {
  Service service({answer("503 Busy", "later"), answer("429 Slow", ""), answer("200 OK", "2")});
  park_at(service.server);
  const InvocationId id = accept();
  next_attempt(id);
  next_attempt(id);
  EXPECT_EQ(await(id).outcome.data, "2");
  EXPECT_EQ(service.count(), 3u);
}

TEST_F(HttpExecutorParkTest, failures_are_steps_of_the_journal) {
  Service service({answer("503 Busy", "later"), answer("503 Busy", "later"), "hang"});
  park_at(service.server);
  const InvocationId id = accept();
  next_attempt(id);
  await_state(id, core::State::backing_off);
  const Seen seen = look(id);
  ASSERT_EQ(seen.done.size(), 2u);
  EXPECT_EQ(seen.done[0].path, "request");
  EXPECT_EQ(seen.done[1].path, "request#2");
  EXPECT_EQ(seen.done[1].outcome.data, "the service answered 503: later");
  EXPECT_EQ(seen.note, "the service answered 503: later");
}

TEST_F(HttpExecutorParkTest, connection_that_is_refused_is_no_doubt) {
  {
    Service gone({"close"});
    park_at(gone.server);
  }
  const InvocationId id = accept();
  await_state(id, core::State::backing_off);
  EXPECT_NE(look(id).note.find("Connection refused"), std::string::npos);
}

TEST_F(HttpExecutorParkTest, client_error_ends_it_at_once) {
  const std::string body(20'000, 'x');  // more than the journal keeps of an error
  Service service({answer("409 Conflict", body, "Content-Type: text/plain\r\n")});
  park_at(service.server);
  const core::Reply reply = await(accept());
  EXPECT_EQ(reply.state, core::State::failed);
  EXPECT_EQ(reply.outcome.code, ErrorCode::rejected);
  EXPECT_TRUE(reply.outcome.data.starts_with("409 text/plain\nxxx"));
  EXPECT_EQ(service.count(), 1u);
}

TEST_F(HttpExecutorParkTest, cancel_before_the_request_is_let_go_sends_nothing) {
  Service service({answer("200 OK", "2")});
  park_at(service.server);
  const InvocationId id = accept_and_hold_request();
  engine_->ask(id, core::Cancel{id, "no longer wanted", {}}, [](core::Reply) {});
  settle();
  store_.stop_holding();
  store_.release();
  EXPECT_EQ(await(id).state, core::State::cancelled);
  EXPECT_EQ(service.server.connections(), 0);
}

}  // namespace
}  // namespace nowthen::http
