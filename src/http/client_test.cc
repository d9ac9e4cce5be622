// Goal: whatever a service does, each request is told once, with the truth about what left.
// Method: the real client on a real loop against servers of the test's own, whose scripts misbehave
// one way each. What must not be told is waited for by something else that must.

#include "http/client.h"

#include <future>

#include "http/client_fixture.h"

namespace nowthen::http {
namespace {

using Kind = ClientError::Kind;

class ClientTest : public ClientFixture {
 protected:
  /// What the client says of a server that does `script` with its first request.
  ClientError error_of(const std::function<void(Peer&)>& script) {
    LoopbackServer server([&script](Peer& peer, int) {
      if (peer.request()) script(peer);
    });
    return error(send(to(server.url())));
  }
};

void serve(Peer& peer, int) {
  while (auto request = peer.request()) peer.answer("ok");
}

TEST_F(ClientTest, request_arrives_as_it_was_meant) {
  std::promise<std::string> got;
  LoopbackServer server([&got](Peer& peer, int) {
    got.set_value(peer.request().value_or(""));
    peer.answer("{\"a\":1}", "X-One: 1\r\n");
  });
  ClientRequest request = to(server.url("/a/b?c=d"));
  request.headers = {{"Idempotency-Key", "k"}, {"X-Empty", ""}};
  request.body = "[1]";
  const ClientResponse answer = response(send(request));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "{\"a\":1}");
  EXPECT_EQ(*answer.header("x-one"), "1");
  EXPECT_EQ(got.get_future().get(),
            "POST /a/b?c=d HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                "\r\nIdempotency-Key: k\r\nX-Empty: \r\n"
                "Content-Length: 3\r\n\r\n[1]");
}

TEST_F(ClientTest, connection_is_used_again) {
  LoopbackServer server(serve);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(response(send(to(server.url()))).body, "ok");
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(ClientTest, request_that_must_not_repeat_gets_a_connection_of_its_own) {
  LoopbackServer server(serve);
  make({.connections_max = 1});
  for (int i = 0; i < 3; ++i) {
    ClientRequest request = to(server.url());
    request.repeat = Repeat::never;
    EXPECT_EQ(response(send(request)).status, 200);
  }
  EXPECT_EQ(server.connections(), 3);
  EXPECT_EQ(response(send(to(server.url()))).status, 200);  // what it leaves may be used
  EXPECT_EQ(server.connections(), 3);
}

TEST_F(ClientTest, large_bodies_pass_both_ways) {
  LoopbackServer server([](Peer& peer, int) {
    while (auto request = peer.request()) peer.answer(request->substr(request->size() - 9'000'000));
  });
  ClientRequest request = to(server.url());
  request.body.clear();
  for (int i = 0; i < 9'000'000; ++i) request.body += static_cast<char>(i % 251);
  EXPECT_TRUE(response(send(request)).body == request.body);
  EXPECT_TRUE(response(send(request)).body == request.body);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(ClientTest, answer_before_the_end_of_the_request_counts) {
  LoopbackServer server([](Peer& peer, int) {
    peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
    peer.await_end();  // takes the rest, so that no reset destroys the answer on its way
  });
  ClientRequest request = to(server.url());
  request.body.assign(16u << 20, 'x');
  EXPECT_EQ(response(send(request)).status, 413);
  EXPECT_EQ(response(send(to(server.url()))).status, 413);
  EXPECT_EQ(server.connections(), 2);  // the rest of a request may still be in the first
}

TEST_F(ClientTest, connection_that_was_closed_while_idle_is_replaced) {
  LoopbackServer server([](Peer& peer, int) {
    if (peer.request()) peer.answer("once");
  });
  for (int i = 0; i < 5; ++i) EXPECT_EQ(response(send(to(server.url()))).body, "once");
  EXPECT_EQ(server.connections(), 5);
}

TEST_F(ClientTest, request_that_met_a_closing_connection_is_sent_once_more) {
  std::atomic<int> requests = 0;
  LoopbackServer server([&requests](Peer& peer, int number) {
    if (number == 0) {
      if (peer.request()) peer.answer("first");
      if (peer.request()) ++requests;  // read, and the connection closed: an idle timeout
      return;
    }
    while (peer.request()) {
      ++requests;
      peer.answer("again");
    }
  });
  EXPECT_EQ(response(send(to(server.url()))).body, "first");
  EXPECT_EQ(response(send(to(server.url()))).body, "again");
  EXPECT_EQ(requests, 2);
}

TEST_F(ClientTest, request_is_not_sent_a_third_time_and_not_again_on_a_fresh_connection) {
  std::atomic<int> requests = 0;
  LoopbackServer server([&requests](Peer& peer, int number) {
    if (number == 0 && peer.request()) peer.answer("first");
    if (peer.request()) ++requests;
  });
  EXPECT_EQ(response(send(to(server.url()))).body, "first");
  const ClientError twice = error(send(to(server.url())));
  EXPECT_EQ(twice.kind, Kind::unknown);
  EXPECT_EQ(requests, 2);
  const ClientError fresh = error(send(to(server.url())));
  EXPECT_EQ(fresh.kind, Kind::unknown);
  EXPECT_EQ(fresh.message, "http://127.0.0.1:" + std::to_string(server.port()) +
                               ": the connection was closed before an answer came");
  EXPECT_EQ(requests, 3);
}

TEST_F(ClientTest, request_with_half_an_answer_is_never_sent_again) {
  LoopbackServer server([](Peer& peer, int) {
    if (peer.request()) peer.answer("first");
    if (peer.request()) peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal");
  });
  EXPECT_EQ(response(send(to(server.url()))).body, "first");
  const ClientError half = error(send(to(server.url())));
  EXPECT_EQ(half.kind, Kind::unknown);
  EXPECT_NE(half.message.find("the answer broke off before its end"), std::string::npos);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(ClientTest, answer_that_is_none_leaves_the_outcome_unknown) {
  const auto unknown = [this](std::string_view text, std::string_view says) {
    const ClientError got = error_of([text](Peer& peer) { peer.send(text); });
    EXPECT_EQ(got.kind, Kind::unknown) << text;
    EXPECT_FALSE(got.timed_out);
    EXPECT_NE(got.message.find(says), std::string::npos) << got.message;
  };
  unknown("", "closed before an answer came");
  unknown("HTTP/1.1 200 OK\r\nContent-Le", "broke off");
  unknown("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", "broke off");
  unknown("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "broke off");
  unknown("SSH-2.0-OpenSSH_9.2\r\n", "is not HTTP/1.1");
  unknown("HTTP/1.1 100 Continue\r\n\r\n", "never began");
}

TEST_F(ClientTest, reset_leaves_the_outcome_unknown) {
  EXPECT_EQ(error_of([](Peer& peer) { peer.reset(); }).kind, Kind::unknown);
  EXPECT_EQ(error_of([](Peer& peer) {
              peer.send("HTTP/1.1 200 OK\r\n\r\nhalf");
              peer.reset();
            }).kind,
            Kind::unknown);
}

TEST_F(ClientTest, every_form_of_answer_is_read) {
  const auto body_of = [this](std::string_view text) {
    LoopbackServer server([text](Peer& peer, int) {
      if (peer.request()) peer.send(text);
    });
    return response(send(to(server.url()))).body;
  };
  EXPECT_EQ(body_of("HTTP/1.0 200 OK\r\n\r\nold"), "old");
  EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\n\r\nto the end"), "to the end");
  EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"),
            "ab");
  EXPECT_EQ(body_of("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"),
            "x");
}

TEST_F(ClientTest, redirect_is_an_answer_and_not_followed) {
  LoopbackServer server([](Peer& peer, int) {
    while (peer.request())
      peer.send("HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n");
  });
  const ClientResponse answer = response(send(to(server.url())));
  EXPECT_EQ(answer.status, 302);
  EXPECT_EQ(*answer.header("location"), "/other");
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(ClientTest, limits_of_an_answer_are_named) {
  make({.response_header_bytes_max = 1000, .response_body_bytes_max = 2000});
  EXPECT_NE(error_of([](Peer& peer) {
              peer.send("HTTP/1.1 200 OK\r\nX: " + std::string(4000, 'x') + "\r\n\r\n");
              peer.await_end();
            }).message.find("response_header_bytes_max (1000)"),
            std::string::npos);
  EXPECT_NE(error_of([](Peer& peer) {
              peer.send("HTTP/1.1 200 OK\r\n\r\n");
              while (peer.send(std::string(1000, 'x'))) {  // never ends
              }
            }).message.find("response_body_bytes_max (2000)"),
            std::string::npos);
}

TEST_F(ClientTest, silence_ends_with_the_timeout) {
  LoopbackServer server([](Peer& peer, int) { peer.await_end(); });
  ClientRequest request = to(server.url());
  request.timeout = 30ms;
  const ClientError got = error(send(request));
  EXPECT_EQ(got.kind, Kind::unknown);
  EXPECT_TRUE(got.timed_out);
  EXPECT_EQ(got.message,
            "no answer from http://127.0.0.1:" + std::to_string(server.port()) + " within 30ms");
}

TEST_F(ClientTest, answer_that_drips_ends_with_the_timeout) {
  LoopbackServer server([](Peer& peer, int) {
    peer.send("HTTP/1.1 200 OK\r\n\r\nx");
    peer.await_end();
  });
  ClientRequest request = to(server.url());
  request.timeout = 30ms;
  EXPECT_TRUE(error(send(request)).timed_out);
}

TEST_F(ClientTest, request_in_line_that_times_out_was_not_sent) {
  LoopbackServer server([](Peer& peer, int) { peer.await_end(); });
  make({.connections_max = 1});
  const Slot first = send(to(server.url()));
  ClientRequest second = to(server.url());
  second.timeout = 20ms;
  const ClientError got = error(send(second));
  EXPECT_EQ(got.kind, Kind::not_sent);
  EXPECT_TRUE(got.timed_out);
  EXPECT_NE(got.message.find("(connections_max)"), std::string::npos) << got.message;
  EXPECT_FALSE(first->has_value());
}

TEST_F(ClientTest, refused_connection_was_not_sent) {
  std::uint16_t port = 0;
  {
    port = LoopbackServer(serve).port();
  }
  const ClientError got = error(send(to("http://127.0.0.1:" + std::to_string(port))));
  EXPECT_EQ(got.kind, Kind::not_sent);
  EXPECT_EQ(got.message, "connect to 127.0.0.1:" + std::to_string(port) + ": Connection refused");
}

TEST_F(ClientTest, name_is_resolved_and_every_address_of_it_tried) {
  LoopbackServer server(serve);  // on 127.0.0.1 only, whatever else the name has
  const std::string url = "http://localhost:" + std::to_string(server.port());
  EXPECT_EQ(response(send(to(url))).body, "ok");
}

TEST_F(ClientTest, name_without_address_was_not_sent) {
  const ClientError got = error(send(to("http://nowhere.invalid/")));  // RFC 6761 6.4
  EXPECT_EQ(got.kind, Kind::not_sent);
  EXPECT_TRUE(got.message.starts_with("look up nowhere.invalid: ")) << got.message;
}

TEST_F(ClientTest, egress_is_refused_before_anything_leaves) {
  LoopbackServer server(serve);
  make({}, {.allow = {"localhost", "*"}});
  const ClientError numeric = error(send(to(server.url())));
  EXPECT_EQ(numeric.kind, Kind::refused_egress);
  EXPECT_EQ(numeric.message,
            "egress to 127.0.0.1 is not allowed; start the server with --allow-egress 127.0.0.1");
  // The name is allowed, but what it resolves to is not: DNS rebinding.
  const ClientError rebound = error(send(to("http://localhost:" + std::to_string(server.port()))));
  EXPECT_EQ(rebound.kind, Kind::refused_egress);
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(ClientTest, header_that_would_break_the_message_is_refused) {
  for (const Header& header :
       {Header{"A", "x\r\nB: y"}, Header{"A b", "x"}, Header{"", "x"}, Header{"Host", "x"},
        Header{"content-length", "1"}, Header{"Transfer-Encoding", "chunked"},
        Header{"Connection", "close"}, Header{"A", std::string("\0", 1)}}) {
    ClientRequest request = to("http://127.0.0.1:1/");
    request.headers = {header};
    const ClientError got = error(send(request));
    EXPECT_EQ(got.kind, Kind::not_sent);
    EXPECT_EQ(got.message.find("B: y"), std::string::npos);
  }
}

TEST_F(ClientTest, ten_thousand_requests_share_a_few_connections) {
  LoopbackServer server(serve);
  make({.connections_max = 16});
  std::size_t answers = 0;
  for (int i = 0; i < 10'000; ++i) {
    client->send(to(server.url()), [&answers](Answer answer) {
      answers += std::holds_alternative<ClientResponse>(answer) ? 1u : 0u;
    });
  }
  run_until([&] { return answers == 10'000; });
  EXPECT_EQ(server.connections(), 16);
}

TEST_F(ClientTest, line_for_a_connection_is_bounded) {
  LoopbackServer server([](Peer& peer, int) { peer.await_end(); });
  make({.connections_max = 1, .waiting_max = 2});
  const Slot carried = send(to(server.url()));
  const Slot second = send(to(server.url()));
  const Slot third = send(to(server.url()));
  const ClientError got = error(send(to(server.url())));
  EXPECT_EQ(got.kind, Kind::not_sent);
  EXPECT_NE(got.message.find("waiting_max (2)"), std::string::npos) << got.message;
  EXPECT_FALSE(carried->has_value() || second->has_value() || third->has_value());
}

TEST_F(ClientTest, cancelled_request_is_not_told_and_makes_room) {
  std::promise<void> closed;
  LoopbackServer server([&closed](Peer& peer, int number) {
    if (number > 0) return serve(peer, number);
    peer.await_end();
    closed.set_value();
  });
  make({.connections_max = 1});
  const Slot hanging = send(to(server.url()));
  const RequestId hanging_id = last;
  const Slot waiting = send(to(server.url()));
  const RequestId waiting_id = last;
  const Slot served = send(to(server.url()));
  run_until([&] { return server.connections() == 1; });
  client->cancel(waiting_id);
  client->cancel(hanging_id);
  client->cancel(hanging_id);
  EXPECT_EQ(response(served).body, "ok");
  closed.get_future().wait();
  EXPECT_FALSE(hanging->has_value() || waiting->has_value());
}

TEST_F(ClientTest, idle_connection_is_closed_after_a_while) {
  std::promise<void> closed;
  LoopbackServer server([&closed](Peer& peer, int number) {
    if (peer.request()) peer.answer("ok");
    peer.await_end();
    if (number == 0) closed.set_value();
  });
  make({.idle_max = 1ms});
  EXPECT_EQ(response(send(to(server.url()))).body, "ok");
  std::future<void> end = closed.get_future();
  run_until([&end] { return end.wait_for(0s) == std::future_status::ready; });
  EXPECT_EQ(response(send(to(server.url()))).body, "ok");
}

TEST_F(ClientTest, destroyed_client_tells_nobody) {
  LoopbackServer hanging([](Peer& peer, int) { peer.await_end(); });
  LoopbackServer server(serve);
  make({.connections_max = 1});
  const Slot served = send(to(server.url()));
  const Slot carried = send(to(hanging.url()));
  const Slot waiting = send(to(hanging.url()));
  wait(served);
  const Slot unnamed = send(to("http://localhost:1/"));
  const Slot broken = send(to("http://127.0.0.1:1/"));
  client.reset();
  make();
  EXPECT_EQ(response(send(to(server.url()))).body, "ok");
  EXPECT_FALSE(carried->has_value() || waiting->has_value() || unnamed->has_value() ||
               broken->has_value());
}

TEST_F(ClientTest, client_may_be_used_and_destroyed_by_what_it_tells) {
  LoopbackServer server(serve);
  make();
  bool told = false;
  client->send(to(server.url()), [&](Answer) {
    client->send(to(server.url()), [&](Answer) {
      client.reset();
      told = true;
    });
  });
  run_until([&told] { return told; });
}

}  // namespace
}  // namespace nowthen::http
