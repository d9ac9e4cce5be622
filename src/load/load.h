#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nowthen/result.h>

#include "load/http_answer.h"
#include "load/latencies.h"

namespace nowthen::load {

using Clock = std::chrono::steady_clock;

/// What one connection says. An operation is one request or several; its time is taken from its
/// start to the last answer.
class Script {
 public:
  virtual ~Script() = default;
  /// The next request, whole, kept until its answer has come. `start`: of the operation, which may
  /// be before now where starts have a rate. Empty: there is nothing more to ask.
  virtual std::string_view next(Clock::time_point start) = 0;
  /// Looks at the answer. How many operations have ended with it (0: there is more to say), or
  /// `kWrong`, which ends the connection.
  virtual int take(const HttpAnswer& answer) = 0;
  static constexpr int kWrong = -1;
};

/// What came of the operations of a crowd.
struct Tally {
  std::uint64_t done = 0;
  std::uint64_t wrong = 0;  ///< answers, and connections that broke
  Latencies latencies;
  std::map<int, std::uint64_t> statuses;
  std::string first_wrong;  ///< in words
};

/// Connections that do the same.
struct Crowd {
  int connections = 1;
  /// 0: each connection begins anew when it is done. Else starts per second of them all, due at
  /// even times whether or not a connection is free; times are taken from when they were due.
  double rate = 0;
  std::function<std::unique_ptr<Script>()> script;
  /// It is there for the others: `run` does not wait for its end.
  bool serves = false;
};

/// When the starts of a crowd with a rate are due.
class Schedule {
 public:
  Schedule(Clock::time_point begin, double rate) : begin_(begin), rate_(rate) {}
  Clock::time_point next() const {
    const std::chrono::duration<double> after(static_cast<double>(taken_) / rate_);
    return begin_ + std::chrono::duration_cast<Clock::duration>(after);
  }
  void take() { ++taken_; }

 private:
  Clock::time_point begin_;
  double rate_;
  std::uint64_t taken_ = 0;
};

struct Target {
  std::string address = "127.0.0.1";  ///< IPv4
  std::uint16_t port = 0;
};
/// "http://127.0.0.1:7070".
Result<Target> parse_target(std::string_view url);

/// Crowds that ask one server, on the calling thread.
class Load {
 public:
  explicit Load(Target target);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  /// Connects; before `run`. The tally lives as long as this.
  Result<Tally*> add(Crowd crowd);
  /// Until no script has anything more to ask, or, above 0, `seconds` have passed: what is under
  /// way then is dropped, and counts neither as done nor as wrong.
  void run(double seconds);

 private:
  struct Connection;
  struct Group;

  void begin(Connection& connection, Clock::time_point start);
  void ask(Connection& connection);
  void send(Connection& connection);
  void receive(Connection& connection);
  std::size_t take_answers(Connection& connection, std::string_view bytes);
  void start_what_is_due(Clock::time_point now);
  void end(Connection& connection);
  void fail(Connection& connection, const std::string& why);

  const Target target_;
  int epoll_ = -1;
  std::vector<std::unique_ptr<Group>> groups_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t open_ = 0;
  std::vector<char> buffer_;
  std::string chunks_;
};

/// One request and its answer on a connection of its own; blocks.
struct OneAnswer {
  int status = 0;
  std::string body;
};
Result<OneAnswer> ask_once(const Target& target, std::string_view request);

/// The bytes of a request. `fields`: "Name: value\r\n" each.
std::string request(std::string_view method, std::string_view path, std::string_view body = "",
                    std::string_view fields = "");

}  // namespace nowthen::load
