#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <nowthen/policy.h>
#include <nowthen/result.h>

#include "engine/reactor.h"
#include "http/egress.h"
#include "http/message.h"
#include "http/url.h"

namespace nowthen::http {

/// Whether a request may leave twice.
enum class Repeat : std::uint8_t {
  /// Sent once more, on a fresh connection, when the peer closed a connection that was kept open
  /// before any byte of the answer came. RFC 9112 9.3.1 allows that where the sender knows that a
  /// repetition does no harm: ours carry an Idempotency-Key.
  allowed,
  /// Sent once, on a connection of its own: then no idle peer can close it at that moment.
  never,
};

struct ClientRequest {
  std::string method = "POST";
  Url url;
  std::vector<Header> headers;  ///< without Host, Connection, Content-Length, Transfer-Encoding
  std::string body;
  Duration timeout = std::chrono::seconds(30);  ///< from `send` to the last byte of the answer
  Repeat repeat = Repeat::allowed;
};

/// A complete answer with any status: redirects are not followed. Trailers are dropped.
struct ClientResponse {
  int status = 0;
  std::vector<Header> headers;
  std::string body;

  const std::string* header(std::string_view name) const { return find_header(headers, name); }
};

/// Why there is no answer. Messages name the origin, never a path, a query or a header's value.
struct ClientError {
  enum class Kind : std::uint8_t {
    refused_egress,  ///< no address of the host may be called; nothing was sent
    not_sent,        ///< nothing of the request left: no address, no connection, no TLS, no place
    unknown,         ///< it may have arrived
  };
  Kind kind = Kind::not_sent;
  bool timed_out = false;
  std::string message;
};

using Told = std::move_only_function<void(std::variant<ClientResponse, ClientError>)>;
enum class RequestId : std::uint64_t { none = 0 };

struct ClientOptions {
  std::size_t connections_max = 64;   ///< at once to one origin (scheme, host and port)
  std::size_t waiting_max = 100'000;  ///< requests in line for a connection to one origin
  std::size_t response_header_bytes_max = 64u << 10;
  std::size_t response_body_bytes_max = 16u << 20;
  Duration idle_max = std::chrono::seconds(30);    ///< a connection without a request is closed
  Duration connect_max = std::chrono::seconds(5);  ///< each of: name, one address, TLS
  std::string ca_file = {};  ///< PEM; trusted beside the system's certificates
};

/// HTTP/1.1 client of one loop: connections are kept open and shared by all requests to the same
/// origin. TLS 1.2 or later, verified against the system's certificates and the name of the host.
///
/// Every address that a name resolves to is checked by `Egress`, and the connection goes to the
/// very address that was checked. Names are resolved one after the other on one thread of the
/// reactor; a name server that does not answer holds up later names, and the end of the process.
///
/// Loop thread only. The reactor must outlive it.
class Client {
 public:
  /// `reactor`: an AsioReactor, else `invalid_argument`; also if `ca_file` cannot be read.
  static Result<std::unique_ptr<Client>> make(engine::Reactor& reactor,
                                              std::shared_ptr<const Egress> egress,
                                              ClientOptions options = {});
  /// Drops every request; nobody is told. May be called within `told`.
  virtual ~Client() = default;
  /// `told` is called once, later, on the loop; it may send again.
  virtual RequestId send(ClientRequest request, Told told) = 0;
  /// Drops a request without telling; its connection is closed. What was sent stays sent.
  virtual void cancel(RequestId id) = 0;
};

}  // namespace nowthen::http
