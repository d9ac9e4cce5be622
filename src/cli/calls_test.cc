// call, send and wait: what is sent, what is printed where, and the exit code.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cli/cli_fixture.h"

namespace nowthen::cli {
namespace {

using namespace std::chrono_literals;

const std::string kTicket = R"({"id": "01j9x3k5w8m2c0q7r4t6v8y1za", "state": "running", )"
                            R"("reason": "charge running"})";

TEST(Call, a_result_is_printed_as_it_came) {
  Program nowthen;
  nowthen.server.answers(200, R"({"id":  "p1"})");
  EXPECT_EQ(nowthen({"call", "place-order", R"({"item": "burger"})"}), 0);
  EXPECT_EQ(nowthen.output(), "{\"id\":  \"p1\"}\n");
  EXPECT_EQ(nowthen.errors(), "");
  EXPECT_EQ(nowthen.sent(), R"(POST http://127.0.0.1:7070/v1/operations/place-order
Content-Type: application/json

{"item": "burger"})");
}

TEST(Call, options_become_headers) {
  Program nowthen;
  nowthen.server.answers(200, "1");
  EXPECT_EQ(nowthen({"call", "a b", "--wait", "1500ms", "--async", "--idempotency-key", "k 1",
                     "--order-key", "o", "--priority", "9", "--delay", "1.5s"}),
            0);
  EXPECT_EQ(nowthen.sent(), R"(POST http://127.0.0.1:7070/v1/operations/a%20b
Prefer: respond-async
Prefer: wait=2
Idempotency-Key: k 1
Nowthen-Order-Key: o
Nowthen-Priority: 9
Nowthen-Delay: 1.5s)");
}

TEST(Call, input_comes_from_a_file_or_the_standard_input) {
  Program nowthen;
  nowthen.console.files = {{"in.json", "[1]\n"}, {"-", "{}"}, {"bytes", "\xff\n"}, {"none", "\n"}};
  const struct {
    std::vector<std::string> words;
    std::string body;
  } kCases[] = {{{"call", "x", "@in.json"}, "[1]\n"},
                {{"call", "x", "-"}, "{}"},
                {{"call", "x", "@bytes", "--bytes"}, "\xff\n"},
                {{"call", "x", "@none"}, ""},
                {{"call", "x", "text", "--bytes"}, "text"}};
  for (const auto& each : kCases) {
    nowthen.server.answers(200, "1");
    EXPECT_EQ(nowthen(each.words), 0) << nowthen.errors();
    ASSERT_EQ(nowthen.server.requests.size(), 1U);
    EXPECT_EQ(nowthen.server.requests[0].body, each.body);
    nowthen.sent();
  }
}

TEST(Call, bad_input_is_refused_before_anything_is_sent) {
  Program nowthen;
  nowthen.console.files = {{"in.json", "{"}};
  EXPECT_EQ(nowthen({"call", "x", "burger"}), 2);
  EXPECT_EQ(nowthen.errors(),
            "nowthen: call: INPUT is not JSON: expected a value; a text needs quotes: '\"text\"' "
            "(see nowthen call --help)\n");
  EXPECT_EQ(nowthen({"call", "x", "@in.json"}), 2);
  EXPECT_TRUE(nowthen.errors().starts_with("nowthen: call: INPUT @in.json is not JSON: "));
  EXPECT_EQ(nowthen({"call", "x", "@missing"}), 2);
  EXPECT_TRUE(nowthen.errors().starts_with("nowthen: call: INPUT: cannot read missing: No such"));
  EXPECT_EQ(nowthen({"call", "x", "--timeout", "5s"}), 2);
  EXPECT_EQ(nowthen.sent(), "");
}

TEST(Call, input_that_a_person_ends_is_an_interrupt) {
  Program nowthen;
  nowthen.console.is_interrupted = true;
  EXPECT_EQ(nowthen({"call", "x", "-"}), 130);
  EXPECT_EQ(nowthen.sent(), "");
}

TEST(Call, a_ticket_is_an_id_and_how_to_follow_it) {
  Program nowthen;
  nowthen.server.answers(202, kTicket);
  EXPECT_EQ(nowthen({"call", "x"}), 0);
  EXPECT_EQ(nowthen.output(), "01j9x3k5w8m2c0q7r4t6v8y1za\n");
  EXPECT_EQ(nowthen.errors(),
            "nowthen: accepted, running: charge running. "
            "Follow it with: nowthen wait 01j9x3k5w8m2c0q7r4t6v8y1za\n");
  nowthen.server.answers(202, kTicket);
  EXPECT_EQ(nowthen({"--json", "call", "x"}), 0);
  EXPECT_EQ(nowthen.output(), kTicket + "\n");
  EXPECT_EQ(nowthen.errors(), "");
  nowthen.server.answers(202, "{}");
  EXPECT_EQ(nowthen({"call", "x"}), 5);
}

TEST(Call, follow_waits_for_the_end) {
  Program nowthen;
  nowthen.server.answers(202, kTicket).answers(202, kTicket).answers(200, "42");
  EXPECT_EQ(nowthen({"call", "x", "--follow"}), 0);
  EXPECT_EQ(nowthen.output(), "42\n");
  EXPECT_EQ(nowthen.errors(), "nowthen: accepted as 01j9x3k5w8m2c0q7r4t6v8y1za\n");
  EXPECT_EQ(nowthen.sent(), R"(POST http://127.0.0.1:7070/v1/operations/x
---
GET http://127.0.0.1:7070/v1/invocations/01j9x3k5w8m2c0q7r4t6v8y1za/result?wait=30
---
GET http://127.0.0.1:7070/v1/invocations/01j9x3k5w8m2c0q7r4t6v8y1za/result?wait=30)");
}

TEST(Call, explain_says_why_the_answer_looks_as_it_does) {
  Program nowthen;
  nowthen.server.answers(200, "1", {{"nowthen-decision", "answered; after_ms=3"}});
  EXPECT_EQ(nowthen({"call", "x", "--explain"}), 0);
  EXPECT_EQ(nowthen.errors(), "nowthen: Nowthen-Decision: answered; after_ms=3\n");
}

TEST(Call, a_lost_answer_is_told_from_a_server_that_was_not_reached) {
  Program nowthen;
  EXPECT_EQ(nowthen({"call", "x"}), 5);
  EXPECT_EQ(nowthen.errors(),
            "nowthen: cannot reach http://127.0.0.1:7070: Connection refused; "
            "--server or NOWTHEN_URL say which server\n");
  nowthen.server.breaks({ErrorCode::failed, "the connection broke"});
  EXPECT_EQ(nowthen({"call", "x"}), 5);
  EXPECT_EQ(nowthen.errors(),
            "nowthen: the connection broke\n"
            "nowthen: whether it was accepted is not known; --idempotency-key makes it safe to "
            "repeat\n");
  nowthen.server.breaks({ErrorCode::cancelled, "interrupted"});
  EXPECT_EQ(nowthen({"call", "x", "--idempotency-key", "k"}), 130);
  EXPECT_EQ(nowthen.errors(),
            "nowthen: interrupted\n"
            "nowthen: call again with the same --idempotency-key: it is not run twice\n");
}

TEST(Send, asks_for_a_ticket) {
  Program nowthen;
  nowthen.server.answers(202, kTicket);
  EXPECT_EQ(nowthen({"send", "x", "1"}), 0);
  EXPECT_EQ(nowthen.output(), "01j9x3k5w8m2c0q7r4t6v8y1za\n");
  EXPECT_EQ(nowthen.server.requests[0].headers[0].value, "respond-async");
}

TEST(Wait, ends_with_the_exit_code_of_how_it_ended) {
  const struct {
    int status;
    std::string body;
    int exit;
    std::string error;
  } kCases[] = {
      {502, problem(502, "operation-failed", "card declined"), 1,
       "operation-failed: card declined"},
      {409, problem(409, "cancelled", "by a person"), 1, "cancelled: by a person"},
      {504, problem(504, "expired", "not started"), 1, "expired: not started"},
      {404, problem(404, "not-found", "no such invocation"), 3, "not-found: no such invocation"},
      {410, problem(410, "gone", "removed"), 3, "gone: removed"},
      {403, problem(403, "forbidden", "a caller may not"), 4, "forbidden: a caller may not"},
      {429, problem(429, "overloaded", "waiters_max"), 6, "overloaded: waiters_max"},
      {500, problem(500, "corruption", "checksum"), 6, "corruption: checksum"}};
  for (const auto& each : kCases) {
    Program nowthen;
    nowthen.server.answers(each.status, each.body);
    EXPECT_EQ(nowthen({"wait", kId}), each.exit) << each.body;
    EXPECT_EQ(nowthen.output(), "");
    EXPECT_TRUE(nowthen.errors().starts_with("nowthen: " + each.error + " (")) << nowthen.errors();
  }
}

TEST(Wait, what_the_operation_answered_is_passed_on) {
  Program nowthen;
  nowthen.server.answers(422, R"({"why": "no such item"})", {{"Nowthen-Invocation", kId}});
  EXPECT_EQ(nowthen({"wait", kId}), 1);
  EXPECT_EQ(nowthen.errors(),
            "nowthen: invocation 01j9x3k5w8m2c0q7r4t6v8y1za answered with status 422\n"
            "{\"why\": \"no such item\"}\n");
  nowthen.server.answers(422, R"({"why": "no such item"})", {{"Nowthen-Invocation", kId}});
  EXPECT_EQ(nowthen({"wait", kId, "--json"}), 1);
  EXPECT_EQ(nowthen.errors(), "{\"why\": \"no such item\"}\n");
}

TEST(Wait, a_timeout_leaves_it_open) {
  Program nowthen;
  const auto hold = [&nowthen](Duration time) {
    nowthen.server.then([&nowthen, time](const Request&) -> Result<Reply> {
      nowthen.console.time += time;
      return Reply{202, {}, kTicket};
    });
  };
  hold(30s);
  hold(15s);
  EXPECT_EQ(nowthen({"wait", kId, "--timeout", "45s"}), 7);
  EXPECT_EQ(nowthen.output(), "");
  EXPECT_EQ(nowthen.errors(),
            "nowthen: still open (running). Why: nowthen why 01j9x3k5w8m2c0q7r4t6v8y1za. "
            "Go on with: nowthen wait 01j9x3k5w8m2c0q7r4t6v8y1za\n");
  EXPECT_EQ(nowthen.sent(),
            R"(GET http://127.0.0.1:7070/v1/invocations/01j9x3k5w8m2c0q7r4t6v8y1za/result?wait=30
---
GET http://127.0.0.1:7070/v1/invocations/01j9x3k5w8m2c0q7r4t6v8y1za/result?wait=15)");
}

TEST(Wait, a_server_that_does_not_hold_the_request_is_not_asked_in_a_spin) {
  Program nowthen;
  for (int i = 0; i < 4; ++i) nowthen.server.answers(202, kTicket);
  EXPECT_EQ(nowthen({"wait", kId, "--timeout", "3s"}), 7);
  EXPECT_EQ(nowthen.server.requests.size(), 4U);
}

TEST(Wait, a_server_that_starts_again_is_waited_for) {
  Program nowthen;
  nowthen.server.breaks({ErrorCode::failed, "broke"})
      .breaks({ErrorCode::unavailable, "refused"})
      .answers(503, problem(503, "unavailable", "starting"))
      .answers(200, "1");
  EXPECT_EQ(nowthen({"wait", kId}), 0);
  EXPECT_EQ(nowthen.output(), "1\n");
  EXPECT_EQ(nowthen.errors(), "nowthen: the server is away or overloaded; waiting for it\n");
}

TEST(Wait, a_server_that_stays_away_is_given_up) {
  Program nowthen;
  nowthen.server.answers(202, kTicket);
  EXPECT_EQ(nowthen({"wait", kId}), 5);
  EXPECT_GT(nowthen.console.time, 60s);
  EXPECT_LT(nowthen.console.time, 70s);
}

TEST(Wait, what_is_parked_is_said_once) {
  Program nowthen;
  const std::string parked = R"({"id": "1", "state": "parked"})";
  nowthen.server.answers(202, parked).answers(202, parked).answers(200, "1");
  EXPECT_EQ(nowthen({"wait", kId}), 0);
  EXPECT_EQ(nowthen.errors(),
            "nowthen: it is parked and needs a person: nowthen why 01j9x3k5w8m2c0q7r4t6v8y1za\n");
}

TEST(Wait, an_interrupt_says_how_to_come_back) {
  Program nowthen;
  nowthen.server.then([&nowthen](const Request&) -> Result<Reply> {
    nowthen.console.is_interrupted = true;
    return Error{ErrorCode::cancelled, "interrupted"};
  });
  EXPECT_EQ(nowthen({"wait", kId}), 130);
  EXPECT_EQ(nowthen.errors(),
            "nowthen: interrupted; the invocation goes on. "
            "Come back with: nowthen wait 01j9x3k5w8m2c0q7r4t6v8y1za\n");
}

TEST(Wait, an_id_cannot_leave_its_place_in_the_url) {
  Program nowthen;
  nowthen.server.answers(200, "1");
  EXPECT_EQ(nowthen({"wait", "../../keys?x"}), 0);
  EXPECT_EQ(nowthen.sent(),
            "GET http://127.0.0.1:7070/v1/invocations/..%2F..%2Fkeys%3Fx/result?wait=30");
}

}  // namespace
}  // namespace nowthen::cli
