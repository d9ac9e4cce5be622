#include "http/census.h"

#include <memory>
#include <mutex>

namespace nowthen::http {
namespace {

struct Count {
  std::mutex mutex;
  Census census;
  std::size_t left = 0;
  std::move_only_function<void(Census)> then;

  void add(const core::PartitionState& partition) {
    Census own;
    for (const auto& [id, live] : partition.live)
      ++own[live.operation->name][static_cast<std::size_t>(live.state)];
    const std::lock_guard lock(mutex);
    for (const auto& [name, states] : own) {
      auto& into = census[name];
      for (std::size_t i = 0; i < states.size(); ++i) into[i] += states[i];
    }
  }
  void one_less() {
    {
      const std::lock_guard lock(mutex);
      if (--left > 0) return;
    }
    then(std::move(census));
  }
};

}  // namespace

void take_census(engine::Engine& engine, std::move_only_function<void(Census)> then) {
  auto count = std::make_shared<Count>();
  count->left = engine.partitions();
  count->then = std::move(then);
  for (std::uint16_t number = 0; number < engine.partitions(); ++number) {
    engine.look(number, [count](engine::Loop& loop, engine::Partition& partition) {
      count->add(partition.state);
      loop.when_committed(partition, [count] { count->one_less(); });
    });
  }
}

}  // namespace nowthen::http
