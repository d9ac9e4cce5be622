#pragma once

// Lines of text over a local socket: how the three programs of the demo talk. No part of Nowthen.

#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace demo {

/// Owns a socket. Broken or never open: `!is_open()`.
class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }

 private:
  int fd_;
};

inline sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) throw std::runtime_error(path + " is too long");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

inline Socket listen_at(const std::string& path) {
  const sockaddr_un address = address_of(path);
  Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ::unlink(path.c_str());  // left behind by a killed process
  if (::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(socket.fd(), 1024) != 0) {
    throw std::runtime_error("cannot listen at " + path + ": " + std::strerror(errno));
  }
  return socket;
}

/// Not open when nobody listens there.
inline Socket connect_to(const std::string& path) {
  const sockaddr_un address = address_of(path);
  Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Socket();
  }
  return socket;
}

/// False: the other end is gone and has got nothing of it. Never blocks: a line is far smaller than
/// the buffer of a socket, and each side waits for an answer before it sends the next one.
inline bool send_line(const Socket& socket, std::string line) {
  line += '\n';
  return ::send(socket.fd(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
         static_cast<ssize_t>(line.size());
}

/// Cuts what arrives into lines.
class LineReader {
 public:
  /// Takes what is there, waits if there is nothing. False: the other end is gone.
  bool receive(const Socket& socket) {
    char bytes[4096];
    const ssize_t count = ::recv(socket.fd(), bytes, sizeof bytes, 0);
    if (count <= 0 || buffer_.size() > kLineMax) return false;
    buffer_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }
  std::optional<std::string> cut() {
    const std::size_t end = buffer_.find('\n');
    if (end == std::string::npos) return std::nullopt;
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    return line;
  }

 private:
  static constexpr std::size_t kLineMax = 64 * 1024;
  std::string buffer_;
};

/// Waits for one line. None: the other end is gone.
inline std::optional<std::string> receive_line(const Socket& socket) {
  LineReader reader;
  for (;;) {
    if (!reader.receive(socket)) return std::nullopt;
    if (auto line = reader.cut()) return line;
  }
}

}  // namespace demo
