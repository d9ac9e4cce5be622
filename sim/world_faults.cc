// Lives and deaths: what goes wrong in a world, by its plan.

#include <algorithm>

#include "sim/world.h"

namespace nowthen::sim {
namespace {

using namespace std::chrono_literals;

}  // namespace

void World::doom(Life& life, std::string_view why) {
  if (life.doomed) return;
  note(life.number(), "dies " + std::string(why));
  life.doomed = true;
  if (life.current) disk_.suspects = life.on_threads();
}

/// Takes away whoever has died, and plans the next life.
void World::bury() {
  for (std::size_t i = 0; i < lives_.size();) {
    if (lives_[i]->doomed) {
      kill(lives_[i]);
    } else {
      ++i;
    }
  }
  if (current_ != nullptr || start_planned_) return;
  start_planned_ = true;
  later(dice_.wait(Duration(0), plan_.down_max), 0, [this] {
    start_planned_ = false;
    if (current_ == nullptr) start_life();
  });
}

void World::kill(std::shared_ptr<Life> life) {
  const unsigned number = life->number();
  life->doomed = true;
  alive_.erase(number);
  if (current_ == life.get()) current_ = nullptr;
  std::erase_if(events_, [number](const auto& event) { return event.second.life == number; });
  for (auto asked = asked_.begin(); asked != asked_.end();) {
    if (asked->second.life != number) {
      ++asked;
      continue;
    }
    later(dice_.wait(Duration(0), 100ms), 0,
          [then = std::move(asked->second.then)] { then ? then(nullptr) : void(); });
    asked = asked_.erase(asked);
  }
  std::erase(lives_, life);
  in_flight_.erase(number);
  note(number, "is dead");
  life.reset();  // destructors of what it held run here
}

void World::start_life() {
  if (current_ != nullptr) current_->current = false;
  current_ = nullptr;
  auto life = std::make_shared<Life>(*this, ++last_life_);
  alive_.insert(last_life_);
  for (const auto& workload : workloads_) workload->setup(*life);
  const auto started = life->start();
  if (!started) {
    note(life->number(), "does not start: " + started.error().message);
    alive_.erase(last_life_);
    std::erase_if(events_, [this](const auto& event) { return event.second.life == last_life_; });
    if (plan_.start_fails == 0) wrong("it starts", started.error().message);
    return;
  }
  life->starting = false;
  note(life->number(), "has started");
  current_ = life.get();
  lives_.push_back(std::move(life));
}

void World::start_faults() {
  crash_now_and_then();
  jump_now_and_then();
  pause_now_and_then();
}

void World::crash_now_and_then() {
  if (plan_.crash_every == Duration::zero()) return;
  later(dice_.wait(1ms, 2 * plan_.crash_every), 0, [this] {
    if (!storm_) return;
    if (current_ != nullptr && dice_.chance(plan_.zombie)) {
      // Another process takes over; the old one does not know yet.
      const std::weak_ptr<sdk::Host> old = current_->weak_from_this();
      note(current_->number(), "is cut off");
      start_life();
      later(dice_.wait(1ms, 5s), 0, [this, old] {
        if (const auto host = old.lock()) doom(static_cast<Life&>(*host), "cut off");
      });
    } else if (current_ != nullptr) {
      doom(*current_, "by a signal");
    }
    crash_now_and_then();
  });
}

void World::jump_now_and_then() {
  if (plan_.jump_every == Duration::zero()) return;
  later(dice_.wait(1ms, 2 * plan_.jump_every), 0, [this] {
    if (!storm_) return;
    const bool back = plan_.jumps_back && dice_.chance(500);
    const Duration by = dice_.wait(1ms, back ? Duration(60s) : Duration(20min));
    offset_ += back ? -by : by;
    wall_max_ = std::max(wall_max_, wall());
    note(0, "the clock jumps by " + std::to_string((back ? -by : by).count() / 1'000) + "ms");
    jump_now_and_then();
  });
}

void World::pause_now_and_then() {
  if (plan_.pause_every == Duration::zero()) return;
  later(dice_.wait(1ms, 2 * plan_.pause_every), 0, [this] {
    if (!storm_) return;
    if (current_ != nullptr) {
      Duration& until = dice_.pick(current_->paused_until);
      until = now_ + dice_.wait(1ms, 5s);
      note(current_->number(), "a loop stands still");
    }
    pause_now_and_then();
  });
}

void World::heal() {
  if (violation_) return;
  note(0, "the faults are over");
  storm_ = false;
  plan_.heal();
  for (const auto& life : lives_) {
    life->paused_until.assign(life->paused_until.size(), Duration::zero());
    if (!life->current) doom(*life, "cut off");
  }
  bury();
}

}  // namespace nowthen::sim
