#pragma once

// For tests: a server on 127.0.0.1 whose connections run a script each, on a thread each, with
// blocking sockets. It speaks what the script says, right or wrong.

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

namespace nowthen::http {

/// The server's end of one connection.
class Peer {
 public:
  Peer(int socket, SSL_CTX* tls) : socket_(socket) {
    if (tls == nullptr) return;
    ssl_.reset(SSL_new(tls));
    SSL_set_fd(ssl_.get(), socket);
    failed_ = SSL_accept(ssl_.get()) != 1;
  }

  /// The next request with its body, or none: the client has closed.
  std::optional<std::string> request() {
    for (;;) {
      if (const std::size_t end = buffer_.find("\r\n\r\n"); end != std::string::npos) {
        const std::size_t at = buffer_.find("Content-Length: ");
        const std::size_t body =
            at < end ? static_cast<std::size_t>(std::atoll(buffer_.c_str() + at + 16)) : 0;
        if (buffer_.size() >= end + 4 + body) {
          std::string taken = buffer_.substr(0, end + 4 + body);
          buffer_.erase(0, end + 4 + body);
          return taken;
        }
      }
      if (!receive()) return std::nullopt;
    }
  }
  bool send(std::string_view bytes) {
    while (!bytes.empty() && !failed_) {
      const auto size = static_cast<int>(std::min<std::size_t>(bytes.size(), 1u << 20));
      const auto sent = ssl_ ? SSL_write(ssl_.get(), bytes.data(), size)
                             : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return !failed_;
  }
  void answer(std::string_view body, std::string_view headers = {}) {
    send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(headers) + "\r\n" + std::string(body));
  }
  /// Until the client closes.
  void await_end() {
    while (receive()) {
    }
  }
  /// Closes with a reset instead of an orderly end.
  void reset() {
    const linger now{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  }

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  bool receive() {
    char bytes[65536];
    if (failed_) return false;
    const auto got = ssl_ ? SSL_read(ssl_.get(), bytes, sizeof(bytes))
                          : ::recv(socket_, bytes, sizeof(bytes), 0);
    if (got <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  int socket_;
  std::unique_ptr<SSL, Free> ssl_;
  bool failed_ = false;
  std::string buffer_;
};

class LoopbackServer {
 public:
  /// `script` is called for each connection, with its number from 0 on; it is closed afterwards.
  explicit LoopbackServer(std::function<void(Peer&, int)> script, SSL_CTX* tls = nullptr)
      : script_(std::move(script)), tls_(tls), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to a peer that has gone without MSG_NOSIGNAL
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_, generic, sizeof(address)), 0);
    EXPECT_EQ(::listen(listener_, 1024), 0);
    socklen_t size = sizeof(address);
    ::getsockname(listener_, generic, &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept(); });
  }
  ~LoopbackServer() {
    ::shutdown(listener_, SHUT_RDWR);  // ends accept
    acceptor_.join();
    ::close(listener_);
    {
      const std::scoped_lock lock(mutex_);
      for (const int socket : open_) ::shutdown(socket, SHUT_RDWR);
    }
    for (std::thread& each : threads_) each.join();
  }

  std::uint16_t port() const { return port_; }
  std::string url(std::string_view path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
  }
  int connections() const { return connections_; }

 private:
  void accept() {
    for (;;) {
      const int socket = ::accept(listener_, nullptr, nullptr);
      if (socket < 0) return;
      const int number = connections_++;
      const std::scoped_lock lock(mutex_);
      open_.push_back(socket);
      threads_.emplace_back([this, socket, number] {
        {
          Peer peer(socket, tls_);
          script_(peer, number);
        }
        const std::scoped_lock own(mutex_);
        open_.remove(socket);
        ::close(socket);
      });
    }
  }

  std::function<void(Peer&, int)> script_;
  SSL_CTX* tls_;
  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;  // guards `open_`
  std::list<int> open_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace nowthen::http
