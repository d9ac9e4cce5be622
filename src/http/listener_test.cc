// Goal: an upload whose answers nobody reads stops, goes on when they are read, and leaves nothing
// behind when the connection breaks or nobody ever reads them; who has gone is not counted; without
// a file descriptor left, the connections that are open are served.
// Method: a real listener, and a client that reads when the test says so.

#include <future>

#include <sys/resource.h>

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

TEST_F(ListenerFixture, upload_whose_answer_nobody_ever_reads_is_closed) {
  listen({.address = {}, .tls = {}, .limits = {.write_pause_max = 1s}});
  Caller caller(listener->address());
  const std::jthread sender([&] { EXPECT_FALSE(caller.send(mirror_request(numbered(kMuch)))); });
  front.await_full();
  await_connections(0);
}

TEST_F(ListenerFixture, who_was_cut_off_is_not_counted_though_its_answer_is_still_to_come) {
  listen();
  Caller caller(listener->address());
  EXPECT_TRUE(caller.send(Caller::request("/hold", "x")));
  front.await_held();
  caller.reset();
  await_connections(0);
  front.release();
}

TEST_F(ListenerFixture, without_a_file_descriptor_left_open_connections_are_served) {
  listen();
  Caller before(listener->address());
  EXPECT_EQ(before.ask("/echo", "one"), "one");
  Caller after(listener->address(), Caller::Connecting::later);
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit normal = limit;
  const std::shared_ptr<void> restored(nullptr,
                                       [&](void*) { ::setrlimit(RLIMIT_NOFILE, &normal); });
  const int next = ::dup(0);
  ::close(next);
  limit.rlim_cur = static_cast<rlim_t>(next);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  after.connect(listener->address());
  EXPECT_EQ(before.ask("/echo", "two"), "two");
  std::promise<void> turned;
  engine->loops().front()->post([&turned] { turned.set_value(); });
  EXPECT_EQ(turned.get_future().wait_for(20s), std::future_status::ready);
  EXPECT_EQ(listener->connections(), 1u);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &normal), 0);
  EXPECT_EQ(after.ask("/echo", "four"), "four");
}

}  // namespace
}  // namespace nowthen::http
