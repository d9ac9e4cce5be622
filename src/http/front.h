#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "engine/loop.h"
#include "http/message.h"

namespace nowthen::http {

/// A wait looks so often whether its client is still there.
inline constexpr Duration kLookWhetherOpen = std::chrono::seconds(10);

/// One connection, as far as an answer needs it. On the thread of its loop only.
class Conversation {
 public:
  virtual ~Conversation() = default;
  /// Answers the request at hand and goes on to the next.
  virtual void respond(Response response) = 0;
  /// Begins an answer whose body comes in parts, until `end`.
  virtual void begin(Response head) = 0;
  virtual void write(std::string_view part) = 0;
  virtual void end() = 0;
  /// Of an answer in parts: bytes that the client has not taken yet.
  virtual std::size_t unsent() const = 0;
  /// False once the client sends no more: it may still read, but nothing waits for its sake.
  virtual bool open() const = 0;
  /// Lets an upload go on that said it was full.
  virtual void resume_upload() = 0;
};

/// How the answer to one request goes back. Move-only; used once, from any thread.
class Exchange {
 public:
  Exchange(std::shared_ptr<Conversation> conversation, engine::Loop& loop)
      : conversation_(std::move(conversation)), loop_(&loop) {}

  void respond(Response response) {
    on_loop([response = std::move(response)](Conversation& to) mutable {
      to.respond(std::move(response));
    });
  }
  /// Runs `job` with the connection, on its loop: now if this is its thread.
  template <class Job>
  void on_loop(Job job) {
    if (engine::Loop::here() == loop_) return job(*conversation_);
    loop_->post([to = conversation_, job = std::move(job)]() mutable { job(*to); });
  }
  engine::Loop& loop() const { return *loop_; }
  const std::shared_ptr<Conversation>& conversation() const { return conversation_; }

 private:
  std::shared_ptr<Conversation> conversation_;
  engine::Loop* loop_;
};

/// Takes the body of a request while it comes.
class Upload {
 public:
  virtual ~Upload() = default;
  /// False: no more before `Conversation::resume_upload`.
  virtual bool take(std::string_view part) = 0;
  virtual void end() = 0;
};

/// What stands behind the connections of all loops. Every call comes on the loop of the connection.
class Front {
 public:
  virtual ~Front() = default;

  /// To be collected, and served as a whole.
  struct Whole {
    std::size_t body_bytes_max;
    std::move_only_function<void(Request, Exchange)> serve;
  };
  /// To be taken in parts, by what this opens.
  struct Streamed {
    std::move_only_function<std::unique_ptr<Upload>(Request head, Exchange)> open;
  };
  /// What to do with `head` and the body that follows: refuse it before it is read, or one of
  /// these.
  using Plan = std::variant<Response, Whole, Streamed>;
  virtual Plan plan(const Request& head) = 0;
  /// An answer of that status is on its way. Any loop.
  virtual void answered(int status) = 0;
};

/// What one connection may take. Bytes and times; named in the problem that a limit causes.
struct ConnectionLimits {
  std::size_t header_bytes_max = 32u << 10;
  std::size_t target_bytes_max = 8u << 10;
  Duration handshake_within = std::chrono::seconds(10);  ///< of TLS, from the connection's start
  Duration header_within = std::chrono::seconds(10);     ///< from its first byte to its end
  Duration body_pause_max = std::chrono::seconds(30);    ///< between two parts of a body
  Duration idle_max = std::chrono::seconds(75);          ///< between two requests
  Duration write_pause_max = std::chrono::seconds(60);   ///< a client that does not read
  std::size_t unsent_bytes_max = 16u << 20;              ///< of an answer in parts
};

}  // namespace nowthen::http
