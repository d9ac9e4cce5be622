#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace nowthen::load {

/// One answer, as slices of the bytes that it was cut from.
struct HttpAnswer {
  int status = 0;
  std::string_view head;  ///< status line and header fields, each with its line end
  std::string_view body;
  bool last = false;  ///< the server closes the connection after it

  /// The value of a header field, whatever the case of its name; empty without it.
  std::string_view field(std::string_view name) const;
};

enum class Cut { more, whole, broken };

/// Cuts the first answer off `bytes`, all that has come and was not cut yet. `whole`: it took the
/// first `used` bytes. `chunks` holds a body that came in chunks. Understands what Nowthen sends:
/// HTTP/1.1, Content-Length and chunked; no body that ends with its connection, no HEAD.
Cut cut_answer(std::string_view bytes, HttpAnswer& answer, std::size_t& used, std::string& chunks);

}  // namespace nowthen::load
