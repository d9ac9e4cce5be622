#pragma once

#include "sdk/pool.h"

namespace nowthen::sim {

class Life;
class World;

/// Runs the functions of steps at drawn times, out of order, or never.
class SimPool final : public sdk::Pool {
 public:
  SimPool(World& world, Life& life) : world_(world), life_(life) {}
  void submit(std::string_view operation, std::move_only_function<void()> work) override;

 private:
  World& world_;
  Life& life_;
};

}  // namespace nowthen::sim
