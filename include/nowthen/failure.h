#pragma once

#include <exception>
#include <string>

#include <nowthen/result.h>

namespace nowthen {

/// Thrown by a step function: the step failed and must not be tried again.
/// Thrown by a handler: the invocation ends `failed` with this message, without another attempt.
class Permanent : public std::exception {
 public:
  explicit Permanent(std::string message);
  Permanent(ErrorCode code, std::string message);
  ~Permanent() override;

  const char* what() const noexcept override;
  ErrorCode code() const { return error_.code; }
  const Error& error() const { return error_; }

 private:
  Error error_;
};

/// A value could not be turned into bytes, or bytes from outside (a signal, the result of a called
/// operation) are not what the type expects. `code()` is codec_failed; the message names the field.
class CodecFailed final : public Permanent {
 public:
  explicit CodecFailed(std::string message);
  ~CodecFailed() override;
};

/// Thrown at the `co_await` of a step that failed for good: its tries are used up, or it threw
/// `Permanent`; and of a called operation that ended badly. The failure is recorded: a replay
/// throws the same again. Leaving the handler, it ends the invocation `failed`.
class StepFailed final : public std::exception {
 public:
  StepFailed(std::string step, ErrorCode code, std::string message);
  ~StepFailed() override;

  /// "step 'charge' failed: card declined"
  const char* what() const noexcept override;
  /// The path of the step in the journal: "charge", "charge#2", "1.0/charge", "call:mail".
  const std::string& step() const { return step_; }
  /// `failed`, or what else became of it: `timed_out`, `cancelled`, `expired`, `too_large`, ...
  ErrorCode code() const { return code_; }
  /// What the function threw, or the called operation answered.
  const std::string& message() const { return message_; }

 private:
  std::string step_;
  ErrorCode code_;
  std::string message_;
  std::string what_;
};

/// Thrown at a `co_await` once the invocation is cancelled: from waits at once, from a running step
/// after it has ended, from every new request but `Context::cleanup`. Catch it to undo, then let it
/// go on: a handler that it leaves ends `cancelled`. Not a std::exception, so that handlers of
/// those do not swallow it; `catch (...)` must rethrow it.
class Cancelled final {
 public:
  Cancelled() noexcept {}
};

}  // namespace nowthen
