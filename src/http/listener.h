#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <nowthen/result.h>

#include "engine/engine.h"
#include "http/front.h"
#include "http/tls.h"

namespace nowthen::http {

struct Address {
  std::string host;  ///< numeric, or "localhost"
  std::uint16_t port = 0;
};
/// "127.0.0.1:7070", "[::1]:7070", "localhost:0", ":7070" (127.0.0.1).
Result<Address> parse_address(std::string_view text);
std::string to_string(const Address& address);
bool is_loopback(const Address& address);

struct ListenerOptions {
  Address address;
  std::optional<TlsFiles> tls;  ///< without, plain HTTP is spoken
  ConnectionLimits limits;
  std::size_t connections_max = 16'384;
};

/// Accepts connections and gives them to the loops of an engine in turn. The loops' reactors must
/// be those of `make_reactor`.
class Listener {
 public:
  /// Reads the certificate, binds and listens; nothing is accepted before `start`. The error says
  /// why it cannot.
  static Result<std::unique_ptr<Listener>> open(ListenerOptions options);
  virtual ~Listener() = default;

  /// With the port that the system chose where 0 was asked for.
  virtual Address address() const = 0;
  /// Once, with the running engine. `front` must outlive the loops.
  virtual void start(engine::Engine& engine, Front& front) = 0;
  /// No new connection; idle ones are closed, others after their answer. Any thread but a loop's.
  virtual void stop() = 0;
  virtual std::size_t connections() const = 0;
  /// Reads the files of `tls` again, for connections to come; if that fails, what was read before
  /// stays. Returns once new connections get it. Not at the same time as `start` or `stop`, nor on
  /// a loop.
  virtual Result<void> reload_tls() = 0;
};

/// A reactor that connections can live on.
std::unique_ptr<engine::Reactor> make_reactor();

}  // namespace nowthen::http
