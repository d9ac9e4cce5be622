#pragma once

#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>

#include <nowthen/answer.h>
#include <nowthen/engine.h>
#include <nowthen/options.h>

#include "engine/engine.h"
#include "sdk/black_box.h"
#include "sdk/handlers.h"
#include "sdk/pool.h"
#include "sdk/stall_watch.h"

namespace nowthen::sdk {

/// What a server puts around the engine of a host.
struct Surroundings {
  std::uint16_t loops = 0;  ///< where the options leave it to us
  engine::ReactorFactory make_reactor;
  /// The executor of one loop, over that of the operations in this process.
  std::function<std::unique_ptr<engine::Executor>(engine::LoopPort&, engine::Reactor&,
                                                  std::unique_ptr<engine::Executor> in_process)>
      make_executor;
  std::function<void(const core::Span&)> on_span = {};  ///< see engine::EngineSetup
  double trace_sample = 0;
  std::vector<engine::OperationElsewhere> built_in;  ///< that it serves
  std::function<void()> drained = {};  ///< called at a stop: nothing runs; the loops still do
};

/// The inside of a public Engine: the engine room, the handlers, and the pool of their steps.
/// Handles and tickets keep it alive. Thread-safe after `start`.
class Host : public std::enable_shared_from_this<Host> {
 public:
  explicit Host(Options options);
  virtual ~Host();

  void add(engine::OperationHere operation, std::shared_ptr<const Handler> handler);
  /// Before `start`.
  void surround(Surroundings surroundings) { surroundings_ = std::move(surroundings); }
  /// Before `start`: what is called where the options name nothing.
  void fall_back_to(Log log, std::function<void(const Error&)> on_fatal);
  Result<void> start();
  void stop(Duration patience);

  /// Answers once, on a loop's thread or (refusals) on the caller's.
  void invoke(core::Invoke call, engine::Answered answered);
  void ask(InvocationId id, core::CommandBody body, engine::Answered answered);

  /// Runs `begin`, which must lead to a call of what it is given, and waits for that.
  /// `invalid_state` on a loop's thread.
  template <class T>
  Result<T> wait_for(std::function<void(std::move_only_function<void(T)>)> begin);

  /// Calls `f` with the running engine; false, and not called, before `start` and after `stop`.
  /// `f` must not block.
  bool with_engine(const std::function<void(engine::Engine&)>& f);
  const std::shared_ptr<Handlers>& handlers() const { return handlers_; }
  const Log& log() const { return log_; }
  const Options& options() const { return options_; }

 protected:
  /// What the engine room is made of; a test host puts virtual parts in.
  virtual Result<engine::EngineSetup> set_up();
  virtual engine::Engine::Driving driving() const { return engine::Engine::Driving::threads; }
  virtual std::unique_ptr<Pool> make_pool();
  virtual std::unique_ptr<engine::Executor> make_executor(engine::LoopPort& port);
  /// Blocks until `done` is ready.
  virtual void wait(const std::future<void>& done) { done.wait(); }

  Options options_;
  Log log_;
  std::unique_ptr<BlackBox> black_box_;  ///< of a data folder; without one there is none
  std::unique_ptr<engine::Engine> engine_;

 private:
  std::shared_ptr<Handlers> handlers_ = std::make_shared<Handlers>();
  std::vector<engine::OperationHere> operations_;
  Surroundings surroundings_;
  std::optional<Error> wrong_;  ///< what was wrong with an added operation, first of all
  std::unique_ptr<StallWatch> watch_;
  std::unique_ptr<Pool> pool_;
  std::mutex stop_mutex_;    ///< held by the one that stops it
  std::shared_mutex mutex_;  ///< guards that engine_ is there, not what it does
};

RawAnswer to_answer(core::Reply reply);
core::Invoke to_invoke(std::string_view operation, std::string input, const CallOptions& options);

template <class T>
Result<T> Host::wait_for(std::function<void(std::move_only_function<void(T)>)> begin) {
  if (engine::on_loop_thread()) {
    return Error{ErrorCode::invalid_state, "a loop's thread must not wait: use the Context"};
  }
  std::optional<T> value;
  std::promise<void> told;
  const std::future<void> done = told.get_future();
  begin([&value, told = std::move(told)](T got) mutable {
    value.emplace(std::move(got));
    told.set_value();
  });
  wait(done);
  if (!value) return Error{ErrorCode::unavailable, "the engine has stopped"};
  return std::move(*value);
}

}  // namespace nowthen::sdk
