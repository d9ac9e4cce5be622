#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include "http/asio_parser.h"
#include "http/asio_wire.h"
#include "http/front.h"
#include "http/problem.h"

namespace nowthen::http {

using SteadyTime = std::chrono::steady_clock::time_point;

class AsioConnection;

/// Of one loop: what its connections share.
struct ConnectionPlace {
  ConnectionPlace(engine::Loop& l, Front& f, const ConnectionLimits& most,
                  std::atomic<std::size_t>& all)
      : loop(l), front(f), limits(most), open(all) {}

  engine::Loop& loop;
  Front& front;
  const ConnectionLimits limits;
  std::atomic<std::size_t>& open;         ///< connections of all loops
  std::array<char, 64u << 10> scratch{};  ///< what was read last, until it is parsed
  std::string date;                       ///< the value of the Date header, of this second
  SteadyTime now{};                       ///< of this second
  std::unordered_set<AsioConnection*> connections;
};

/// One connection: Beast parses what came, `Front` answers; requests of a pipeline one by one.
/// Lives as long as something of it is under way. Loop thread only.
class AsioConnection final : public Conversation,
                             public std::enable_shared_from_this<AsioConnection> {
 public:
  AsioConnection(Wire wire, std::shared_ptr<ConnectionPlace> place);
  ~AsioConnection() override;

  void start();
  /// Closes if the time for what it waits for is over. Called about every second.
  void look();
  void close();
  /// Takes no further request; closes now if none is under way.
  void close_when_answered();
  /// Nobody turns the loop any more: lets go of the upload, which holds this.
  void abandon() { upload_.reset(); }

  void respond(Response response) override;
  void begin(Response head) override;
  void write(std::string_view part) override;
  void end() override;
  std::size_t unsent() const override { return out_.size() - out_sent_; }
  bool open() const override { return !gone_ && !ended_; }
  void resume_upload() override;

 private:
  /// `leaving`: the last answer is on its way, what still comes is thrown away.
  enum class Phase : std::uint8_t { handshake, head, body, serving, leaving };
  using Code = boost::system::error_code;

  void await_data();
  void on_readable();
  void shake_hands();
  void take(std::string_view bytes);
  std::size_t parse(std::string_view bytes);
  std::size_t parse_head(std::string_view bytes);
  std::size_t parse_body(std::string_view bytes);
  std::optional<Problem> check_head(std::string_view raw);
  std::optional<Problem> check_framing();
  void plan_body();
  bool take_body(std::string_view part);
  void request_complete();
  void refuse(const Problem& problem);
  void refuse_broken(const Code& error, std::string_view bytes);
  void next_request();
  void go_on();
  void append_head(const Response& response, std::optional<std::size_t> length);
  void flush();
  void on_flushed();
  void patience(Duration wait) { deadline_ = place_->now + wait; }

  Wire wire_;
  std::shared_ptr<ConnectionPlace> place_;
  std::string peer_;
  std::string in_;  ///< came and is not parsed yet
  Request request_;
  std::optional<RequestParser> parser_;
  std::move_only_function<void(Request, Exchange)> serve_;  ///< the request, once it is whole
  std::unique_ptr<Upload> upload_;
  std::size_t body_bytes_max_ = 0;
  Phase phase_ = Phase::head;
  bool keep_alive_ = true;
  bool http11_ = true;      ///< else HTTP/1.0
  bool head_only_ = false;  ///< the answer has no body: HEAD
  bool in_parts_ = false;   ///< the answer, and it has begun
  bool chunked_ = false;    ///< the answer in parts is
  bool waiting_ = false;    ///< for data
  bool writing_ = false;
  bool parsing_ = false;
  bool upload_full_ = false;
  bool ended_ = false;  ///< the client sends no more
  bool gone_ = false;   ///< closed
  std::string out_;
  std::size_t out_sent_ = 0;
  SteadyTime deadline_ = SteadyTime::max();        ///< for what is to come
  SteadyTime write_deadline_ = SteadyTime::max();  ///< for the client to read
};

}  // namespace nowthen::http
