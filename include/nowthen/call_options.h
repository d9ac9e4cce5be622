#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <nowthen/policy.h>

namespace nowthen {

/// How an operation is called or sent: `CallOptions().order_key("order-17").delay(5min)`.
/// A plain value.
class CallOptions {
 public:
  CallOptions() {}  // NOLINT(modernize-use-equals-default): never an aggregate
  /// Invocations with the same order key run one at a time, in order of acceptance.
  CallOptions& order_key(std::string value) { return order_key_ = std::move(value), *this; }
  /// The same key and input within retention is the same invocation.
  CallOptions& idempotency_key(std::string value) {
    return idempotency_key_ = std::move(value), *this;
  }
  /// Not before that much later; the call is deferred.
  CallOptions& delay(Duration value) { return delay_ = value, *this; }
  CallOptions& priority(std::uint8_t value) { return priority_ = value, *this; }  ///< 0..9, 9 first
  CallOptions& version(std::uint32_t value) { return version_ = value, *this; }  ///< 0: the highest
  /// The caller's patience (RFC 7240 wait): replaces `answer_within`, up to the policy's
  /// `wait_max`; a `now` operation's can only become shorter. Of no meaning within a handler.
  CallOptions& wait(Duration value) { return wait_ = value, *this; }
  /// A ticket is enough (RFC 7240 respond-async): later, unless the operation's mode is `now`.
  CallOptions& respond_async() { return respond_async_ = true, *this; }

  const std::string& order_key() const { return order_key_; }
  const std::string& idempotency_key() const { return idempotency_key_; }
  Duration delay() const { return delay_; }
  std::uint8_t priority() const { return priority_; }
  std::uint32_t version() const { return version_; }
  std::optional<Duration> wait() const { return wait_; }
  bool responds_async() const { return respond_async_; }

 private:
  std::string order_key_;
  std::string idempotency_key_;
  std::optional<Duration> wait_;
  Duration delay_{};
  std::uint32_t version_ = 0;
  std::uint8_t priority_ = 4;
  bool respond_async_ = false;
};

}  // namespace nowthen
