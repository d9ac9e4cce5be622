#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nowthen/context.h>
#include <nowthen/result.h>

namespace nowthen::sdk {

/// One operation in one version.
struct Operation {
  std::string name;
  std::uint32_t version = 1;
  bool non_blocking = false;  ///< step functions run on the loop
  std::shared_ptr<const Handler> handler;
};

/// What the in-process executors can run. Filled, then shared read-only by those of all loops.
class Handlers {
 public:
  /// `already_exists`, `invalid_argument`: no handler, empty name or version 0.
  Result<void> add(Operation operation);
  /// Null when there is none.
  std::shared_ptr<const Operation> find(std::string_view name, std::uint32_t version) const;
  /// Ascending.
  std::vector<std::uint32_t> versions(std::string_view name) const;

 private:
  using Versions = std::map<std::uint32_t, std::shared_ptr<const Operation>>;
  std::map<std::string, Versions, std::less<>> operations_;
};

}  // namespace nowthen::sdk
