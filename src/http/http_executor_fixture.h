#pragma once

// For tests: the real engine over a memory store, driven by hand with a virtual clock; the real
// client on the loop's sockets. A crash is an engine that is destroyed.

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/engine.h"
#include "http/asio_reactor.h"
#include "http/http_executor.h"
#include "http/loopback_server.h"
#include "store/memory_store.h"

namespace nowthen::http {

using namespace std::chrono_literals;

class HandClock final : public Clock {
 public:
  explicit HandClock(std::shared_ptr<WallTime> now) : now_(std::move(now)) {}
  WallTime now() const override { return *now_; }

 private:
  std::shared_ptr<WallTime> now_;
};

/// A store outlives the engine over it, as a disk does.
class KeptStore final : public store::Store {
 public:
  explicit KeptStore(store::MemoryStore& store) : store_(store) {}
  Result<store::OwnerEpoch> claim(std::uint16_t partition) override {
    return store_.claim(partition);
  }
  void commit(store::Turn turn, store::Completion<Result<store::CommitSeq>> done) override {
    store_.commit(std::move(turn), std::move(done));
  }
  void read(std::vector<std::string> keys,
            store::Completion<Result<std::vector<std::optional<std::string>>>> done) override {
    store_.read(std::move(keys), std::move(done));
  }
  void scan(store::Scan scan, store::Completion<Result<store::Page>> done) override {
    store_.scan(std::move(scan), std::move(done));
  }

 private:
  store::MemoryStore& store_;
};

class FixedSecrets final : public Secrets {
 public:
  std::optional<std::string> find(std::string_view name) const override {
    if (name == "TOKEN") return "hidden";
    if (name == "BROKEN") return "hid\nden";
    return std::nullopt;
  }
};

/// What a test looks at of a live invocation.
struct Seen {
  core::State state = core::State::ready;
  core::ParkReason park_reason = core::ParkReason::none;
  std::string note;
  std::uint32_t attempt = 0;
  std::vector<core::Entry> done;
};

class HttpExecutorTest : public testing::Test {
 protected:
  using Reply = std::shared_ptr<std::optional<core::Reply>>;

  void start() {
    engine::EngineSetup setup;
    setup.store = std::make_unique<KeptStore>(store_);
    setup.clock = std::make_unique<HandClock>(now_);
    setup.make_reactor = [] { return std::make_unique<AsioReactor>(); };
    setup.make_executor = [this](engine::LoopPort& port, engine::Reactor& reactor) {
      return make_executor(port, reactor);
    };
    setup.partitions = 1;
    setup.loops = 1;
    setup.seed = ++seed_;
    setup.log = [](const LogLine&) {};
    engine_ = std::make_unique<engine::Engine>(std::move(setup));
    ASSERT_TRUE(engine_->add({"op", 1, declaration_}));
    const Result<void> started = engine_->start(engine::Engine::Driving::by_hand);
    ASSERT_TRUE(started) << started.error().message;
  }
  std::unique_ptr<engine::Executor> make_executor(engine::LoopPort& port,
                                                  engine::Reactor& reactor) {
    Result<Egress> egress = Egress::make({.loopback_allowed = loopback_allowed_});
    EXPECT_TRUE(egress);
    auto client = Client::make(reactor, std::make_shared<const Egress>(*egress));
    EXPECT_TRUE(client);
    std::shared_ptr<Client> owned = std::move(*client);
    HttpSeams seams{*owned, std::make_shared<FixedSecrets>(),
                    // It ends with the executor, before the reactor.
                    [owned](const core::Lease& lease) { return "token-of-" + to_string(lease.id); },
                    [this](const std::string&) { return attempt_timeout_; },
                    [this](const core::Lease& lease, const std::string&, Duration time) {
                      left_.emplace_back(lease, time);
                    }};
    auto executor = std::make_unique<HttpExecutor>(port, std::move(seams));
    if (!target_.empty()) {
      Result<HttpTarget> target = parse_http_target(target_);
      EXPECT_TRUE(target) << target.error().message;
      executor->use("op", std::make_shared<const HttpTarget>(std::move(*target)));
    }
    return executor;
  }
  void restart() {
    engine_.reset();
    start();
  }

  void serve_at(const LoopbackServer& server, const std::string& more = {}) {
    target_ = R"({"url": ")" + server.url("/run") + "\"" + more + "}";
    start();
  }
  void park_at(const LoopbackServer& server) { serve_at(server, R"(, "on_unknown": "park")"); }

  template <class Done>
  void run_until(const Done& done) {
    const auto give_up = std::chrono::steady_clock::now() + 20s;
    while (!done()) {
      ASSERT_LT(std::chrono::steady_clock::now(), give_up) << "it never came";
      if (!engine_->step()) engine_->loops().front()->reactor().wait(5ms);
    }
  }
  void settle() {
    while (engine_->step()) {
    }
  }

  Reply invoke(std::string input = "{}", core::CallOptions options = {}) {
    auto reply = std::make_shared<std::optional<core::Reply>>();
    core::Invoke call;
    call.operation = "op";
    call.input = std::move(input);
    call.options = std::move(options);
    engine_->invoke(std::move(call), [reply](core::Reply got) { *reply = std::move(got); });
    settle();
    return reply;
  }
  core::Reply end(const Reply& reply) {
    run_until([&reply] { return reply->has_value(); });
    return reply->has_value() ? **reply : core::Reply{};
  }
  InvocationId accept(std::string input = "{}") {
    core::CallOptions later;
    later.prefer = Mode::later;
    return end(invoke(std::move(input), later)).id;
  }
  /// Accepted and begun; the commit that lets its request go is held.
  InvocationId accept_and_hold_request() {
    store_.hold_commits();
    core::CallOptions later;
    later.prefer = Mode::later;
    const Reply reply = invoke("{}", later);
    EXPECT_EQ(store_.release(1), 1u);
    settle();
    EXPECT_EQ(store_.held(), 1u);
    return end(reply).id;
  }
  core::Reply ask(InvocationId id, core::CommandBody body) {
    auto reply = std::make_shared<std::optional<core::Reply>>();
    engine_->ask(id, std::move(body), [reply](core::Reply got) { *reply = std::move(got); });
    return end(reply);
  }
  core::Reply await(InvocationId id) { return ask(id, core::Await{id, 1h, {}}); }
  Seen look(InvocationId id) {
    auto seen = std::make_shared<std::optional<Seen>>();
    engine_->look(id.partition(), [seen, id](engine::Loop& loop, engine::Partition& partition) {
      const auto see = [seen](const core::Invocation& inv) {
        *seen = Seen{inv.state, inv.park_reason, inv.note, inv.attempt, inv.done};
      };
      const core::Live* live = partition.state.find(id);
      ASSERT_NE(live, nullptr) << "it has ended";
      if (live->loaded) return see(*live->loaded);
      loop.read_live_rows(id, [see](Result<std::unique_ptr<core::Invocation>> read) {
        ASSERT_TRUE(read) << read.error().message;  // what sleeps is evicted
        see(**read);
      });
    });
    run_until([&seen] { return seen->has_value() || HasFatalFailure(); });
    return seen->value_or(Seen{});
  }
  void await_state(InvocationId id, core::State state) {
    run_until([&] { return look(id).state == state || HasFatalFailure(); });
  }
  core::Reply resolve(InvocationId id, std::optional<core::Outcome> outcome) {
    return ask(id, core::ResolveStep{id, "request", std::move(outcome), {}});
  }
  void next_attempt(InvocationId id) {
    await_state(id, core::State::backing_off);
    *now_ += 1min;
    settle();
  }

  store::MemoryStore store_;
  std::shared_ptr<WallTime> now_ = std::make_shared<WallTime>(from_us(1'700'000'000'000'000));
  std::uint64_t seed_ = 0;
  Declaration declaration_;
  Duration attempt_timeout_ = 20s;
  bool loopback_allowed_ = true;
  std::string target_;
  std::vector<std::pair<core::Lease, Duration>> left_;
  std::unique_ptr<engine::Engine> engine_;
};

inline std::string header_of(const std::string& request, const std::string& name) {
  const std::size_t at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "(none)";
  const std::size_t start = at + name.size() + 4;
  return request.substr(start, request.find("\r\n", start) - start);
}

/// A service that gives one answer after the other, the last for ever, and keeps the requests.
class Service {
 public:
  explicit Service(std::vector<std::string> answers) : answers_(std::move(answers)) {}
  std::string request(std::size_t index) {
    const std::scoped_lock lock(mutex_);
    return index < requests_.size() ? requests_[index] : "(none)";
  }
  std::size_t count() {
    const std::scoped_lock lock(mutex_);
    return requests_.size();
  }

 private:
  void serve(Peer& peer) {
    while (auto request = peer.request()) {
      std::string answer;
      {
        const std::scoped_lock lock(mutex_);
        answer = answers_[std::min(requests_.size(), answers_.size() - 1)];
        requests_.push_back(std::move(*request));
      }
      if (answer == "close") return;
      if (answer == "hang") return peer.await_end();
      peer.send(answer);
    }
  }

  std::mutex mutex_;
  std::vector<std::string> answers_;
  std::vector<std::string> requests_;

 public:
  LoopbackServer server{[this](Peer& peer, int) { serve(peer); }};
};

inline std::string answer(const std::string& status, const std::string& body,
                          const std::string& headers = {}) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         headers + "\r\n" + body;
}

}  // namespace nowthen::http
