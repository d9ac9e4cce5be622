#pragma once

#include <memory>
#include <optional>
#include <string>

#include <nowthen/result.h>
#include <nowthen/serve.h>

#include "http/listener.h"
#include "sdk/host.h"

namespace nowthen::server {

/// What is wrong with where it listens: beyond loopback somebody must encrypt. None for an address
/// that cannot be read: `Serving::start` says so.
std::optional<std::string> beyond_loopback(const ServeOptions& options);

/// A host with the HTTP front around its engine. Not thread-safe; blocks where it says so.
class Serving {
 public:
  /// Binds, starts the engine and listens. The address is bound before the engine starts, so that
  /// a port in use is known before anything runs; it answers once the engine is ready.
  static Result<std::unique_ptr<Serving>> start(std::shared_ptr<sdk::Host> host,
                                                ServeOptions options);
  virtual ~Serving() = default;

  virtual http::Address address() const = 0;
  /// No new connection; what runs comes to an end for up to `patience`.
  virtual void stop(Duration patience) = 0;
};

}  // namespace nowthen::server
