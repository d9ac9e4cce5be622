#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nowthen/context.h>

#include "sdk/host.h"

namespace nowthen::sim {

class World;

/// One process: the real core, engine and SDK, over the parts of the world. The world steps it.
class Life final : public sdk::Host {
 public:
  Life(World& world, unsigned number);
  ~Life() override;

  unsigned number() const { return number_; }
  /// Null before it has started.
  engine::Engine* engine() { return engine_.get(); }
  template <class F>
  void operation(std::string name, F handler, Declaration declaration, std::uint32_t version = 1) {
    add({std::move(name), version, std::move(declaration)}, sdk::make_handler(std::move(handler)));
  }

  bool current = true;   ///< no other life has claimed the partitions since
  bool doomed = false;   ///< dies before anything else happens; nothing reaches the store
  bool starting = true;  ///< the store completes inline
  std::vector<Duration> paused_until;  ///< of each loop
  std::vector<bool> busy;              ///< of each loop: a turn may find something to do
  /// Of each loop: what runs operations that are declared elsewhere. None: nothing does.
  std::function<std::unique_ptr<engine::Executor>(engine::LoopPort&)> make_pull_executor;

  World& world() { return world_; }
  std::vector<InvocationId> on_threads() const { return black_box_->now(); }

 protected:
  Result<engine::EngineSetup> set_up() override;
  engine::Engine::Driving driving() const override { return engine::Engine::Driving::by_hand; }
  std::unique_ptr<sdk::Pool> make_pool() override;
  std::unique_ptr<engine::Executor> make_executor(engine::LoopPort& port) override;

 private:
  World& world_;
  const unsigned number_;
};

}  // namespace nowthen::sim
