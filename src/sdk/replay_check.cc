#include "sdk/replay_check.h"

#include <deque>
#include <functional>
#include <utility>
#include <variant>

#include "sdk/attempt.h"

namespace nowthen::sdk {
namespace {

/// A loop on which nothing happens: it only listens for what the code says of its journal.
class CheckPort final : public engine::LoopPort {
 public:
  void submit(core::CommandBody command) override {
    const auto* park = std::get_if<core::ParkAttempt>(&command);
    if (park != nullptr && park->reason == core::ParkReason::journal_mismatch)
      mismatch = park->detail;
  }
  void submit_to(std::uint16_t, core::CommandBody) override {}
  void post(std::move_only_function<void()>) override {}
  WallTime now() const override { return WallTime{}; }

  std::optional<std::string> mismatch;
};

/// Code that never waits (an endless loop of immediate awaits) is not followed for ever.
constexpr std::size_t kTurnsMax = 100'000;

}  // namespace

std::optional<std::string> check_replay(const Handlers& handlers,
                                        const core::Invocation& invocation) {
  std::shared_ptr<const Operation> operation =
      handlers.find(invocation.operation, invocation.version);
  if (operation == nullptr)
    return "nothing here runs " + invocation.operation + " version " +
           std::to_string(invocation.version);
  CheckPort port;
  Attempt attempt(port, invocation, std::move(operation), Duration::zero());
  Attempt::Next next = attempt.begin(invocation);
  for (std::size_t turn = 0; next == Attempt::Next::resume && turn < kTurnsMax; ++turn)
    next = attempt.resume();
  return port.mismatch;
}

}  // namespace nowthen::sdk
