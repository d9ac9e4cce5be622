#include "sdk/host.h"

#include <algorithm>
#include <random>
#include <thread>

#include "engine/open_store.h"
#include "sdk/coroutine_executor.h"
#include "sdk/forward_clock.h"

namespace nowthen::sdk {
namespace {

// Ten times as long as a sync takes; nobody waits, and what a crash in it loses is done again.
constexpr Duration kGather = std::chrono::milliseconds(2);
constexpr Duration kStalledAfter = std::chrono::milliseconds(50);
constexpr std::uint64_t kDiskBudgetMin = 64u << 20;

core::Reply refused(ErrorCode code, std::string message) {
  core::Reply reply;
  reply.refused = true;
  reply.outcome = {code, std::move(message)};
  reply.decision.kind = core::Decision::Kind::refused;
  return reply;
}

/// What it throws goes no further: there is nobody to tell.
template <class T>
std::function<void(T)> contained(std::function<void(T)> told) {
  return [told = std::move(told)](T what) {
    try {
      told(what);
    } catch (...) {  // NOLINT(bugprone-empty-catch)
    }
  };
}

core::Reply not_running() { return refused(ErrorCode::unavailable, "the engine is not running"); }

}  // namespace

Host::Host(Options options) : options_(std::move(options)), log_([](const LogLine&) {}) {
  if (options_.on_log()) log_ = contained<const LogLine&>(options_.on_log());
  if (options_.on_fatal()) options_.on_fatal(contained<const Error&>(options_.on_fatal()));
}

void Host::fall_back_to(Log log, std::function<void(const Error&)> on_fatal) {
  if (!options_.on_log()) log_ = contained<const LogLine&>(std::move(log));
  if (!options_.on_fatal()) options_.on_fatal(contained<const Error&>(std::move(on_fatal)));
}

Host::~Host() { stop(Duration::zero()); }

void Host::add(engine::OperationHere operation, std::shared_ptr<const Handler> handler) {
  if (engine_) {
    log_({.level = LogLevel::error,
          .message = "it is not added: operations are added before start",
          .operation = operation.name});
    return;
  }
  auto added = handlers_->add(
      {operation.name, operation.version, operation.declaration.non_blocking, std::move(handler)});
  if (!added && !wrong_) wrong_ = added.error();
  operations_.push_back(std::move(operation));
}

Result<engine::EngineSetup> Host::set_up() {
  auto opened = engine::open_store(options_.data_dir(), options_.partitions());
  if (!opened) return opened.error();
  engine::EngineSetup setup;
  setup.store = std::move(opened->store);
  setup.partitions = opened->partitions;
  setup.clock = std::make_unique<ForwardClock>();
  setup.disk_budget = options_.data_dir().empty() ? 0 : options_.disk_budget();
  setup.gather = kGather;
  std::random_device random;
  setup.seed = (std::uint64_t{random()} << 32) | random();
  if (!options_.data_dir().empty()) {
    auto box = BlackBox::open(options_.data_dir() + "/BLACKBOX");
    if (!box) return box.error();
    black_box_ = std::move(*box);
    setup.suspects = black_box_->last_words();
  }
  return setup;
}

std::unique_ptr<Pool> Host::make_pool() {
  const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
  PoolOptions options;
  options.threads =
      options_.pool_threads() != 0 ? options_.pool_threads() : std::max<std::size_t>(16, 4 * cores);
  return std::make_unique<BlockingPool>(options);
}

std::unique_ptr<engine::Executor> Host::make_executor(engine::LoopPort& port) {
  ExecutorOptions options;
  options.evict_after = options_.evict_after();
  options.stalled_after = kStalledAfter;
  options.late_after = kStalledAfter;
  options.log = log_;
  options.black_box = black_box_.get();
  if (watch_ != nullptr) options.activity = &watch_->add();
  return std::make_unique<CoroutineExecutor>(port, handlers_, *pool_, options);
}

Result<void> Host::start() {
  if (wrong_) return *wrong_;
  if (engine_) return Error{ErrorCode::invalid_state, "the engine was started before"};
  if (options_.partitions() == 0 || options_.partitions() > 4'096) {
    return Error{ErrorCode::invalid_argument, "partitions: 1 to 4096"};
  }
  if (options_.disk_budget() != 0 && options_.disk_budget() < kDiskBudgetMin) {
    return Error{ErrorCode::invalid_argument, "disk_budget: at least 64 MiB, or 0 for no bound"};
  }
  auto setup = set_up();
  if (!setup) return setup.error();
  pool_ = make_pool();
  if (driving() == engine::Engine::Driving::threads)
    watch_ = std::make_unique<StallWatch>(std::chrono::seconds(1), log_);
  setup->loops = options_.loops() != 0 ? options_.loops() : surroundings_.loops;
  setup->on_fatal = options_.on_fatal();
  setup->log = log_;
  setup->make_reactor = surroundings_.make_reactor;
  setup->on_span = surroundings_.on_span;
  setup->trace_sample = surroundings_.trace_sample;
  for (const engine::OperationElsewhere& own : surroundings_.built_in)
    setup->built_in.push_back(own);
  setup->make_executor = [this](engine::LoopPort& port, engine::Reactor& reactor) {
    auto in_process = make_executor(port);
    if (!surroundings_.make_executor) return in_process;
    return surroundings_.make_executor(port, reactor, std::move(in_process));
  };
  auto engine = std::make_unique<engine::Engine>(std::move(*setup));
  for (const engine::OperationHere& operation : operations_) {
    if (auto added = engine->add(operation); !added) return added;
  }
  if (auto started = engine->start(driving()); !started) return started;
  const std::unique_lock lock(mutex_);
  engine_ = std::move(engine);
  return {};
}

void Host::stop(Duration patience) {
  if (engine::on_loop_thread() || pool_thread()) return;  // it would wait for itself
  const std::lock_guard stopping(stop_mutex_);
  if (!engine_) return;
  const auto until = std::chrono::steady_clock::now() + patience;
  engine_->drain(patience);  // whoever asks in the meantime is told that it is stopping
  if (surroundings_.drained) surroundings_.drained();
  engine_->stop(std::chrono::floor<Duration>(until - std::chrono::steady_clock::now()));
  pool_.reset();  // its last functions may still post to the loops
  std::unique_ptr<engine::Engine> stopped;
  {
    const std::unique_lock lock(mutex_);
    stopped = std::move(engine_);
  }
  stopped.reset();  // tells whoever still waits
  watch_.reset();
}

void Host::invoke(core::Invoke call, engine::Answered answered) {
  std::shared_lock lock(mutex_);
  if (engine_) return engine_->invoke(std::move(call), std::move(answered));
  lock.unlock();
  answered(not_running());
}

bool Host::with_engine(const std::function<void(engine::Engine&)>& f) {
  const std::shared_lock lock(mutex_);
  if (engine_) f(*engine_);
  return engine_ != nullptr;
}

void Host::ask(InvocationId id, core::CommandBody body, engine::Answered answered) {
  std::shared_lock lock(mutex_);
  if (engine_) return engine_->ask(id, std::move(body), std::move(answered));
  lock.unlock();
  answered(not_running());
}

RawAnswer to_answer(core::Reply reply) {
  RawAnswer answer;
  answer.id = reply.id;
  answer.state = core::to_string(reply.state);
  answer.decision = core::to_string(reply.decision);
  if (!reply.refused && !core::is_terminal(reply.state)) {
    answer.kind = RawAnswer::Kind::ticket;
  } else if (!reply.refused && reply.outcome.ok()) {
    answer.kind = RawAnswer::Kind::result;
    answer.data = std::move(reply.outcome.data);
  } else {
    answer.kind = RawAnswer::Kind::error;
    answer.error = {reply.outcome.code, std::move(reply.outcome.data)};
  }
  return answer;
}

core::Invoke to_invoke(std::string_view operation, std::string input, const CallOptions& options) {
  core::Invoke call;
  call.operation = operation;
  call.version = options.version();
  call.input = std::move(input);
  call.options.priority = options.priority();
  call.options.delay = options.delay();
  call.options.order_key = options.order_key();
  call.options.idempotency_key = options.idempotency_key();
  call.options.wait = options.wait();
  if (options.responds_async()) call.options.prefer = Mode::later;
  return call;
}

}  // namespace nowthen::sdk
