// A service that answers each request with 1 at once, for operations that are served over HTTP.
// One thread; prints where it listens.

#include <cstdio>
#include <string>
#include <string_view>
#include <unordered_map>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr std::string_view kAnswer =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n1";

/// How long the first request in `bytes` is; 0: it is not whole.
std::size_t whole_request(std::string_view bytes) {
  const std::size_t blank = bytes.find("\r\n\r\n");
  if (blank == bytes.npos) return 0;
  constexpr std::string_view kLength = "content-length:";
  std::size_t body = 0;
  for (std::size_t at = bytes.find("\r\n"); at < blank; at = bytes.find("\r\n", at + 2)) {
    const std::string_view line = bytes.substr(at + 2, blank - at);
    if (line.size() > kLength.size() &&
        ::strncasecmp(line.data(), kLength.data(), kLength.size()) == 0)
      body = std::strtoul(line.data() + kLength.size(), nullptr, 10);
  }
  const std::size_t whole = blank + 4 + body;
  return bytes.size() < whole ? 0 : whole;
}

int listen_anywhere() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  if (::bind(fd, any, size) != 0 || ::listen(fd, 1024) != 0) return -1;
  ::getsockname(fd, any, &size);
  std::printf("listening on http://127.0.0.1:%d\n", static_cast<int>(ntohs(address.sin_port)));
  std::fflush(stdout);
  return fd;
}

}  // namespace

int main() {
  const int listener = listen_anywhere();
  if (listener < 0) return 1;
  const int epoll = ::epoll_create1(0);
  const auto watch = [epoll](int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  };
  watch(listener);
  std::unordered_map<int, std::string> received;
  epoll_event events[256];
  for (;;) {
    const int count = ::epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (fd == listener) {
        const int peer = ::accept(listener, nullptr, nullptr);
        const int on = 1;
        ::setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        watch(peer);
        continue;
      }
      char buffer[16'384];
      const auto got = ::read(fd, buffer, sizeof(buffer));
      if (got <= 0) {
        received.erase(fd);
        ::close(fd);
        continue;
      }
      std::string& bytes = received[fd];
      bytes.append(buffer, static_cast<std::size_t>(got));
      for (std::size_t size = 0; (size = whole_request(bytes)) > 0;) {
        bytes.erase(0, size);
        if (::send(fd, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL) < 0) break;
      }
    }
  }
}
