#pragma once

#include <memory>
#include <string_view>
#include <vector>

namespace nowthen::sim {

class Life;
class World;

/// Traffic with an idea of what must come of it. Knows nothing of the faults around it.
class Workload {
 public:
  explicit Workload(World& world) : world_(world) {}
  virtual ~Workload() = default;
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;

  virtual std::string_view name() const = 0;
  /// Adds its operations to a new life, before that starts.
  virtual void setup(Life& life) = 0;
  /// Plans its clients. Once.
  virtual void start() = 0;
  /// When everything has finished.
  virtual void check() {}

 protected:
  World& world_;
};

std::vector<std::unique_ptr<Workload>> all_workloads(World& world);

}  // namespace nowthen::sim
