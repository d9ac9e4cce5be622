#include "load/load.h"

#include <thread>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace nowthen::load {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kGood = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood";

/// Answers the requests of one connection, each by what `answer` makes of its number, from 0 on; an
/// empty answer closes the connection.
class Server {
 public:
  explicit Server(std::function<std::string(int)> answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(listener_, any, size), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    ::getsockname(listener_, any, &size);
    target.port = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  Target target;

 private:
  void serve() const {
    const int fd = ::accept(listener_, nullptr, nullptr);
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    std::string received;
    for (int number = 0;;) {
      char buffer[65'536];
      const auto got = ::read(fd, buffer, sizeof(buffer));
      if (got <= 0) break;
      received.append(buffer, static_cast<std::size_t>(got));
      // All requests here end with the word of their body.
      for (std::size_t end = 0; (end = received.find("please")) != received.npos;) {
        received.erase(0, end + 6);
        const std::string answer = answer_(number++);
        if (answer.empty()) ::shutdown(fd, SHUT_RDWR);
        // In two parts: an answer comes as it likes.
        (void)::send(fd, answer.data(), answer.size() / 2, MSG_NOSIGNAL);
        (void)::send(fd, answer.data() + answer.size() / 2, answer.size() - answer.size() / 2,
                     MSG_NOSIGNAL);
      }
    }
    ::close(fd);
  }

  std::function<std::string(int)> answer_;
  int listener_ = -1;
  std::thread thread_;
};

/// Asks `times` times, of `each` answers an operation, and wants "good".
class Asking final : public Script {
 public:
  Asking(int times, int each = 1, std::size_t bytes = 0)
      : times_(times),
        each_(each),
        request_(request("POST", "/", std::string(bytes, ' ') + "please")) {}
  std::string_view next(Clock::time_point) override {
    return times_-- > 0 ? std::string_view(request_) : std::string_view();
  }
  int take(const HttpAnswer& answer) override {
    if (answer.body != "good") return kWrong;
    return ++taken_ % each_ == 0 ? 1 : 0;
  }

 private:
  int times_;
  const int each_;
  const std::string request_;
  int taken_ = 0;
};

struct Ran {
  Tally tally;
  Ran(const Server& server, double rate, std::function<std::unique_ptr<Script>()> script) {
    Load load(server.target);
    const auto told = load.add({1, rate, std::move(script)});
    EXPECT_TRUE(told);
    load.run(0);
    tally = **told;
  }
};

TEST(Load, CountsOperationsAnswersAndTimes) {
  const Server server([](int) { return std::string(kGood); });
  const Ran ran(server, 0, [] { return std::make_unique<Asking>(12, 3); });
  EXPECT_EQ(ran.tally.done, 4u);
  EXPECT_EQ(ran.tally.latencies.count(), 4u);
  EXPECT_EQ(ran.tally.statuses.at(200), 12u);
  EXPECT_EQ(ran.tally.wrong, 0u);
}

TEST(Load, ALongRequestIsSentAsThereIsRoom) {
  const Server server([](int) { return std::string(kGood); });
  const Ran ran(server, 0, [] { return std::make_unique<Asking>(2, 1, 4u << 20); });
  EXPECT_EQ(ran.tally.done, 2u);
}

TEST(Load, AWrongAnswerIsKept) {
  const Server server([](int number) {
    return number < 2 ? std::string(kGood) : "HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\nbad";
  });
  const Ran ran(server, 0, [] { return std::make_unique<Asking>(10); });
  EXPECT_EQ(ran.tally.done, 2u);
  EXPECT_EQ(ran.tally.wrong, 1u);
  EXPECT_EQ(ran.tally.statuses.at(500), 1u);
  EXPECT_TRUE(ran.tally.first_wrong.ends_with("bad")) << ran.tally.first_wrong;
}

TEST(Load, AConnectionThatBreaksIsWrong) {
  const Server server([](int number) { return number < 1 ? std::string(kGood) : ""; });
  const Ran ran(server, 0, [] { return std::make_unique<Asking>(10); });
  EXPECT_EQ(ran.tally.done, 1u);
  EXPECT_EQ(ran.tally.wrong, 1u);
}

TEST(Load, StartsAreDueAtEvenTimes) {
  const Clock::time_point begin{5s};
  Schedule schedule(begin, 1'000'000.0 / 3);
  for (int i = 0; i < 1'000'000; ++i) schedule.take();
  EXPECT_LT(std::chrono::abs(schedule.next() - (begin + 3s)), 1us);
}

TEST(Load, AServerThatStallsIsSeenByEachThatWasDueMeanwhile) {
  constexpr auto kStall = 50ms;
  constexpr int kStarts = 50;  // one a millisecond
  const Server server([&](int number) {
    if (number == 0) ::poll(nullptr, 0, static_cast<int>(kStall.count()));  // what is tested
    return std::string(kGood);
  });
  Ran ran(server, 1'000, [&] { return std::make_unique<Asking>(kStarts); });
  EXPECT_EQ(ran.tally.done, static_cast<std::uint64_t>(kStarts));
  // The one that was due after n ms has waited for 50 - n ms at least.
  EXPECT_GE(ran.tally.latencies.percentile_ms(50), 24);
}

TEST(Load, TargetsAreUrls) {
  EXPECT_EQ(parse_target("http://localhost:80/")->address, "127.0.0.1");
  EXPECT_EQ(parse_target("http://127.0.0.2:7070")->port, 7070);
  for (const char* wrong : {"127.0.0.1:80", "http://127.0.0.1", "http://127.0.0.1:0",
                            "http://127.0.0.1:70000", "http://example.org:80"})
    EXPECT_FALSE(parse_target(wrong)) << wrong;
}

TEST(Latencies, PercentilesAreExact) {
  Latencies latencies;
  EXPECT_EQ(latencies.percentile_ms(50), 0);
  for (int i = 100; i > 0; --i) latencies.add(i * 1e-3);
  EXPECT_FLOAT_EQ(static_cast<float>(latencies.percentile_ms(0)), 1);
  EXPECT_FLOAT_EQ(static_cast<float>(latencies.percentile_ms(50)), 50);
  EXPECT_FLOAT_EQ(static_cast<float>(latencies.percentile_ms(99)), 99);
  EXPECT_FLOAT_EQ(static_cast<float>(latencies.percentile_ms(99.5)), 100);
  EXPECT_FLOAT_EQ(static_cast<float>(latencies.percentile_ms(100)), 100);
}

}  // namespace
}  // namespace nowthen::load
