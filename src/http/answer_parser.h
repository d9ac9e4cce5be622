#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/client.h"

namespace nowthen::http {

/// Reads one answer from the bytes of a connection: HTTP/1.1 and 1.0 (RFC 9112), chunked or not,
/// interim (1xx) answers skipped. Never reads more than its limits into memory, and never throws.
class AnswerParser {
 public:
  enum class State : std::uint8_t { reading, complete, failed };
  enum class Ending : std::uint8_t {
    clean,  ///< the peer said that it was done
    cut,    ///< TLS without close_notify: what ends with the connection may be cut short
  };
  struct Limits {
    std::size_t header_bytes_max = 0;
    std::size_t body_bytes_max = 0;
  };

  /// `method`: of the request; the answer to HEAD has no body.
  AnswerParser(Limits limits, std::string_view method);
  ~AnswerParser();

  /// Takes the next bytes. Precondition: the state was `reading`.
  State feed(std::string_view bytes);
  /// The connection has ended. `complete` where that is how the answer ends.
  State end(Ending ending);

  /// Whether any byte came.
  bool begun() const;
  /// Once complete: the connection may carry another request.
  bool reusable() const;
  /// Once complete, once.
  ClientResponse take();
  /// Once failed: "has more than response_body_bytes_max (16777216) bytes".
  const std::string& fault() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace nowthen::http
