// Any bytes on a connection, in any pieces: all that comes back are well-formed answers, at most
// one to each request; pieces change nothing; and the next connection is served as if nothing had
// been.

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nowthen/json.h>

#include "base/assert.h"
#include "base/prng.h"
#include "http/front_by_hand.h"

namespace {

using namespace nowthen;
using namespace nowthen::http;

/// The client's end of a connection, never waiting.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    NT_ASSERT(::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0);
    const int at_once = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once));
    const linger reset{1, 0};  // no port waits for a last packet
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// How much of `bytes` went.
  std::size_t send(std::string_view bytes) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent > 0 ? static_cast<std::size_t>(sent) : 0;
  }
  void end() { ::shutdown(socket_, SHUT_WR); }
  void receive() {
    char bytes[65536];
    for (;;) {
      const auto got = ::recv(socket_, bytes, sizeof(bytes), MSG_DONTWAIT);
      if (got <= 0) {
        closed_ = closed_ || got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
        return;
      }
      came_.append(bytes, static_cast<std::size_t>(got));
    }
  }
  bool closed() const { return closed_; }
  const std::string& came() const { return came_; }

 private:
  int socket_;
  bool closed_ = false;
  std::string came_;
};

/// Reads answers strictly, where `AnswerParser` is lenient.
class Answers {
 public:
  /// `heads`: some of the requests may have been for a head alone.
  Answers(std::string_view bytes, bool heads) : rest_(bytes), heads_(heads) {
    while (!rest_.empty() && take()) {
    }
  }
  const std::vector<int>& statuses() const { return statuses_; }
  /// The last one said that nothing follows.
  bool last() const { return last_; }
  /// The end of the last one has not come.
  bool cut() const { return cut_; }
  /// That one comes in parts: events, or the lines of an upload that goes on.
  bool cut_in_parts() const { return cut_in_parts_; }

 private:
  bool take() {
    NT_ASSERT(!last_);
    const std::size_t end = rest_.find("\r\n\r\n");
    NT_ASSERT(end != rest_.npos);
    const std::string_view head = rest_.substr(0, end + 2);
    rest_.remove_prefix(end + 4);
    NT_ASSERT(head.size() > 15 && head.starts_with("HTTP/1.1 ") && head[12] == ' ');
    const int status = std::stoi(std::string(head.substr(9, 3)));
    NT_ASSERT(status >= 100 && status < 600 && status != 500);
    if (status == 100) return true;
    statuses_.push_back(status);
    std::string_view length;
    std::string_view type;
    bool chunked = false;
    for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
      const std::size_t stop = head.find("\r\n", at);
      const std::string_view line = head.substr(at, stop - at);
      for (const char c : line) NT_ASSERT(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
      const std::size_t colon = line.find(": ");
      NT_ASSERT(colon != line.npos && colon > 0);
      const std::string_view name = line.substr(0, colon);
      const std::string_view value = line.substr(colon + 2);
      if (name == "Content-Length") length = value;
      if (name == "Content-Type") type = value;
      if (name == "Transfer-Encoding") chunked = true;
      if (name == "Connection") last_ = value == "close";
      at = stop + 2;
    }
    if (heads_ && (rest_.empty() || rest_.starts_with("HTTP/1.1 "))) {
      cut_in_parts_ = chunked && rest_.empty();  // as far as can be told
      return true;
    }
    if (chunked) {
      cut_in_parts_ = !take_chunks();
      return !cut_in_parts_;
    }
    if (length.empty()) {
      NT_ASSERT(status == 204 || last_);  // else it ends with the connection
      if (status != 204) rest_ = {};
      return true;
    }
    const std::size_t size = std::stoul(std::string(length));
    cut_ = size > rest_.size();
    if (cut_) return false;
    if (type.starts_with(kJson) || type.starts_with(kProblem))
      NT_ASSERT(validate_json(rest_.substr(0, size)));
    rest_.remove_prefix(size);
    return true;
  }
  bool take_chunks() {
    for (;;) {
      const std::size_t line = rest_.find("\r\n");
      cut_ = line == rest_.npos;
      if (cut_) return false;
      const std::size_t size = std::stoul(std::string(rest_.substr(0, line)), nullptr, 16);
      cut_ = rest_.size() < line + size + 4;
      if (cut_) return false;
      NT_ASSERT(rest_.substr(line + 2 + size, 2) == "\r\n");
      rest_.remove_prefix(line + size + 4);
      if (size == 0) return true;
    }
  }

  std::string_view rest_;
  const bool heads_;
  std::vector<int> statuses_;
  bool last_ = false;
  bool cut_ = false;
  bool cut_in_parts_ = false;
};

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += what.size()) ++found;
  return found;
}

/// How a connection is used.
struct Manner {
  std::uint64_t pieces = 0;  ///< seed of their lengths; 0: all at once
  bool ends = false;         ///< the client's side, after the last byte
  bool keys = false;         ///< API keys are needed
};

/// One connection from its begin to its end, then a request on another.
class Visitor {
 public:
  Visitor(std::string_view bytes, Manner manner)
      : bytes_(bytes), manner_(manner), random_(manner.pieces), front_(options(manner)) {}

  std::vector<int> visit() {
    front_.run([this] { return go_on(); });
    first_.reset();
    second_.reset();
    return statuses_;
  }

 private:
  static AppOptions options(const Manner& manner) {
    AppOptions options;
    options.keys_needed = manner.keys;
    return options;
  }
  /// The next thing to happen, once all before has had its effect.
  bool go_on() {
    constexpr int kPasses = 8;  // waits for a result, and leases, come to their end
    if (!first_) {
      first_.emplace(front_.port());
    } else if (!second_ && !send_more() && passes_++ >= kPasses) {
      judge();
      second_.emplace(front_.port());
      second_->send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    } else if (second_) {
      second_->receive();
      NT_ASSERT(Answers(second_->came(), false).statuses() == std::vector{200});
      NT_ASSERT(!second_->closed());
      return false;
    }
    return true;
  }
  bool send_more() {
    first_->receive();
    if (passes_ > 0) front_.pass(std::chrono::seconds(5 << passes_));
    if (first_->closed() || bytes_.empty()) return false;
    const std::size_t most = manner_.pieces == 0 ? bytes_.size() : bytes_.size() / 8 + 16;
    const std::size_t piece = manner_.pieces == 0 ? most : 1 + random_.below(most);
    const std::size_t sent = first_->send(bytes_.substr(0, piece));
    bytes_.remove_prefix(sent);
    if (bytes_.empty() && manner_.ends) first_->end();
    return sent > 0;
  }
  void judge() {
    const Answers answers(first_->came(), heads_);
    if (first_->closed() && !answers.cut_in_parts()) {
      NT_ASSERT(!answers.cut());
      NT_ASSERT(answers.last() || manner_.ends);
    }
    NT_ASSERT(answers.statuses().size() <= ends_ + 1);
    statuses_ = answers.statuses();
    // A head that cannot become right is refused at sight, or once it is whole, or too slow.
    if (answers.last() && statuses_.back() >= 400) statuses_.pop_back();
  }

  std::string_view bytes_;
  const bool heads_ = bytes_.find("HEAD ") != bytes_.npos;
  const std::size_t ends_ = count(bytes_, "\r\n\r\n");
  const Manner manner_;
  Prng random_;
  FrontByHand front_;
  std::optional<Client> first_;
  std::optional<Client> second_;
  int passes_ = 0;
  std::vector<int> statuses_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  // The last two bytes tell the manner, so that the rest is what is on the wire.
  const std::string bytes(reinterpret_cast<const char*>(data), size - 2);
  Manner manner;
  manner.ends = (data[size - 1] & 1) != 0;
  manner.keys = (data[size - 1] & 2) != 0;
  const std::vector<int> whole = Visitor(bytes, manner).visit();
  manner.pieces = data[size - 2];
  if (manner.pieces == 0) return 0;
  const std::vector<int> in_pieces = Visitor(bytes, manner).visit();
  // The answer that is under way when a client ends its side is the last one: which one that is
  // depends on when its end is seen.
  if (!manner.ends) NT_ASSERT(in_pieces == whole);
  return 0;
}
