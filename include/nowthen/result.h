#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace nowthen {

/// Why something was refused or failed. Closed list; each has a page in docs/errors/.
enum class ErrorCode : std::uint8_t {
  none = 0,           ///< no error; never carried by an Error
  invalid_argument,   ///< the request itself is wrong; sending it again cannot help
  not_found,          ///< no such operation or invocation
  gone,               ///< it existed; retention removed it
  already_exists,     ///< the name is taken
  conflict,           ///< same idempotency key, another body; or a stale policy change
  invalid_state,      ///< the invocation is in a state in which this cannot be done
  lease_lost,         ///< the attempt is no longer the current one; nothing was changed
  deadline_exceeded,  ///< not answered within `answer_within`
  cancelled,          ///< cancelled before it succeeded
  expired,            ///< not started within `start_within`
  failed,             ///< the operation failed for good; the message is the operation's
  deadlock,           ///< would wait for an order key that its own caller holds
  too_large,          ///< a limit is exceeded; the message names it
  overloaded,         ///< a queue or line is full; try again later
  unavailable,        ///< stopping, or the operation has no executor here; try again later
  journal_mismatch,   ///< the code replays differently from its journal
  timed_out,          ///< a step or attempt exceeded its timeout; retried by policy
  codec_failed,       ///< bytes are not what the type expects; the message names the field
  locked,             ///< another process owns the data folder
  newer_version,      ///< the data folder was written by a newer version
  corruption,         ///< stored bytes fail their checks; nothing was repaired
  store_failed,       ///< a write or fsync failed; the engine has stopped
  rejected,           ///< the operation itself answered with a client error, which is passed on
};

/// The stable word for a code, as in problem types and logs: "lease_lost".
std::string_view to_string(ErrorCode code);
/// Whether trying the same request again, unchanged, may succeed.
bool may_retry(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::none;
  std::string message;

  Error() = default;
  Error(ErrorCode c, std::string m) : code(c), message(std::move(m)) {}
  friend bool operator==(const Error&, const Error&) = default;
};

/// A value or an Error; the names follow std::expected. Not thread-safe, like any value.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  /// Precondition for value access: has_value(). Otherwise std::bad_variant_access is thrown.
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit

  bool has_value() const { return error_.code == ErrorCode::none; }
  explicit operator bool() const { return has_value(); }
  const Error& error() const { return error_; }

 private:
  Error error_;
};

}  // namespace nowthen
