#include "sim/workloads/workloads.h"

namespace nowthen::sim {

using namespace std::chrono_literals;

Declaration drawn_declaration(World& world) {
  Dice& dice = world.dice();
  Declaration made;
  Policy& policy = made.policy;
  static constexpr Mode kModes[] = {Mode::now, Mode::auto_, Mode::later};
  policy.mode = kModes[dice.below(3)];
  policy.answer_within = dice.wait(1ms, 3s);
  policy.attempt_timeout = dice.wait(100ms, 60s);
  policy.step_timeout = dice.wait(50ms, 30s);
  policy.cleanup_within = dice.wait(1ms, 20s);
  policy.start_within = dice.chance(100) ? dice.wait(100ms, 20s) : Duration::zero();
  policy.retry.attempts_max = static_cast<std::uint32_t>(dice.between(2, 10));
  policy.retry.interval = dice.wait(1ms, 1s);
  policy.retry.interval_max = 5s;
  policy.on_timeout = dice.chance(500) ? OnTimeout::cancel : OnTimeout::finish;
  policy.durable = dice.chance(500) ? Durable::on_first_step : Durable::from_start;
  policy.on_exhausted = dice.chance(300) ? OnExhausted::park : OnExhausted::fail;
  policy.retain = dice.wait(1s, 20s);
  policy.retain_failed = dice.wait(1s, 20s);
  made.non_blocking = dice.chance(300);
  made.allow.modes = {Mode::now, Mode::auto_, Mode::later};
  return made;
}

namespace {

struct Client {
  World& world;
  std::string operation;
  std::string input;
  CallOptions options;
  std::function<void(const core::Reply&)> ended;
};

void call_again(const std::shared_ptr<Client>& client) {
  client->world.call(client->operation, client->input, client->options,
                     [client](const core::Reply* reply) {
                       World& world = client->world;
                       const bool over = reply != nullptr && !reply->id.is_null() &&
                                         core::is_terminal(reply->state) && !reply->refused;
                       if (over) {
                         client->ended(*reply);
                         world.unfinished(-1);
                         return;
                       }
                       world.later(world.dice().wait(1ms, 2s), 0, [client] { call_again(client); });
                     });
}

}  // namespace

void call_until_ended(World& world, std::string operation, std::string input, CallOptions options,
                      std::function<void(const core::Reply&)> ended) {
  world.unfinished(+1);
  call_again(std::make_shared<Client>(
      Client{world, std::move(operation), std::move(input), std::move(options), std::move(ended)}));
}

}  // namespace nowthen::sim
