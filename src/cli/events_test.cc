// events: what is printed of a stream, however it is cut into pieces, and how it is taken up again.

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cli/cli_fixture.h"
#include "cli/event_reader.h"

namespace nowthen::cli {
namespace {

using namespace std::chrono_literals;

TEST(EventReader, cuts_events_out_of_pieces_of_any_size) {
  const std::string stream =
      ": a comment\n"
      "event: state\r\ndata: {\"state\":\r\ndata:  \"running\"}\r\n\r\n"
      "id: 3\revent: entry\rdata\r\r"
      "event: no data is no event\n\n"
      "data:x\nretry: 10\nunknown: y\n\n"
      "data: not ended";
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    std::string seen;
    EventReader reader([&seen](const EventReader::Event& event) {
      seen += "[" + event.name + "|" + event.id + "|" + event.data + "]";
    });
    for (std::size_t at = 0; at < stream.size(); at += size) {
      EXPECT_TRUE(reader.feed(std::string_view(stream).substr(at, size)));
    }
    EXPECT_EQ(seen, "[state||{\"state\":\n \"running\"}][entry|3|][message|3|x]") << size;
  }
}

TEST(EventReader, an_endless_line_is_refused) {
  EventReader reader([](const EventReader::Event&) {});
  const std::string piece(1 << 20, 'x');
  bool more = true;
  for (int i = 0; i < 100 && more; ++i) more = reader.feed(piece);
  EXPECT_FALSE(more);
}

const std::string kStart = "event: state\ndata: {\"id\": \"1\", \"state\": \"running\"}\n\n";
const std::string kEntry =
    "event: entry\nid: 3\ndata: {\"seq\": 3, \"path\": \"charge\", \"result\": {\"a\": "
    "\"\\n\"}}\n\n";
const std::string kEnd = "event: end\ndata: {\"id\": \"1\", \"state\": \"succeeded\"}\n\n";

TEST(Events, are_a_line_each) {
  Program nowthen;
  nowthen.server.answers(200, kStart + kEntry + kEnd);
  EXPECT_EQ(nowthen({"events", "1"}), 0);
  EXPECT_EQ(nowthen.output(),
            "state  state=running\n"
            "entry  seq=3 path=charge result={\"a\": \"\\n\"}\n"
            "end    state=succeeded\n");
  nowthen.server.answers(200, kEntry + kEnd);
  EXPECT_EQ(nowthen({"events", "1", "--json"}), 0);
  EXPECT_EQ(
      nowthen.output(),
      R"({"event":"entry","id":"3","data":{"seq": 3, "path": "charge", "result": {"a": "\n"}}})"
      "\n"
      R"({"event":"end","id":"3","data":{"id": "1", "state": "succeeded"}})"
      "\n");
}

TEST(Events, a_stream_that_breaks_is_taken_up_where_it_was) {
  Program nowthen;
  nowthen.server.answers(200, kStart + kEntry)
      .breaks({ErrorCode::unavailable, "refused"})
      .answers(503, problem(503, "unavailable", "starting"))
      .answers(200, kEnd);
  EXPECT_EQ(nowthen({"events", "1"}), 0);
  EXPECT_EQ(nowthen.errors(), "");
  ASSERT_EQ(nowthen.server.requests.size(), 4U);
  EXPECT_EQ(nowthen.server.requests[0].headers.size(), 1U);
  EXPECT_EQ(nowthen.server.requests[3].headers[1].name, "Last-Event-ID");
  EXPECT_EQ(nowthen.server.requests[3].headers[1].value, "3");
}

TEST(Events, a_server_that_stays_away_is_given_up) {
  Program nowthen;
  nowthen.server.answers(200, kStart);
  EXPECT_EQ(nowthen({"events", "1"}), 5);
  EXPECT_GT(nowthen.console.time, 60s);
  EXPECT_LT(nowthen.console.time, 70s);

  Program never;
  EXPECT_EQ(never({"events", "1"}), 5);
  EXPECT_EQ(never.server.requests.size(), 1U);

  Program empty;
  for (int i = 0; i < 100; ++i) empty.server.answers(200, "");
  EXPECT_EQ(empty({"events", "1"}), 5);
  EXPECT_LT(empty.server.requests.size(), 70U);
}

TEST(Events, that_nobody_reads_end) {
  Program nowthen;
  nowthen.console.disk_full = true;
  nowthen.server.answers(200, kStart).answers(200, kEnd);
  EXPECT_EQ(nowthen({"events", "1"}), 74);
  EXPECT_EQ(nowthen.server.requests.size(), 1U);
  EXPECT_EQ(nowthen.errors(), "nowthen: the output cannot be written\n");
}

TEST(Events, of_what_is_not_there_are_a_problem) {
  Program nowthen;
  nowthen.server.answers(404, problem(404, "not-found", "no such invocation"));
  EXPECT_EQ(nowthen({"events", "1"}), 3);
}

TEST(Events, an_interrupt_says_how_to_come_back) {
  Program nowthen;
  nowthen.server.then([&nowthen](const Request& request) -> Result<Reply> {
    request.on_bytes(kEntry);
    nowthen.console.is_interrupted = true;
    return Error{ErrorCode::cancelled, "interrupted"};
  });
  EXPECT_EQ(nowthen({"events", "1"}), 130);
  EXPECT_EQ(nowthen.errors(), "nowthen: interrupted. Come back with: nowthen events 1 --after 3\n");
}

}  // namespace
}  // namespace nowthen::cli
