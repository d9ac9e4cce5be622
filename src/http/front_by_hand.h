#pragma once

// For fuzzers: the whole front of a server over a real engine, on the calling thread alone. Nothing
// but the script that is given moves it, so the same script makes the same history.

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "base/assert.h"
#include "engine/engine.h"
#include "http/app.h"
#include "http/asio_reactor.h"
#include "http/listener.h"
#include "http/switch_executor.h"
#include "store/memory_store.h"

namespace nowthen::http {

/// Asks `idle` what to do whenever nothing is left to do.
class IdleReactor final : public AsioReactor {
 public:
  explicit IdleReactor(std::function<void()> idle) : idle_(std::move(idle)) {}
  void wait(Duration) override {
    if (!poll()) idle_();
  }

 private:
  std::function<void()> idle_;
};

/// Runs an operation in no time: the result is its input.
class Echo final : public engine::Executor {
 public:
  explicit Echo(engine::LoopPort& port) : port_(port) {}
  void begin(const core::Invocation& invocation) override {
    core::Finish finish;
    finish.id = invocation.id;
    finish.epoch = invocation.epoch;
    finish.outcome.data = invocation.input;
    port_.submit(std::move(finish));
  }
  void run_step(core::Lease, std::string_view, std::uint32_t) override {}
  void end_try(core::Lease, std::string_view, std::uint32_t) override {}
  void deliver(core::Lease, const core::Entry&) override {}
  void deliver_cancel(core::Lease) override {}
  void drop(core::Lease) override {}
  void evict_idle(WallTime) override {}

 private:
  engine::LoopPort& port_;
};

/// One loop, a store in memory; the operation "echo" is run here, others may be declared as pulled,
/// but none as served elsewhere. Ids and tokens are the same in every run.
class FrontByHand {
 public:
  explicit FrontByHand(AppOptions options = {}) {
    key_.assign(32, 'k');
    options.token_key = key_;
    options.check_target = [](const HttpTarget&) { return invalid("no services here"); };
    ListenerOptions listen;
    listen.address = {"127.0.0.1", 0};
    auto opened = Listener::open(std::move(listen));
    NT_ASSERT(opened);
    listener_ = std::move(*opened);
    engine::EngineSetup setup;
    setup.store = std::make_unique<store::MemoryStore>();
    setup.clock = std::make_unique<HeldClock>(now_);
    setup.make_reactor = [this] { return std::make_unique<IdleReactor>([this] { idle(); }); };
    setup.make_executor = [this](engine::LoopPort& port, engine::Reactor& reactor) {
      return make_executor(port, reactor);
    };
    setup.partitions = 1;
    setup.loops = 1;
    setup.seed = 1;
    engine_ = std::make_unique<engine::Engine>(std::move(setup));
    NT_ASSERT(engine_->add({"echo", 1, {}}));
    NT_ASSERT(engine_->start(engine::Engine::Driving::by_hand));
    app_ = std::make_unique<App>(*engine_, options, std::make_shared<KeyRing>(key_));
    listener_->start(*engine_, *app_);
  }
  ~FrontByHand() {
    engine_.reset();
    app_.reset();
  }
  FrontByHand(const FrontByHand&) = delete;
  FrontByHand& operator=(const FrontByHand&) = delete;

  /// Calls `next` on the loop, each time that all before has come to its end, until it is false.
  /// Once only.
  void run(std::function<bool()> next) {
    next_ = std::move(next);
    loop().run();
    stopping_.join();
  }
  /// Lets time pass, as far as the engine knows.
  void pass(Duration time) { now_ = after(now_, time); }

  engine::Loop& loop() { return *engine_->loops().front(); }
  App& app() { return *app_; }
  std::uint16_t port() const { return listener_->address().port; }

 private:
  class HeldClock final : public Clock {
   public:
    explicit HeldClock(const WallTime& now) : now_(now) {}
    WallTime now() const override { return now_; }

   private:
    const WallTime& now_;
  };

  std::unique_ptr<engine::Executor> make_executor(engine::LoopPort& port,
                                                  engine::Reactor& reactor) {
    ExecutorOptions options;
    options.token_key = key_;
    options.egress = std::make_shared<const Egress>(*Egress::make({}));
    auto made = SwitchExecutor::make(port, reactor, std::make_unique<Echo>(port), options);
    NT_ASSERT(made);
    return std::move(*made);
  }
  void idle() {
    if (next_ && next_()) return;
    next_ = nullptr;
    if (stopping_.joinable()) return;
    stopping_ = std::thread([this] {
      listener_->stop();  // waits for the loop
      loop().stop();
    });
  }

  std::string key_;
  WallTime now_ = from_us(1'700'000'000'000'000);
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<App> app_;
  std::function<bool()> next_;
  std::thread stopping_;
};

}  // namespace nowthen::http
