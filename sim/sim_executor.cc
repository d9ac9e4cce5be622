#include "sim/sim_executor.h"

#include <optional>

#include "core/callback.h"
#include "sim/life.h"
#include "sim/world.h"

namespace nowthen::sim {
namespace {

constexpr Duration kLateMax = std::chrono::seconds(20);
constexpr Duration kHeardWithin = std::chrono::seconds(2);

/// What an executor may say a second time, as a retried request would. The second time comes too
/// late whatever has happened, so its content is one that must never be seen again.
std::optional<core::CommandBody> poisoned(const core::CommandBody& command) {
  if (const auto* step = std::get_if<core::CompleteStep>(&command)) {
    core::CompleteStep again = *step;
    again.outcome = {ErrorCode::none, std::string(kPoison)};
    return again;
  }
  if (const auto* finish = std::get_if<core::Finish>(&command)) {
    core::Finish again = *finish;
    again.outcome = {ErrorCode::none, std::string(kPoison)};
    return again;
  }
  if (const auto* fail = std::get_if<core::FailAttempt>(&command)) {
    core::FailAttempt again = *fail;
    again.error.message = kPoison;
    return again;
  }
  return std::nullopt;
}

}  // namespace

void SimPort::submit(core::CommandBody command) {
  Dice& dice = world_.dice();
  if (dice.chance(world_.plan().said_twice)) {
    if (auto again = poisoned(command)) {
      world_.later(dice.wait(Duration(1), kLateMax), life_.number(),
                   [this, again = std::move(*again)]() mutable { real_.submit(std::move(again)); });
    }
  }
  real_.submit(std::move(command));
}

/// Functions report by it, and attempts give way to others: neither may depend on when it comes.
void SimPort::post(std::move_only_function<void()> job) {
  Dice& dice = world_.dice();
  const Plan& plan = world_.plan();
  if (world_.in_step_of(life_) && dice.chance(plan.report_lost)) {
    return world_.note(life_.number(), "a report is lost");
  }
  if (!dice.chance(plan.report_late)) return real_.post(std::move(job));
  world_.later(dice.wait(Duration(1), kLateMax), life_.number(),
               [this, job = std::move(job)]() mutable { real_.post(std::move(job)); });
}

void SimExecutor::begin(const core::Invocation& invocation) {
  if (life_.doomed) return;
  const LetGo go{life_.number(), {invocation.id, invocation.epoch}, {}, 0, life_.current};
  world_.note(life_.number(), "begin " + invocation.operation + " " + short_name(invocation.id) +
                                  " attempt " + std::to_string(invocation.attempt));
  world_.began(go, invocation);
  if (invocation.operation == core::kCallbackOperation) return call_back(invocation);
  (invocation.operation == kPulledOperation ? pulled_ : real_)->begin(invocation);
}

/// Whoever is to be told of an end hears of it later; now and then that fails.
void SimExecutor::call_back(const core::Invocation& invocation) {
  const core::Lease lease{invocation.id, invocation.epoch};
  world_.later(world_.dice().wait(Duration(1), kHeardWithin), life_.number(), [this, lease] {
    if (world_.dice().chance(200)) {
      core::FailAttempt fail;
      static_cast<core::Lease&>(fail) = lease;
      fail.error = {ErrorCode::unavailable, "nobody is there"};
      return port_->submit(std::move(fail));
    }
    core::Finish heard;
    static_cast<core::Lease&>(heard) = lease;
    heard.outcome.data = "200";
    port_->submit(std::move(heard));
  });
}

void SimExecutor::run_step(core::Lease lease, std::string_view path, std::uint32_t tries) {
  if (life_.doomed) return;
  Dice& dice = world_.dice();
  world_.note(life_.number(), "let go " + short_name(lease.id) + "/" + std::string(path) + " try " +
                                  std::to_string(tries));
  world_.let_go({life_.number(), lease, path, tries, life_.current});
  const bool dies = dice.chance(world_.plan().crash_at_step);
  if (dies && dice.chance(500)) return world_.doom(life_, "before a step");
  real_->run_step(lease, path, tries);
  if (dies) world_.doom(life_, "after a step");
}

void SimExecutor::deliver(core::Lease lease, const core::Entry& entry) {
  if (life_.doomed) return;
  world_.note(life_.number(), "deliver " + short_name(lease.id) + "/" + entry.path);
  world_.delivered({life_.number(), lease, entry.path, 0, life_.current}, entry);
  real_->deliver(lease, entry);
}

void SimExecutor::deliver_cancel(core::Lease lease) {
  if (life_.doomed) return;
  world_.note(life_.number(), "deliver cancel " + short_name(lease.id));
  real_->deliver_cancel(lease);
}

void SimExecutor::drop(core::Lease lease) {
  world_.note(life_.number(), "drop " + short_name(lease.id));
  real_->drop(lease);
  if (pulled_) pulled_->drop(lease);
}

void SimExecutor::work_waits(std::uint16_t partition, const std::string& operation) {
  if (life_.doomed) return;
  world_.note(life_.number(), "work waits in partition " + std::to_string(partition));
  pulled_->work_waits(partition, operation);
}

void SimExecutor::took(std::uint16_t partition, const core::Took& took) {
  if (life_.doomed) return;
  world_.note(life_.number(), "took " + std::to_string(took.ids.size()) + " from partition " +
                                  std::to_string(partition));
  pulled_->took(partition, took);
}

void SimExecutor::evict_idle(WallTime now) {
  if (!life_.doomed) real_->evict_idle(now);
}

}  // namespace nowthen::sim
