#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <openssl/types.h>

#include <nowthen/result.h>

namespace nowthen::http {

/// Where a listener's certificate is. Both are PEM; the first may be followed by those that
/// vouch for it.
struct TlsFiles {
  std::string certificate;
  std::string key;
};

/// The certificate that a listener shows, with its key and the rules of its TLS: 1.2 or later,
/// forward secrecy, no compression, no renegotiation, HTTP/1.1. Never changes; any thread.
class TlsIdentity {
 public:
  /// `invalid_argument` names the setting and its file: not there, no PEM, encrypted, expired,
  /// two that do not belong together.
  static Result<std::shared_ptr<const TlsIdentity>> load(const TlsFiles& files);

  SSL_CTX* context() const { return context_.get(); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const;
  };
  explicit TlsIdentity(std::unique_ptr<SSL_CTX, Free> context) : context_(std::move(context)) {}

  std::unique_ptr<SSL_CTX, Free> context_;
};

/// The server's end of one TLS connection, over a socket that does not block and that somebody
/// else closes. Says what to wait for where it cannot go on.
class TlsSession {
 public:
  TlsSession(const TlsIdentity& identity, int socket);

  /// `ended`: the peer said that it sends no more. `broken`: it cannot be trusted or used further.
  enum class Status : std::uint8_t { done, wait_readable, wait_writable, ended, broken };
  Status shake_hands();
  Status read(std::span<char> into, std::size_t& size);
  /// When it has to wait, the same bytes (or more that begin with them) must be written next.
  Status write(std::string_view bytes, std::size_t& size);
  /// Says that no more is sent, if that can be said without waiting.
  void say_end();

  /// There may be more to read although the socket has nothing.
  bool holds_more() const { return holds_more_; }
  /// What broke the handshake was a request in plain HTTP.
  bool heard_plain_http() const { return heard_plain_http_; }

 private:
  struct Free {
    void operator()(SSL* ssl) const;
  };
  Status status_of(int returned);

  std::unique_ptr<SSL, Free> ssl_;
  bool holds_more_ = false;
  bool heard_plain_http_ = false;
  bool broken_ = false;
};

}  // namespace nowthen::http
