#pragma once

// For tests: a listener on the loops of a real engine, in front of something that echoes; and a
// client with a blocking socket that speaks whatever bytes it is given, over TLS or not.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "engine/engine.h"
#include "http/certificate.h"
#include "http/listener.h"
#include "http/timer.h"
#include "store/memory_store.h"

namespace nowthen::http {

using namespace std::chrono_literals;

/// Answers with what came: `/echo` at once, `/parts` in parts, `/hold` when the test says so;
/// `/upload` is taken in parts and says after each of them that it is full; `/mirror` sends each
/// part back as it comes, and is full while the client reads too little.
class EchoFront final : public Front {
 public:
  Plan plan(const Request& head) override {
    if (head.target == "/upload") {
      return Streamed{[](Request, Exchange exchange) -> std::unique_ptr<Upload> {
        return std::make_unique<Slow>(std::move(exchange));
      }};
    }
    if (head.target == "/mirror") {
      return Streamed{[this](Request, Exchange exchange) -> std::unique_ptr<Upload> {
        return std::make_unique<Mirror>(*this, std::move(exchange));
      }};
    }
    return Whole{64u << 20, [this](Request request, Exchange exchange) {
                   serve(std::move(request), std::move(exchange));
                 }};
  }
  void serve(Request request, Exchange exchange) {
    {
      const std::scoped_lock lock(mutex_);
      ++served_;
      if (request.target == "/hold") {
        held_.emplace(std::move(request.body), std::move(exchange));
        return changed_.notify_all();
      }
    }
    if (request.target == "/parts") {
      Conversation& to = *exchange.conversation();
      to.begin({200, std::string(kBytes), {}, ""});
      for (std::size_t i = 0; i < request.body.size(); i += 1000)
        to.write(std::string_view(request.body).substr(i, 1000));
      return to.end();
    }
    exchange.respond({200, std::string(kBytes), {}, std::move(request.body)});
  }
  void answered(int) override {}

  void await_held() {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, 20s, [this] { return held_.has_value(); }));
  }
  void release() {
    const std::scoped_lock lock(mutex_);
    held_->second.respond({200, std::string(kBytes), {}, std::move(held_->first)});
    held_.reset();
  }
  int served() {
    const std::scoped_lock lock(mutex_);
    return served_;
  }
  void await_full() {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, 20s, [this] { return full_; }));
  }

 private:
  class Slow final : public Upload {
   public:
    explicit Slow(Exchange exchange) : exchange_(std::move(exchange)) {}
    bool take(std::string_view part) override {
      body_ += part;
      exchange_.loop().post([to = exchange_.conversation()] { to->resume_upload(); });
      return false;
    }
    void end() override { exchange_.respond({200, std::string(kBytes), {}, std::move(body_)}); }

   private:
    Exchange exchange_;
    std::string body_;
  };

  class Mirror final : public Upload {
   public:
    Mirror(EchoFront& front, Exchange exchange) : front_(front), exchange_(std::move(exchange)) {}
    bool take(std::string_view part) override {
      Conversation& to = *exchange_.conversation();
      if (!std::exchange(begun_, true)) to.begin({200, std::string(kBytes), {}, ""});
      to.write(part);
      if (has_room()) return true;
      front_.say_full();
      look_again();
      return false;
    }
    void end() override { exchange_.conversation()->end(); }

   private:
    bool has_room() const { return exchange_.conversation()->unsent() < (1u << 20); }
    void look_again() {
      timer_ = after(exchange_.loop().reactor(), 1ms, [this] {
        if (!has_room()) return look_again();
        exchange_.conversation()->resume_upload();
      });
    }

    EchoFront& front_;
    Exchange exchange_;
    bool begun_ = false;
    std::unique_ptr<Timer> timer_;
  };

  void say_full() {
    const std::scoped_lock lock(mutex_);
    full_ = true;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int served_ = 0;
  bool full_ = false;
  std::optional<std::pair<std::string, Exchange>> held_;
};

/// The client's end of a connection. Blocks, for 20 s at most.
class Caller {
 public:
  enum class Connecting : std::uint8_t { now, later };
  explicit Caller(const Address& address, Connecting when = Connecting::now)
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to a peer that has gone without MSG_NOSIGNAL
    const timeval patience{20, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (when == Connecting::now) connect(address);
  }
  void connect(const Address& address) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(address.port);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
  }
  ~Caller() { drop(); }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  /// Whether hands were shaken. `prepare` sets what it wants of this session.
  bool begin_tls(SSL_CTX* context, const std::function<void(SSL*)>& prepare = {}) {
    ssl_.reset(SSL_new(context));
    SSL_set_fd(ssl_.get(), socket_);
    if (prepare) prepare(ssl_.get());
    return SSL_connect(ssl_.get()) == 1;
  }
  SSL* ssl() const { return ssl_.get(); }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto size = static_cast<int>(std::min<std::size_t>(bytes.size(), 1u << 20));
      const auto sent = ssl_ ? SSL_write(ssl_.get(), bytes.data(), size)
                             : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  static std::string request(std::string_view target, std::string_view body,
                             std::string_view headers = {}) {
    return "POST " + std::string(target) +
           " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n" + std::string(headers) + "\r\n" + std::string(body);
  }
  /// The body of the next answer that says its length; "(none)" if it does not come whole.
  std::string answer() {
    for (;;) {
      const std::size_t end = buffer_.find("\r\n\r\n");
      if (end != buffer_.npos) {
        const std::size_t at = buffer_.find("Content-Length: ");
        const std::size_t size =
            at < end ? static_cast<std::size_t>(std::atoll(buffer_.c_str() + at + 16)) : 0;
        if (buffer_.size() >= end + 4 + size) {
          std::string body = buffer_.substr(end + 4, size);
          buffer_.erase(0, end + 4 + size);
          return body;
        }
      }
      if (!receive()) return "(none)";
    }
  }
  std::string ask(std::string_view target, std::string_view body, std::string_view headers = {}) {
    return send(request(target, body, headers)) ? answer() : "(not sent)";
  }
  /// All that comes until the server ends it. `orderly`: it has said so.
  std::string rest(bool* orderly = nullptr) {
    while (receive()) {
    }
    if (orderly != nullptr)
      *orderly = ssl_ ? (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0 : ended_;
    return std::exchange(buffer_, {});
  }
  /// Ends both ways, whoever is sending. What comes from the other side is not welcome any more.
  void break_off() { ::shutdown(socket_, SHUT_RDWR); }
  /// Ends it as a process that dies does.
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    drop();
  }
  /// Closes without a word.
  void drop() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }

 private:
  bool receive() {
    char bytes[65536];
    const auto got = ssl_ ? SSL_read(ssl_.get(), bytes, sizeof(bytes))
                          : ::recv(socket_, bytes, sizeof(bytes), 0);
    ended_ = got == 0;
    if (got <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  int socket_;
  bool ended_ = false;
  std::unique_ptr<SSL, FreeTls> ssl_;
  std::string buffer_;
};

class ListenerFixture : public testing::Test {
 protected:
  class NoExecutor final : public engine::Executor {
   public:
    void begin(const core::Invocation&) override {}
    void run_step(core::Lease, std::string_view, std::uint32_t) override {}
    void end_try(core::Lease, std::string_view, std::uint32_t) override {}
    void deliver(core::Lease, const core::Entry&) override {}
    void deliver_cancel(core::Lease) override {}
    void drop(core::Lease) override {}
    void evict_idle(WallTime) override {}
  };
  class RealClock final : public Clock {
   public:
    WallTime now() const override {
      return std::chrono::floor<Duration>(std::chrono::system_clock::now());
    }
  };

  void listen(ListenerOptions options = {}) {
    engine::EngineSetup setup;
    setup.store = std::make_unique<store::MemoryStore>();
    setup.clock = std::make_unique<RealClock>();
    setup.make_reactor = make_reactor;
    setup.make_executor = [](engine::LoopPort&, engine::Reactor&) {
      return std::make_unique<NoExecutor>();
    };
    setup.partitions = 2;
    setup.loops = 2;
    engine = std::make_unique<engine::Engine>(std::move(setup));
    ASSERT_TRUE(engine->start(engine::Engine::Driving::threads));
    options.address = {"127.0.0.1", 0};
    auto opened = Listener::open(std::move(options));
    ASSERT_TRUE(opened) << opened.error().message;
    listener = std::move(*opened);
    listener->start(*engine, front);
  }
  void TearDown() override {
    if (listener) listener->stop();
    if (engine) engine->stop(Duration::zero());
  }
  /// Connections go on the loops' own time: waits until so many are open.
  void await_connections(std::size_t count) {
    const auto give_up = std::chrono::steady_clock::now() + 20s;
    while (listener->connections() != count) {
      ASSERT_LT(std::chrono::steady_clock::now(), give_up) << listener->connections();
      std::this_thread::yield();
    }
  }

  EchoFront front;
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<Listener> listener;
};

}  // namespace nowthen::http
