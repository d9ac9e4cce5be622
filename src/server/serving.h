#pragma once

#include <memory>
#include <string>
#include <vector>

#include <nowthen/result.h>
#include <nowthen/serve.h>

#include "http/listener.h"
#include "sdk/host.h"

namespace nowthen::server {

/// What is wrong with how it listens, if anything: beyond loopback somebody must encrypt; of a
/// certificate and its key both must be there, and fit. An address that cannot be read is none of
/// its business: `Serving::start` says so.
std::vector<std::string> wrong_with_listening(const ServeOptions& options);

/// A host with the HTTP front around its engine. Not thread-safe; blocks where it says so.
class Serving {
 public:
  /// Binds, starts the engine and listens. The address is bound before the engine starts, so that
  /// a port in use is known before anything runs; it answers once the engine is ready.
  static Result<std::unique_ptr<Serving>> start(std::shared_ptr<sdk::Host> host,
                                                ServeOptions options);
  virtual ~Serving() = default;

  virtual std::string url() const = 0;
  /// Reads the certificate again, for connections to come; one that is wrong changes nothing.
  virtual Result<void> reload_tls() = 0;
  /// No new connection; what runs comes to an end for up to `patience`.
  virtual void stop(Duration patience) = 0;
};

}  // namespace nowthen::server
