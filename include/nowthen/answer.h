#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <nowthen/bytes.h>
#include <nowthen/codec.h>
#include <nowthen/id.h>
#include <nowthen/policy.h>
#include <nowthen/result.h>

namespace nowthen {

namespace sdk {

class Host;

/// What came back of a call, before its bytes are turned into a value.
struct RawAnswer {
  enum class Kind : std::uint8_t { result, ticket, error };
  Kind kind = Kind::error;
  std::string data;      ///< of a result
  Error error;           ///< of an error
  InvocationId id;       ///< null: about nothing stored
  std::string state;     ///< "succeeded", "ready", ...
  std::string decision;  ///< see Answer::decision
};
using Answered = std::function<void(RawAnswer)>;

}  // namespace sdk

template <class R>
class Answer;

/// A claim on the result of a stored invocation. A plain value: copy it, store its id, come back
/// with it after a restart. Blocking is refused on a loop's thread.
template <class R>
class Ticket {
 public:
  Ticket() {}  // NOLINT(modernize-use-equals-default): never an aggregate
  Ticket(std::shared_ptr<sdk::Host> host, InvocationId id) : host_(std::move(host)), id_(id) {}

  InvocationId id() const { return id_; }
  /// Blocks until it has ended, or for `patience`: then the answer is a ticket again.
  Answer<R> wait(Duration patience) const;
  /// As `wait`, without blocking: `answered` is called once, on a loop's thread (or at once, when
  /// the engine has stopped), and must not block. What it throws goes to the log. Any thread.
  template <class F>
  void wait(Duration patience, F answered) const;
  /// What is known now, without waiting for more.
  Answer<R> poll() const { return wait(Duration::zero()); }

 private:
  std::shared_ptr<sdk::Host> host_;
  InvocationId id_;
};

/// What a caller gets: the result, a ticket, or an error. A plain value.
template <class R>
class [[nodiscard]] Answer {
 public:
  Answer(std::shared_ptr<sdk::Host> host, sdk::RawAnswer raw)
      : host_(std::move(host)), raw_(std::move(raw)) {
    if (raw_.kind != sdk::RawAnswer::Kind::result) return;
    if constexpr (!std::is_void_v<R>) {
      Result<R> decoded = Codec<R>::decode(raw_.data);
      if (decoded) {
        value_.emplace(std::move(*decoded));
      } else {
        raw_.kind = sdk::RawAnswer::Kind::error;
        raw_.error = decoded.error();
      }
    }
  }

  bool has_result() const { return raw_.kind == sdk::RawAnswer::Kind::result; }
  bool has_ticket() const { return raw_.kind == sdk::RawAnswer::Kind::ticket; }
  bool has_error() const { return raw_.kind == sdk::RawAnswer::Kind::error; }
  explicit operator bool() const { return has_result(); }

  /// Precondition: has_result(), and R is not void.
  const auto& result() const { return *value_; }
  /// Precondition: has_ticket().
  Ticket<R> ticket() const { return Ticket<R>(host_, raw_.id); }
  /// Precondition: has_error(). An error with a null `id()` is about nothing stored: the call was
  /// not accepted, or, for `store_failed`, nobody knows.
  const Error& error() const { return raw_.error; }

  /// The stored invocation that this is about; null if there is none.
  InvocationId id() const { return raw_.id; }
  const std::string& state() const { return raw_.state; }
  /// Why the answer looks as it does:
  /// `handed-over; after_ms=300; done=1; reason="charge running"`.
  const std::string& decision() const { return raw_.decision; }

 private:
  using Value = std::conditional_t<std::is_void_v<R>, std::monostate, R>;
  std::shared_ptr<sdk::Host> host_;
  sdk::RawAnswer raw_;
  std::optional<Value> value_;
};

namespace sdk {
RawAnswer await_result(const std::shared_ptr<Host>& host, InvocationId id, Duration patience);
void await_result(const std::shared_ptr<Host>& host, InvocationId id, Duration patience,
                  Answered answered);
}  // namespace sdk

template <class R>
Answer<R> Ticket<R>::wait(Duration patience) const {
  return Answer<R>(host_, sdk::await_result(host_, id_, patience));
}
template <class R>
template <class F>
void Ticket<R>::wait(Duration patience, F answered) const {
  sdk::await_result(host_, id_, patience,
                    [host = host_, answered = std::move(answered)](sdk::RawAnswer raw) mutable {
                      answered(Answer<R>(host, std::move(raw)));
                    });
}

}  // namespace nowthen
