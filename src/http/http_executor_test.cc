// Goal: what a service answers, or fails to answer, ends the invocation as docs/http.md says.

#include "http/http_executor_fixture.h"

namespace nowthen::http {
namespace {

TEST_F(HttpExecutorTest, request_carries_input_and_headers_and_its_answer_is_the_result) {
  Service service({answer("200 OK", "{\"id\": 7}")});
  serve_at(service.server, R"(, "headers": {"Authorization": {"secret": "TOKEN"}, "X-A": "b"})");
  const InvocationId id = accept("{\"item\": \"x\"}");
  const core::Reply reply = await(id);
  EXPECT_EQ(reply.state, core::State::succeeded);
  EXPECT_EQ(reply.outcome.data, "{\"id\": 7}");
  const std::string request = service.request(0);
  EXPECT_TRUE(request.starts_with("POST /run HTTP/1.1\r\n"));
  EXPECT_TRUE(request.ends_with("\r\n\r\n{\"item\": \"x\"}"));
  EXPECT_EQ(header_of(request, "Content-Type"), "application/json");
  EXPECT_EQ(header_of(request, "Idempotency-Key"), to_string(id));
  EXPECT_EQ(header_of(request, "Nowthen-Invocation"), to_string(id));
  EXPECT_EQ(header_of(request, "Nowthen-Attempt"), "token-of-" + to_string(id));
  EXPECT_EQ(header_of(request, "Nowthen-Deadline"), "2023-11-14T22:13:39Z");  // 19 s from now
  EXPECT_EQ(header_of(request, "Authorization"), "hidden");
  EXPECT_EQ(header_of(request, "X-A"), "b");
  EXPECT_EQ(header_of(request, "User-Agent"), "nowthen");
}

TEST_F(HttpExecutorTest, call_that_is_not_stored_names_no_invocation) {
  Service service({answer("200 OK", "1")});
  serve_at(service.server);
  const core::Reply reply = end(invoke(std::string("\x00\xff", 2)));
  EXPECT_EQ(reply.outcome.data, "1");
  EXPECT_TRUE(reply.id.is_null());
  EXPECT_EQ(header_of(service.request(0), "Nowthen-Invocation"), "(none)");
  EXPECT_EQ(header_of(service.request(0), "Content-Type"), "application/octet-stream");
  EXPECT_EQ(end(invoke("")).outcome.data, "1");
  EXPECT_TRUE(service.request(1).ends_with("\r\n\r\nnull"));
}

TEST_F(HttpExecutorTest, client_error_is_final_and_passed_on) {
  Service service({answer("404 Not Found", "{\"no\":1}", "Content-Type: application/json\r\n")});
  serve_at(service.server);
  const core::Reply reply = await(accept());
  EXPECT_EQ(reply.state, core::State::failed);
  EXPECT_EQ(reply.outcome.code, ErrorCode::rejected);
  EXPECT_EQ(reply.outcome.data, "404 application/json\n{\"no\":1}");
  EXPECT_EQ(service.count(), 1u);
}

TEST_F(HttpExecutorTest, failed_attempt_is_tried_again_under_the_same_idempotency_key) {
  Service service({answer("503 Busy", "later", "Connection: close\r\n"), "close",
                   answer("200 OK", "not json"), answer("200 OK", "1")});
  serve_at(service.server);
  const InvocationId id = accept();
  for (const std::string_view note :
       {"the service answered 503: later", "closed before an answer came", "its body is no JSON"}) {
    await_state(id, core::State::backing_off);
    EXPECT_NE(look(id).note.find(note), std::string::npos) << look(id).note;
    next_attempt(id);
  }
  EXPECT_EQ(await(id).outcome.data, "1");
  EXPECT_EQ(service.count(), 4u);
  EXPECT_EQ(header_of(service.request(0), "Idempotency-Key"),
            header_of(service.request(3), "Idempotency-Key"));
}

TEST_F(HttpExecutorTest, service_says_when_to_come_again) {
  Service service({answer("429 Slow Down", "", "Retry-After: 120\r\n"), answer("200 OK", "1")});
  serve_at(service.server);
  const InvocationId id = accept();
  next_attempt(id);
  EXPECT_EQ(look(id).state, core::State::backing_off);
  *now_ += 61s;
  EXPECT_EQ(await(id).outcome.data, "1");
}

TEST_F(HttpExecutorTest, trace_goes_with_the_request) {
  Service service({answer("200 OK", "1")});
  serve_at(service.server);
  core::CallOptions options;
  options.trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  EXPECT_EQ(end(invoke("{}", options)).outcome.data, "1");
  EXPECT_EQ(header_of(service.request(0), "traceparent"), options.trace);
}

TEST_F(HttpExecutorTest, silence_ends_before_the_attempt_does) {
  Service service({"hang"});
  attempt_timeout_ = 40ms;
  serve_at(service.server);
  const InvocationId id = accept();
  await_state(id, core::State::backing_off);
  EXPECT_NE(look(id).note.find("no answer from http://127.0.0.1"), std::string::npos);
  EXPECT_NE(look(id).note.find("within 38ms"), std::string::npos) << look(id).note;
}

TEST_F(HttpExecutorTest, service_that_accepts_keeps_the_attempt) {
  Service service({answer("202 Accepted", "")});
  serve_at(service.server, R"(, "lease": "45s")");
  const InvocationId id = accept();
  run_until([this] { return !left_.empty(); });
  EXPECT_EQ(left_[0].first.id, id);
  EXPECT_EQ(left_[0].second, 45s);
  EXPECT_EQ(look(id).state, core::State::running);
}

TEST_F(HttpExecutorTest, call_that_a_service_has_accepted_is_stored) {
  Service service({answer("202 Accepted", ""), answer("200 OK", "1")});
  serve_at(service.server);
  const Reply reply = invoke();
  run_until([this] { return !left_.empty(); });
  settle();
  const InvocationId id = left_[0].first.id;
  restart();  // the token that the service has is void: it is asked again
  EXPECT_EQ(await(id).outcome.data, "1");
  EXPECT_EQ(header_of(service.request(1), "Idempotency-Key"), to_string(id));
}

TEST_F(HttpExecutorTest, operation_without_service_parks) {
  start();
  const InvocationId id = accept();
  await_state(id, core::State::parked);
  EXPECT_EQ(look(id).park_reason, core::ParkReason::no_executor);
}

TEST_F(HttpExecutorTest, secret_is_never_told) {
  Service service({answer("200 OK", "1")});
  serve_at(service.server, R"(, "headers": {"Authorization": {"secret": "MISSING"}})");
  const InvocationId missing = accept();
  await_state(missing, core::State::backing_off);
  EXPECT_NE(look(missing).note.find("NOWTHEN_SECRET_MISSING"), std::string::npos);
  target_.replace(target_.find("MISSING"), 7, "BROKEN");
  restart();
  const InvocationId broken = accept();
  await_state(broken, core::State::backing_off);
  EXPECT_NE(look(broken).note.find("Authorization"), std::string::npos);
  EXPECT_EQ(look(broken).note.find("hid"), std::string::npos);
  EXPECT_EQ(service.count(), 0u);
}

TEST_F(HttpExecutorTest, what_was_sent_in_confidence_is_hidden_in_the_errors_of_the_service) {
  Service service({answer("500 No", "you sent Authorization: hidden"), answer("200 OK", "<hidden>"),
                   answer("404 No", "token-of-"), answer("404 No", "hidden, hiddenhidden")});
  serve_at(service.server, R"(, "headers": {"Authorization": {"secret": "TOKEN"}})");
  const InvocationId id = accept();
  await_state(id, core::State::backing_off);
  EXPECT_EQ(look(id).note, "the service answered 500: you sent Authorization: ***");
  const InvocationId other = accept();
  await_state(other, core::State::backing_off);
  EXPECT_TRUE(look(other).note.ends_with(": <***>")) << look(other).note;
  EXPECT_TRUE(await(accept()).outcome.data.ends_with("\ntoken-of-"));
  EXPECT_TRUE(await(accept()).outcome.data.ends_with("\n***, ******"));
}

TEST_F(HttpExecutorTest, refused_egress_says_which_flag_is_missing) {
  Service service({answer("200 OK", "1")});
  loopback_allowed_ = false;
  serve_at(service.server);
  const InvocationId id = accept();
  await_state(id, core::State::backing_off);
  EXPECT_EQ(look(id).note,
            "egress to 127.0.0.1 is not allowed; start the server with --allow-egress 127.0.0.1");
}

TEST_F(HttpExecutorTest, cancel_lets_the_request_end_but_none_begin) {
  std::promise<void> asked;
  std::promise<void> go;
  LoopbackServer server([&](Peer& peer, int) {
    if (!peer.request()) return;
    asked.set_value();
    go.get_future().wait();
    peer.answer("1");
    peer.await_end();
  });
  serve_at(server);
  const InvocationId id = accept();
  std::future<void> arrived = asked.get_future();
  run_until([&arrived] { return arrived.wait_for(0s) == std::future_status::ready; });
  ask(id, core::Cancel{id, "no longer wanted", {}});
  EXPECT_EQ(look(id).state, core::State::running);
  go.set_value();
  EXPECT_EQ(await(id).state, core::State::cancelled);
}

TEST_F(HttpExecutorTest, attempt_that_is_dropped_drops_its_request) {
  std::promise<void> closed;
  LoopbackServer server([&closed](Peer& peer, int) {
    peer.request();
    peer.await_end();
    closed.set_value();
  });
  serve_at(server);
  const InvocationId id = accept();
  run_until([&server] { return server.connections() == 1; });
  ask(id, core::Park{id, "stop", {}});
  std::future<void> end = closed.get_future();
  run_until([&end] { return end.wait_for(0s) == std::future_status::ready; });
  EXPECT_EQ(look(id).park_reason, core::ParkReason::operator_);
}

}  // namespace
}  // namespace nowthen::http
