#include "sdk/handlers.h"

#include <utility>

namespace nowthen::sdk {

Result<void> Handlers::add(Operation operation) {
  if (operation.handler == nullptr || operation.name.empty() || operation.version == 0)
    return Error(ErrorCode::invalid_argument,
                 "an operation has a name, a version from 1 and a handler");
  Versions& versions = operations_[operation.name];
  const std::uint32_t version = operation.version;
  if (versions.contains(version))
    return Error(ErrorCode::already_exists, "operation '" + operation.name + "' version " +
                                                std::to_string(version) + " is there already");
  versions.emplace(version, std::make_shared<const Operation>(std::move(operation)));
  return {};
}

std::shared_ptr<const Operation> Handlers::find(std::string_view name,
                                                std::uint32_t version) const {
  const auto versions = operations_.find(name);
  if (versions == operations_.end()) return nullptr;
  const auto found = versions->second.find(version);
  return found == versions->second.end() ? nullptr : found->second;
}

std::vector<std::uint32_t> Handlers::versions(std::string_view name) const {
  std::vector<std::uint32_t> versions;
  if (const auto found = operations_.find(name); found != operations_.end())
    for (const auto& [version, operation] : found->second) versions.push_back(version);
  return versions;
}

}  // namespace nowthen::sdk
