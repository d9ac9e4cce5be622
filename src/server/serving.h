#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nowthen/result.h>

#include "http/listener.h"
#include "sdk/host.h"

namespace nowthen::server {

struct ServingOptions {
  http::ListenerOptions listener;
  std::string data_dir;                   ///< of the host; empty: in memory
  std::vector<std::string> allow_egress;  ///< see http::EgressOptions
  std::string secrets_file;               ///< see http::open_secrets
  bool keys_needed = false;               ///< also as long as there is no API key
};

/// A host with the HTTP front around its engine. Not thread-safe; blocks where it says so.
class Serving {
 public:
  /// Binds, starts the engine and listens. The address is bound before the engine starts, so that
  /// a port in use is known before anything runs; it answers once the engine is ready.
  static Result<std::unique_ptr<Serving>> start(std::shared_ptr<sdk::Host> host,
                                                ServingOptions options);
  virtual ~Serving() = default;

  virtual http::Address address() const = 0;
  /// No new connection; what runs comes to an end for up to `patience`.
  virtual void stop(Duration patience) = 0;
};

}  // namespace nowthen::server
