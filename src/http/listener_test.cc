// Goal: an upload whose answers nobody reads stops, goes on when they are read, and leaves nothing
// behind when the connection breaks meanwhile.
// Method: a real listener, and a client that reads when the test says so.

#include "http/listener_fixture.h"

namespace nowthen::http {
namespace {

constexpr std::size_t kMuch = 32u << 20;  // more than the sockets' buffers of both sides hold

// The answer of HTTP/1.0 is what comes until the end, without chunks.
std::string mirror_request(std::string_view body) {
  return "POST /mirror HTTP/1.0\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

std::string numbered(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i) + "\n";
  return text;
}

TEST_F(ListenerFixture, upload_goes_on_when_its_answer_is_read) {
  listen();
  Caller caller(listener->address());
  const std::string body = numbered(kMuch);
  const std::jthread sender([&] { EXPECT_TRUE(caller.send(mirror_request(body))); });
  front.await_full();
  const std::string answer = caller.rest();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(answer.ends_with(body)) << answer.size() << " of " << body.size() << " bytes";
}

TEST_F(ListenerFixture, upload_that_breaks_while_its_answer_waits_is_forgotten) {
  listen();
  Caller caller(listener->address());
  std::jthread sender([&] { EXPECT_FALSE(caller.send(mirror_request(numbered(kMuch)))); });
  front.await_full();
  caller.break_off();
  sender.join();
  caller.drop();
  await_connections(0);
}

}  // namespace
}  // namespace nowthen::http
