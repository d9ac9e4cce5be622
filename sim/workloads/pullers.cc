// Workers outside that pull attempts: they ask, record steps, say that they live, end attempts, or
// fall silent until their lease is over. They survive the process, so what they say comes late, or
// twice. The executor in between is the least one that keeps to the contract of Executor.

#include <map>
#include <set>

#include "sim/workloads/workloads.h"

namespace nowthen::sim {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPromiseKept = 60s;

using LeaseKey = std::pair<InvocationId, core::LeaseEpoch>;
LeaseKey key_of(const core::Lease& lease) { return {lease.id, lease.epoch}; }

/// What a worker got.
struct Held {
  core::Lease lease;
  std::string name;
  std::uint64_t steps = 0;
  std::uint64_t next = 0;
  std::uint64_t repeats = 0;                 ///< of what was said and not answered
  std::map<std::string, std::string> known;  ///< steps recorded, by name
  bool cancelling = false;
};

std::string step_name(std::uint64_t number) { return "step" + std::to_string(number); }
std::string what_of(const Held& held, std::uint64_t number) {
  return held.name + "." + step_name(number);
}
std::string result_of(const std::string& name, std::uint64_t steps) {
  std::int64_t sum = 0;
  for (std::uint64_t i = 0; i < steps; ++i) sum += value_of(name + "." + step_name(i));
  return std::to_string(sum);
}

class Pullers;

/// Where the workers of one loop ask. Dies with its process.
class Desk final : public engine::Executor {
 public:
  Desk(Pullers& pullers, World& world, Life& life, engine::LoopPort& port)
      : pullers_(pullers), world_(world), life_(life), port_(port) {}
  ~Desk() override;

  /// A worker waits here for a while.
  void poll(Duration wait);

  void begin(const core::Invocation& invocation) override;
  void drop(core::Lease lease) override {
    promised_.erase(lease.id);
    held_.erase(key_of(lease));
  }
  void work_waits(std::uint16_t partition, const std::string& operation) override;
  void took(std::uint16_t partition, const core::Took& took) override;
  void run_step(core::Lease, std::string_view, std::uint32_t) override {}
  void end_try(core::Lease, std::string_view, std::uint32_t) override {}
  void deliver(core::Lease, const core::Entry&) override {}
  void deliver_cancel(core::Lease) override {}
  void evict_idle(WallTime) override {}

 private:
  void ask_for_work();
  void expire_later(core::Lease lease);

  Pullers& pullers_;
  World& world_;
  Life& life_;
  engine::LoopPort& port_;
  std::set<std::uint16_t> work_;                    ///< partitions with something to take
  std::map<InvocationId, std::uint64_t> promised_;  ///< by which Take: begin or drop will come
  std::uint64_t takes_ = 0;
  std::set<LeaseKey> held_;
  std::size_t waiting_ = 0;  ///< workers that wait here
  bool asking_ = false;      ///< a Take is on its way
};

class Pullers final : public Workload {
 public:
  explicit Pullers(World& world)
      : Workload(world),
        declaration_(drawn_declaration(world)),
        lease_(world.dice().wait(50ms, 5s)) {
    declaration_.policy.retain = declaration_.policy.retain_failed = 60s;
  }
  std::string_view name() const override { return "pullers"; }

  void setup(Life& life) override {
    life.make_pull_executor = [this, &life](engine::LoopPort& port) {
      auto desk = std::make_unique<Desk>(*this, world_, life, port);
      desks.push_back(desk.get());
      return desk;
    };
    // Every life says so, as the one before may have died before it was durable.
    world_.later(Duration(0), life.number(), [this, &life] {
      life.engine()->declare({kPulledOperation, declaration_, true, "workers"}, "pullers",
                             [](const auto&) {});
    });
  }
  void start() override {
    const std::uint64_t calls = world_.dice().between(1, 25);
    for (std::uint64_t i = 0; i < calls; ++i) {
      world_.later(world_.dice().wait(Duration(0), world_.plan().storm), 0, [this, i] { call(i); });
    }
    for (std::uint64_t workers = world_.dice().between(1, 5); workers > 0; --workers) poll_again();
  }

  void work(Held held);
  Duration lease() const { return lease_; }
  bool renewed(const core::Lease& lease) { return renewed_.erase(key_of(lease)) != 0; }

  std::vector<Desk*> desks;  ///< of the lives there are

 private:
  void call(std::uint64_t number);
  void poll_again();
  /// What was done or seen of a step must stay as it is.
  void recorded(const Held& held, const std::string& step, const core::Outcome& outcome);
  void record(Held held);
  void beat(Held held);
  void look(Held held);
  void end(Held held);
  void fail(Held held);
  void later(Held held) {
    world_.later(world_.dice().wait(Duration(0), 300ms), 0,
                 [this, held = std::move(held)]() mutable { work(std::move(held)); });
  }
  /// The reply to something said under the lease. False if the worker has to give up.
  bool goes_on(Held& held, const core::Reply* reply);
  template <class C>
  static C under(const Held& held) {
    C command;
    static_cast<core::Lease&>(command) = held.lease;
    return command;
  }

  Declaration declaration_;
  const Duration lease_;
  std::set<LeaseKey> renewed_;
  std::map<std::string, std::string> recorded_;  ///< by token
};

Desk::~Desk() { std::erase(pullers_.desks, this); }

void Desk::poll(Duration wait) {
  ++waiting_;
  ask_for_work();
  world_.later(wait, life_.number(), [this] {
    if (waiting_ > 0) --waiting_;  // what comes for it now is released
  });
}

void Desk::ask_for_work() {
  if (asking_ || work_.empty() || waiting_ <= promised_.size()) return;
  asking_ = true;
  const std::vector<std::uint16_t> partitions(work_.begin(), work_.end());
  const auto count = static_cast<std::uint32_t>(waiting_ - promised_.size());
  port_.submit_to(world_.dice().pick(partitions), core::Take{kPulledOperation, count});
}

void Desk::work_waits(std::uint16_t partition, const std::string& operation) {
  if (operation != kPulledOperation) world_.wrong("pullers", "work of " + operation + " waits");
  if (!work_.insert(partition).second) world_.wrong("pullers", "told twice that work waits");
  ask_for_work();
}

void Desk::took(std::uint16_t partition, const core::Took& took) {
  asking_ = false;
  ++takes_;
  for (const InvocationId id : took.ids) promised_[id] = takes_;
  world_.later(kPromiseKept, life_.number(), [this, take = takes_] {
    for (const auto& [id, promised_by] : promised_) {
      if (promised_by == take)
        world_.wrong("pullers", to_string(id) + " was promised and never came");
    }
  });
  if (!took.more) work_.erase(partition);
  ask_for_work();
}

void Desk::begin(const core::Invocation& invocation) {
  core::Lease lease{invocation.id, invocation.epoch};
  if (promised_.erase(invocation.id) == 0) {
    return world_.wrong("pullers", to_string(invocation.id) + " begins, and nobody has asked");
  }
  if (waiting_ == 0) {
    core::Release release;
    static_cast<core::Lease&>(release) = lease;
    world_.note(life_.number(), "released " + short_name(lease.id));
    return port_.submit(release);
  }
  --waiting_;
  held_.insert(key_of(lease));
  expire_later(lease);
  Held held;
  held.lease = lease;
  held.cancelling = invocation.cancel_seq != 0;
  const std::string& input = invocation.input;  // "pulled7:3": three steps
  held.name = input.substr(0, input.find(':'));
  held.steps = static_cast<std::uint64_t>(std::stoi(input.substr(input.find(':') + 1)));
  for (const core::Entry& entry : invocation.done) held.known[entry.path] = entry.outcome.data;
  pullers_.work(std::move(held));
}

void Desk::expire_later(core::Lease lease) {
  world_.later(pullers_.lease(), life_.number(), [this, lease] {
    if (!held_.contains(key_of(lease))) return;
    if (pullers_.renewed(lease)) return expire_later(lease);
    held_.erase(key_of(lease));
    core::FailAttempt lost;
    static_cast<core::Lease&>(lost) = lease;
    lost.error = {ErrorCode::timed_out, "the lease is over"};
    port_.submit(std::move(lost));
  });
}

void Pullers::call(std::uint64_t number) {
  Dice& dice = world_.dice();
  const std::string what = "pulled" + std::to_string(number);
  const std::uint64_t steps = dice.below(4);
  CallOptions options;
  if (dice.chance(300)) options.order_key("key" + std::to_string(dice.below(2)));
  if (dice.chance(300)) options.wait(dice.wait(1ms, 5s));
  if (dice.chance(200)) options.respond_async();
  if (dice.chance(100)) options.delay(dice.wait(1ms, 5s));
  if (dice.chance(300)) options.priority(static_cast<std::uint8_t>(dice.below(10)));
  const std::string result = result_of(what, steps);
  const auto check = [this, what, result](const core::Reply& reply) {
    if (reply.state == core::State::succeeded && reply.outcome.data != result)
      world_.wrong(name(), what + " was answered " + reply.outcome.data);
  };
  const std::string input = what + ":" + std::to_string(steps);
  if (dice.chance(500)) {
    options.idempotency_key(what);
    return call_until_ended(world_, kPulledOperation, input, options, check);
  }
  world_.call(kPulledOperation, input, options, [check](const core::Reply* reply) {
    if (reply != nullptr && !reply->refused) check(*reply);
  });
}

void Pullers::poll_again() {
  world_.later(world_.dice().wait(1ms, 500ms), 0, [this] {
    if (!desks.empty()) world_.dice().pick(desks)->poll(world_.dice().wait(Duration(0), 2s));
    poll_again();
  });
}

void Pullers::work(Held held) {
  Dice& dice = world_.dice();
  if (world_.storm() && dice.chance(20)) return world_.note(0, "a worker falls silent");
  while (held.next < held.steps && held.known.contains(step_name(held.next))) ++held.next;
  if (dice.chance(200)) return beat(std::move(held));
  if (dice.chance(100)) return look(std::move(held));
  if (world_.storm() && dice.chance(50)) return fail(std::move(held));
  if (held.next < held.steps && !held.cancelling) return record(std::move(held));
  end(std::move(held));
}

bool Pullers::goes_on(Held& held, const core::Reply* reply) {
  if (reply == nullptr) {  // who knows whether it was heard
    later(std::move(held));
    return false;
  }
  if (reply->refused) {
    const ErrorCode code = reply->outcome.code;
    if (code == ErrorCode::unavailable || code == ErrorCode::store_failed) {
      if (++held.repeats < 20) later(std::move(held));
    } else if (code != ErrorCode::lease_lost && code != ErrorCode::not_found) {
      world_.wrong(name(), "a worker was refused: " + reply->outcome.data);
    }
    return false;
  }
  if (reply->id != held.lease.id) world_.wrong(name(), "a worker was told of another invocation");
  held.cancelling |= reply->cancelling;
  return true;
}

void Pullers::recorded(const Held& held, const std::string& step, const core::Outcome& outcome) {
  if (world_.may_restart(held.lease.id)) return;
  const auto [there, fresh] =
      recorded_.emplace(to_string(held.lease.id) + "/" + step, outcome.data);
  if (!fresh && there->second != outcome.data)
    world_.wrong(name(), there->first + " is recorded, and then recorded otherwise");
}

void Pullers::record(Held held) {
  const std::string step = step_name(held.next);
  const std::string what = what_of(held, held.next);
  world_.ledger().add(to_string(held.lease.id) + "/" + step, {what, 0, world_.now(), true});
  auto said = under<core::RecordStep>(held);
  said.path = step;
  // Each attempt has a result of its own, so that one that comes instead of another is seen.
  said.outcome.data =
      std::to_string(value_of(what)) + "@" + std::to_string(std::to_underlying(held.lease.epoch));
  const InvocationId id = held.lease.id;
  world_.ask(id, said, [this, held = std::move(held), said](const core::Reply* reply) mutable {
    if (!goes_on(held, reply)) return;
    recorded(held, said.path, reply->outcome);
    if (!reply->recorded_before && reply->outcome != said.outcome)
      world_.wrong(name(), "another result was recorded than the one that was said");
    held.known[said.path] = reply->outcome.data;
    later(std::move(held));
  });
}

void Pullers::beat(Held held) {
  const InvocationId id = held.lease.id;
  const auto said = under<core::Heartbeat>(held);
  world_.ask(id, said, [this, held = std::move(held)](const core::Reply* reply) mutable {
    if (!goes_on(held, reply)) return;
    renewed_.insert(key_of(held.lease));
    later(std::move(held));
  });
}

void Pullers::look(Held held) {
  const InvocationId id = held.lease.id;
  auto said = under<core::ReadStep>(held);
  said.path = step_name(held.next == 0 ? 0 : held.next - 1);
  world_.ask(id, said, [this, held = std::move(held), said](const core::Reply* reply) mutable {
    const bool absent =
        reply != nullptr && reply->refused && reply->outcome.code == ErrorCode::not_found;
    if (absent && held.known.contains(said.path))
      world_.wrong(name(), "a worker was told that its step is not recorded");
    if (!absent && !goes_on(held, reply)) return;
    if (!absent) recorded(held, said.path, reply->outcome);
    later(std::move(held));
  });
}

void Pullers::end(Held held) {
  const InvocationId id = held.lease.id;
  auto said = under<core::Finish>(held);
  std::int64_t sum = 0;
  for (const auto& [step, data] : held.known) sum += std::stoll(data);  // up to the '@'
  said.outcome.data = std::to_string(sum);
  const bool twice = world_.dice().chance(200);
  world_.ask(id, said, [this, held = std::move(held), twice](const core::Reply* reply) mutable {
    if (!goes_on(held, reply) || !twice) return;
    auto again = under<core::Finish>(held);
    again.outcome.data = kPoison;
    world_.ask(held.lease.id, again, [this](const core::Reply* late) {
      if (late != nullptr && !late->refused) world_.wrong(name(), "a second end was taken");
    });
  });
}

void Pullers::fail(Held held) {
  const InvocationId id = held.lease.id;
  auto said = under<core::FailAttempt>(held);
  said.error = {ErrorCode::failed, "simulated: a worker failed"};
  said.permanent = world_.dice().chance(100);
  if (world_.dice().chance(300)) said.retry_after = world_.dice().wait(1ms, 2s);
  world_.ask(id, said, [this, held = std::move(held)](const core::Reply* reply) mutable {
    if (!goes_on(held, reply)) return;
    if (reply->state == core::State::running)
      world_.wrong(name(), "a worker failed its attempt, and it is running");
  });
}

}  // namespace

std::unique_ptr<Workload> workloads::pullers(World& world) {
  return std::make_unique<Pullers>(world);
}

}  // namespace nowthen::sim
