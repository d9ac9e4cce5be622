#include "http/answer_parser.h"

#include <gtest/gtest.h>

namespace nowthen::http {
namespace {

using State = AnswerParser::State;
using Ending = AnswerParser::Ending;
constexpr AnswerParser::Limits kLimits{1000, 5000};

enum class Ends : std::uint8_t { no, clean, cut };

struct Read {
  State state = State::reading;
  ClientResponse response;
  bool reusable = false;
  std::string fault;
};

Read read(std::string_view text, Ends ends = Ends::no, std::string_view method = "POST",
          std::size_t piece = std::string_view::npos) {
  AnswerParser parser(kLimits, method);
  Read result;
  while (!text.empty() && result.state == State::reading) {
    result.state = parser.feed(text.substr(0, piece));
    text.remove_prefix(std::min(piece, text.size()));
  }
  if (result.state == State::reading && ends != Ends::no)
    result.state = parser.end(ends == Ends::clean ? Ending::clean : Ending::cut);
  if (result.state == State::complete) {
    result.reusable = parser.reusable();
    result.response = parser.take();
  }
  if (result.state == State::failed) result.fault = parser.fault();
  return result;
}

TEST(AnswerParser, reads_every_form_of_body_in_pieces_of_any_size) {
  struct Case {
    std::string_view text;
    Ends ends;
    std::string_view body;
    bool reusable;
  };
  for (const Case& each : std::vector<Case>{
           {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", Ends::no, "hello", true},
           {"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", Ends::no, "", true},
           {"HTTP/1.1 204 No Content\r\n\r\n", Ends::no, "", true},
           {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", Ends::no, "x",
            false},
           {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n"
            "Trailer: 1\r\n\r\n",
            Ends::no, "abcde", true},
           {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Ends::no, "", true},
           {"HTTP/1.1 200 OK\r\n\r\nto the end", Ends::clean, "to the end", false},
           {"HTTP/1.1 200 OK\r\n\r\n", Ends::clean, "", false},
           {"HTTP/1.0 200 OK\r\n\r\nold", Ends::clean, "old", false},
           {"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold", Ends::no, "old", false},
           {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nold", Ends::no,
            "old", true},
           {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            Ends::no, "ok", true}}) {
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::string_view::npos}) {
      const Read got = read(each.text, each.ends, "POST", piece);
      ASSERT_EQ(got.state, State::complete) << each.text << got.fault;
      EXPECT_EQ(got.response.body, each.body);
      EXPECT_EQ(got.reusable, each.reusable) << each.text;
    }
  }
}

TEST(AnswerParser, headers_are_as_they_were_written_and_trailers_are_none) {
  const Read got = read(
      "HTTP/1.1 503 Busy\r\nRetry-After: 3\r\nX-a: 1\r\nx-A: 2\r\n"
      "Transfer-Encoding: chunked\r\n\r\n0\r\nRetry-After: 9\r\nX-t: 1\r\n\r\n");
  ASSERT_EQ(got.state, State::complete) << got.fault;
  EXPECT_EQ(got.response.status, 503);
  ASSERT_EQ(got.response.headers.size(), 4u);
  EXPECT_EQ(got.response.headers[0].name, "Retry-After");
  EXPECT_EQ(*got.response.header("RETRY-AFTER"), "3");
  EXPECT_EQ(got.response.header("X-t"), nullptr);
}

TEST(AnswerParser, answer_to_head_has_no_body) {
  const Read got = read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Ends::no, "HEAD");
  EXPECT_EQ(got.state, State::complete);
  EXPECT_TRUE(got.reusable);
}

TEST(AnswerParser, connection_is_not_reused_when_more_came_than_was_asked_for) {
  const Read got = read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n");
  EXPECT_EQ(got.state, State::complete);
  EXPECT_FALSE(got.reusable);
}

TEST(AnswerParser, what_breaks_off_is_no_answer) {
  for (const std::string_view text :
       {"HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\n", "HTT",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
        "HTTP/1.1 100 Continue\r\n\r\n"}) {
    EXPECT_EQ(read(text).state, State::reading) << text;
    EXPECT_EQ(read(text, Ends::clean).state, State::failed) << text;
    EXPECT_EQ(read(text, Ends::cut).state, State::failed) << text;
  }
  // Without a length the end of the connection is the end of the body, if it was meant.
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\n\r\nhel", Ends::cut).state, State::failed);
  EXPECT_EQ(read("", Ends::clean).fault, "never began");
}

TEST(AnswerParser, garbage_is_refused) {
  for (const std::string_view text :
       {"hello\r\n\r\n", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 xyz OK\r\n\r\n", "HTTP/1.1 016 OK\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "HTTP/1.1 200 OK\r\nA b: c\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: c\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n", "\x16\x03\x01\x02"}) {
    const Read got = read(text, Ends::clean);
    EXPECT_EQ(got.state, State::failed) << text;
  }
}

TEST(AnswerParser, limits_are_named) {
  const std::string headers = "has more than response_header_bytes_max (1000) bytes of headers";
  const std::string body = "has more than response_body_bytes_max (5000) bytes";
  const std::string start = "HTTP/1.1 200 OK\r\n";
  const std::string chunked = start + "Transfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(read(start + "X: " + std::string(2000, 'a')).fault, headers);
  EXPECT_EQ(read(start + "X: " + std::string(2000, 'a'), Ends::no, "POST", 10).fault, headers);
  EXPECT_EQ(read("HTTP/1.1 200 " + std::string(2000, 'a')).fault, headers);
  EXPECT_EQ(read(start + "Content-Length: 5001\r\n\r\n").fault, body);
  EXPECT_EQ(read(start + "Content-Length: 99999999999999\r\n\r\n").fault, body);
  EXPECT_EQ(read(start + "\r\n" + std::string(5001, 'a')).fault, body);
  EXPECT_EQ(read(chunked + "1389\r\n").fault, body);
  EXPECT_EQ(read(chunked + "1388\r\n" + std::string(5000, 'a') + "\r\n1\r\na").fault, body);
  EXPECT_EQ(read(chunked + "5;" + std::string(20'000, 'a')).fault,
            "has a line between chunks that does not end");
  std::string interim;
  for (int i = 0; i < 40; ++i) interim += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(read(interim).fault, "has more than 32 interim answers");
}

}  // namespace
}  // namespace nowthen::http
