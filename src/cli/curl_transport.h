#pragma once

#include <functional>

#include "cli/transport.h"

namespace nowthen::cli {

/// HTTP/1.1 by libcurl, GETs share a connection. Not thread-safe.
class CurlTransport final : public Transport {
 public:
  /// `interrupted` is asked about once a second and after each signal.
  explicit CurlTransport(std::function<bool()> interrupted);
  ~CurlTransport() override;
  CurlTransport(const CurlTransport&) = delete;
  CurlTransport& operator=(const CurlTransport&) = delete;

  Result<Reply> send(const Request& request) override;

 private:
  std::function<bool()> interrupted_;
  void* curl_;  // a CURL handle: keeps the connection
};

}  // namespace nowthen::cli
