#include "load/http_answer.h"

#include <gtest/gtest.h>

namespace nowthen::load {
namespace {

struct Taken {
  Cut cut;
  HttpAnswer answer;
  std::size_t used = 0;
  std::string chunks;

  explicit Taken(std::string_view bytes) { cut = cut_answer(bytes, answer, used, chunks); }
};

constexpr std::string_view kPlain =
    "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\ncontent-length: 4\r\n"
    "Nowthen-Invocation:  01h\r\n\r\nnull";
constexpr std::string_view kChunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3\r\nabc\r\nA;of=it\r\n0123456789\r\n0\r\n\r\n";

TEST(HttpAnswer, StatusBodyAndFields) {
  const Taken taken(kPlain);
  ASSERT_EQ(taken.cut, Cut::whole);
  EXPECT_EQ(taken.answer.status, 202);
  EXPECT_EQ(taken.answer.body, "null");
  EXPECT_EQ(taken.answer.field("nowthen-invocation"), "01h");
  EXPECT_EQ(taken.answer.field("Nowthen"), "");
  EXPECT_FALSE(taken.answer.last);
  EXPECT_EQ(taken.used, kPlain.size());
}

TEST(HttpAnswer, Chunks) {
  const Taken taken(kChunked);
  ASSERT_EQ(taken.cut, Cut::whole);
  EXPECT_EQ(taken.answer.body, "abc0123456789");
  EXPECT_EQ(taken.used, kChunked.size());
}

TEST(HttpAnswer, APartIsNoAnswerWhereverItEnds) {
  for (const std::string_view whole : {kPlain, kChunked}) {
    for (std::size_t size = 0; size < whole.size(); ++size)
      EXPECT_EQ(Taken(whole.substr(0, size)).cut, Cut::more) << size;
  }
}

TEST(HttpAnswer, WhatFollowsIsLeft) {
  for (const std::string_view whole : {kPlain, kChunked}) {
    const std::string two = std::string(whole) + "HTTP/1.1 500 ";
    const Taken taken(two);
    ASSERT_EQ(taken.cut, Cut::whole);
    EXPECT_EQ(taken.used, whole.size());
  }
}

TEST(HttpAnswer, TheLastOfItsConnection) {
  const Taken taken("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  ASSERT_EQ(taken.cut, Cut::whole);
  EXPECT_TRUE(taken.answer.last);
}

TEST(HttpAnswer, NoContentHasNoLength) {
  const Taken taken("HTTP/1.1 204 No Content\r\n\r\nHTTP");
  ASSERT_EQ(taken.cut, Cut::whole);
  EXPECT_EQ(taken.answer.body, "");
}

TEST(HttpAnswer, WhatIsNoneIsBroken) {
  for (const std::string_view bytes :
       {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 abc\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabcd"})
    EXPECT_EQ(Taken(bytes).cut, Cut::broken) << bytes;
}

}  // namespace
}  // namespace nowthen::load
