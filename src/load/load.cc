#include "load/load.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <deque>
#include <optional>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace nowthen::load {
namespace {

constexpr std::size_t kReceiveBytes = 256u << 10;
constexpr int kEventsMax = 512;

Error error_of(const std::string& what) {
  return {ErrorCode::unavailable, what + ": " + std::strerror(errno)};
}

/// A connected socket; it still blocks.
Result<int> connect_to(const Target& target) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(target.port);
  ::inet_pton(AF_INET, target.address.c_str(), &address.sin_addr);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return error_of("socket");
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    const Error error = error_of("connect to port " + std::to_string(target.port));
    ::close(fd);
    return error;
  }
  return fd;
}

timespec to_timespec(Clock::duration wait) {
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(wait).count();
  return ns <= 0 ? timespec{} : timespec{ns / 1'000'000'000, ns % 1'000'000'000};
}

}  // namespace

struct Load::Group {
  Crowd crowd;
  Tally tally;
  std::optional<Schedule> schedule;
  std::deque<Connection*> free;           ///< of a crowd with a rate: in turn, so that none idles
  std::deque<Clock::time_point> waiting;  ///< starts that were due when no connection was free
};

struct Load::Connection {
  Group* group = nullptr;
  std::unique_ptr<Script> script;
  int fd = -1;
  Clock::time_point start;
  std::string_view unsent;
  bool awaits = false;        ///< an answer
  bool writes_later = false;  ///< it waits until there is room
  std::string received;       ///< the beginning of an answer
};

Load::Load(Target target) : target_(std::move(target)), buffer_(kReceiveBytes) {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
}

Load::~Load() {
  for (const auto& connection : connections_) {
    if (connection->fd >= 0) ::close(connection->fd);
  }
  ::close(epoll_);
}

Result<Tally*> Load::add(Crowd crowd) {
  auto& group = groups_.emplace_back(std::make_unique<Group>());
  group->crowd = std::move(crowd);
  for (int i = 0; i < group->crowd.connections; ++i) {
    const auto fd = connect_to(target_);
    if (!fd) return fd.error();
    auto& connection = connections_.emplace_back(std::make_unique<Connection>());
    connection->group = group.get();
    connection->script = group->crowd.script();
    connection->fd = *fd;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = connection.get();
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, *fd, &event);
    if (!group->crowd.serves) ++open_;
  }
  return &group->tally;
}

void Load::run(double seconds) {
  const auto began = Clock::now();
  std::optional<Clock::time_point> until;
  if (seconds > 0) {
    until =
        began + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }
  for (const auto& group : groups_) {
    if (group->crowd.rate > 0) group->schedule.emplace(began, group->crowd.rate);
  }
  for (const auto& connection : connections_) {
    if (connection->group->schedule) {
      connection->group->free.push_back(connection.get());
    } else {
      begin(*connection, Clock::now());
    }
  }
  epoll_event events[kEventsMax];
  while (open_ > 0) {
    const auto now = Clock::now();
    if (until && now >= *until) return;
    start_what_is_due(now);
    std::optional<Clock::time_point> wake = until;
    for (const auto& group : groups_) {
      if (group->schedule && (!wake || group->schedule->next() < *wake))
        wake = group->schedule->next();
    }
    const timespec wait = to_timespec(wake ? *wake - Clock::now() : Clock::duration::zero());
    const int count = ::epoll_pwait2(epoll_, events, kEventsMax, wake ? &wait : nullptr, nullptr);
    for (int i = 0; i < count; ++i) {
      auto& connection = *static_cast<Connection*>(events[i].data.ptr);
      if ((events[i].events & EPOLLOUT) != 0 && connection.fd >= 0) send(connection);
      if ((events[i].events & ~EPOLLOUT) != 0 && connection.fd >= 0) receive(connection);
    }
  }
}

void Load::start_what_is_due(Clock::time_point now) {
  for (const auto& group : groups_) {
    if (!group->schedule) continue;
    for (; group->schedule->next() <= now; group->schedule->take())
      group->waiting.push_back(group->schedule->next());
    while (!group->waiting.empty() && !group->free.empty()) {
      Connection* connection = group->free.front();
      group->free.pop_front();
      const auto start = group->waiting.front();
      group->waiting.pop_front();
      begin(*connection, start);
    }
  }
}

void Load::begin(Connection& connection, Clock::time_point start) {
  connection.start = start;
  ask(connection);
}

void Load::ask(Connection& connection) {
  connection.unsent = connection.script->next(connection.start);
  if (connection.unsent.empty()) return end(connection);
  connection.awaits = true;
  send(connection);
}

void Load::send(Connection& connection) {
  while (!connection.unsent.empty()) {
    const auto sent = ::send(connection.fd, connection.unsent.data(), connection.unsent.size(),
                             MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN) return fail(connection, error_of("send").message);
    if (sent < 0) break;
    connection.unsent.remove_prefix(static_cast<std::size_t>(sent));
  }
  if (connection.writes_later == !connection.unsent.empty()) return;
  connection.writes_later = !connection.unsent.empty();
  epoll_event event{};
  event.events = EPOLLIN;
  if (connection.writes_later) event.events |= EPOLLOUT;
  event.data.ptr = &connection;
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event);
}

void Load::receive(Connection& connection) {
  const auto got = ::recv(connection.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got < 0) return fail(connection, error_of("receive").message);
  if (got == 0) return fail(connection, "the server has closed the connection");
  std::string_view bytes(buffer_.data(), static_cast<std::size_t>(got));
  std::string before;
  if (!connection.received.empty()) {
    before = std::move(connection.received);
    before += bytes;
    bytes = before;
  }
  bytes.remove_prefix(take_answers(connection, bytes));
  connection.received = bytes;
}

/// How many bytes it has taken.
std::size_t Load::take_answers(Connection& connection, std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && connection.fd >= 0) {
    HttpAnswer answer;
    std::size_t used = 0;
    const Cut cut = cut_answer(bytes.substr(taken), answer, used, chunks_);
    if (cut == Cut::more) break;
    if (cut == Cut::broken || !connection.awaits) {
      fail(connection, "no answer that is understood: " + std::string(bytes.substr(taken, 500)));
      break;
    }
    taken += used;
    connection.awaits = false;
    Tally& tally = connection.group->tally;
    ++tally.statuses[answer.status];
    const int ended = connection.script->take(answer);
    if (ended < 0 || answer.last) {
      fail(connection, std::string(answer.head) + "\r\n" + std::string(answer.body));
      break;
    }
    if (ended == 0) {
      ask(connection);
      continue;
    }
    const auto now = Clock::now();
    tally.done += static_cast<std::uint64_t>(ended);
    tally.latencies.add(std::chrono::duration<double>(now - connection.start).count());
    if (connection.group->schedule) {
      connection.group->free.push_back(&connection);
    } else {
      begin(connection, now);
    }
  }
  return taken;
}

void Load::end(Connection& connection) {
  ::close(connection.fd);
  connection.fd = -1;
  if (!connection.group->crowd.serves) --open_;
}

void Load::fail(Connection& connection, const std::string& why) {
  Tally& tally = connection.group->tally;
  if (tally.wrong++ == 0) tally.first_wrong = why;
  end(connection);
}

Result<Target> parse_target(std::string_view url) {
  const Error wrong{ErrorCode::invalid_argument,
                    "'" + std::string(url) + "' is not of the form http://127.0.0.1:7070"};
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return wrong;
  url.remove_prefix(kScheme.size());
  if (url.ends_with('/')) url.remove_suffix(1);
  const std::size_t colon = url.find(':');
  if (colon == url.npos) return wrong;
  Target target;
  target.address = url.substr(0, colon);
  if (target.address == "localhost") target.address = "127.0.0.1";
  in_addr address{};
  if (::inet_pton(AF_INET, target.address.c_str(), &address) != 1) return wrong;
  const std::string_view port = url.substr(colon + 1);
  const auto end = std::from_chars(port.data(), port.data() + port.size(), target.port);
  if (end.ec != std::errc() || end.ptr != port.data() + port.size() || target.port == 0)
    return wrong;
  return target;
}

Result<OneAnswer> ask_once(const Target& target, std::string_view request) {
  class Once final : public Script {
   public:
    Once(std::string_view request, OneAnswer& told) : request_(request), told_(told) {}
    std::string_view next(Clock::time_point) override { return std::exchange(request_, {}); }
    int take(const HttpAnswer& answer) override {
      told_ = {answer.status, std::string(answer.body)};
      return 1;
    }

   private:
    std::string_view request_;
    OneAnswer& told_;
  };
  OneAnswer told;
  Load load(target);
  const auto tally = load.add({1, 0, [&] { return std::make_unique<Once>(request, told); }});
  if (!tally) return tally.error();
  load.run(60);
  if (told.status == 0) return Error{ErrorCode::unavailable, (*tally)->first_wrong};
  return told;
}

std::string request(std::string_view method, std::string_view path, std::string_view body,
                    std::string_view fields) {
  std::string text(method);
  text += ' ';
  text += path;
  text += " HTTP/1.1\r\nHost: localhost\r\n";
  text += fields;
  text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  text += body;
  return text;
}

}  // namespace nowthen::load
