#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <nowthen/bytes.h>
#include <nowthen/call_options.h>
#include <nowthen/codec.h>
#include <nowthen/failure.h>
#include <nowthen/id.h>
#include <nowthen/policy.h>
#include <nowthen/task.h>

namespace nowthen {

/// Calendar time in UTC, in microseconds since the Unix epoch.
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;

namespace sdk {

struct Request;

/// Something with bytes or an error, as the engine tells it.
struct Answer {
  ErrorCode code = ErrorCode::none;
  std::string_view data;  // the result, or the message of the error
  InvocationId child;     // of a call or send
};

struct RequestDeleter {
  void operator()(Request* request) const noexcept;
};
using RequestPtr = std::unique_ptr<Request, RequestDeleter>;

/// A request to the engine: described, then awaited, then answered.
class PendingBase : public Waited {
 public:
  void open(Branch& branch, Continuation& then);
  void abandon() final;
  /// Takes the answer: decodes it, or sets `error`. `codec_failed` when the bytes do not fit.
  virtual Result<void> accept(const Answer& answer) = 0;

 protected:
  explicit PendingBase(RequestPtr request) : request_(std::move(request)) {}
  PendingBase(PendingBase&& other) noexcept : request_(std::move(other.request_)) {}
  ~PendingBase() {
    if (opened_ != nullptr) abandon();
  }
  void check(const Frame& awaiting) const;

 private:
  friend struct Access;
  friend class Attempt;
  RequestPtr request_;  // null once opened: the attempt keeps it
  Request* opened_ = nullptr;
};

}  // namespace sdk

/// A request of `Context` that has not been made yet: made when it is awaited, once, by
/// `co_await ctx.run(...)` or as a branch of `all` or `race`. Dropping it unawaited does nothing.
/// Movable, not copyable. Must not outlive its handler.
template <class R>
class [[nodiscard]] Pending final : public sdk::PendingBase {
 public:
  using value_type = R;
  using NowthenWaitable = void;
  using Read = Result<void> (*)(std::optional<sdk::Stored<R>>&, const sdk::Answer&);

  Pending(sdk::RequestPtr request, Read read) : PendingBase(std::move(request)), read_(read) {}
  Pending(Pending&& other) noexcept : PendingBase(std::move(other)), read_(other.read_) {}

 private:
  friend struct sdk::Access;
  void begin(sdk::Branch& branch, sdk::Continuation& continuation) { open(branch, continuation); }
  Result<void> accept(const sdk::Answer& answer) override { return read_(value_, answer); }
  R take() {
    if (error) std::rethrow_exception(error);
    if constexpr (!std::is_void_v<R>) return std::move(*value_);
  }
  sdk::Waited& waited() { return *this; }

  Read read_;
  std::optional<sdk::Stored<R>> value_;
};

/// Inside a step function: text that is the same for every try of this step and for no other step,
/// to hand to other systems as idempotency key. Empty outside of step functions. Any thread.
std::string step_token();

namespace sdk {

/// A function with its arguments. Shared by all tries of a step, which may overlap after a timeout;
/// lives as long as the last of them.
class Job {
 public:
  virtual ~Job() = default;
  /// Calls the function with copies of the arguments; the encoded result. Throws what it throws.
  virtual std::string run() const = 0;
};

enum class StepKind : std::uint8_t { step, step_once, cleanup };
enum class SignalWait : std::uint8_t { endless, timed };

template <class T>
inline constexpr bool kIsTask = false;
template <class T>
inline constexpr bool kIsTask<Task<T>> = true;

// g++ 12 destroys aggregate temporaries and temporary lambdas within co_await twice.
template <class A>
inline constexpr bool kSurvives =
    std::is_lvalue_reference_v<A> || !std::is_aggregate_v<std::remove_cvref_t<A>> ||
    std::is_trivially_destructible_v<std::remove_cvref_t<A>>;
template <class F>
inline constexpr bool kCallableSurvives =
    std::is_lvalue_reference_v<F> || std::is_trivially_destructible_v<std::remove_cvref_t<F>>;

template <class A>
using Kept = std::conditional_t<std::is_convertible_v<A, const char*> ||
                                    std::is_same_v<std::remove_cvref_t<A>, std::string_view>,
                                std::string, std::decay_t<A>>;
template <class F, class... Args>
using StepResult = std::remove_cvref_t<std::invoke_result_t<const std::decay_t<F>&, Kept<Args>...>>;

template <class R, class F, class... Kepts>
class JobOf final : public Job {
 public:
  template <class G, class... Args>
  explicit JobOf(G&& function, Args&&... arguments)
      : function_(std::forward<G>(function)), arguments_(std::forward<Args>(arguments)...) {}
  std::string run() const override {
    return std::apply(
        [this](const Kepts&... arguments) -> std::string {
          if constexpr (std::is_void_v<R>) {
            std::invoke(function_, Kepts(arguments)...);
            return "null";
          } else {
            return Codec<R>::encode(std::invoke(function_, Kepts(arguments)...));
          }
        },
        arguments_);
  }

 private:
  F function_;
  std::tuple<Kepts...> arguments_;
};

template <class R>
Result<void> read_value(std::optional<Stored<R>>& value, const Answer& answer) {
  if constexpr (std::is_void_v<R>) {
    value.emplace();
  } else {
    Result<R> decoded = Codec<R>::decode(answer.data);
    if (!decoded) return decoded.error();
    value.emplace(std::move(*decoded));
  }
  return {};
}
/// No value when the wait gave up; for signals without payload: whether it came.
template <class T>
using TimedSignal = std::conditional_t<std::is_void_v<T>, bool, std::optional<T>>;
template <class T>
Result<void> read_timed_signal(std::optional<TimedSignal<T>>& value, const Answer& answer) {
  value.emplace();
  if (answer.code != ErrorCode::none) return {};
  if constexpr (std::is_void_v<T>) {
    *value = true;
  } else {
    Result<T> decoded = Codec<T>::decode(answer.data);
    if (!decoded) return decoded.error();
    value->emplace(std::move(*decoded));
  }
  return {};
}
/// A recorded read keeps apart "nothing there" (empty) and "this" (a leading '=').
template <class T>
Result<void> read_state_value(std::optional<std::optional<T>>& value, const Answer& answer) {
  value.emplace();
  if (answer.data.empty()) return {};
  Result<T> decoded = Codec<T>::decode(answer.data.substr(1));
  if (!decoded) return decoded.error();
  value->emplace(std::move(*decoded));
  return {};
}
Result<void> read_child(std::optional<InvocationId>& value, const Answer& answer);

}  // namespace sdk

/// What a handler may do. Everything that is not a pure function of the input goes through it, so
/// that a replay of the handler from its journal takes the same way.
///
/// The calls that give a `Pending` do something when that is awaited, not before. Names are at most
/// 128 bytes, not empty, without '#', '/' and control characters; else `Permanent`
/// (invalid_argument) is thrown. Once the invocation is cancelled, every `co_await` but that of a
/// cleanup throws `Cancelled`. One per attempt; belongs to the loop thread: only handlers and the
/// tasks that they await use it, never step functions. Must not be kept beyond the handler.
class Context {
 public:
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// A step: calls `function(arguments...)` and records its result. A recorded step never runs
  /// again. Before its record is durable it runs at least once, each time with the same
  /// `step_token()`. Copies of function and arguments are kept with the step, off the handler's
  /// frame; each try is called with copies of its own, on a pool thread, or on the loop when the
  /// operation is declared non-blocking. An exception is a failed try, retried under the policy;
  /// when tries are used up, or on `Permanent`, `StepFailed` is thrown. The handler gets what the
  /// recorded bytes decode to. Aggregates and lambdas with destructors are passed by name, not as
  /// temporaries (g++ 12). What is captured by reference may be gone when the step runs.
  template <class F, class... Args>
  auto run(std::string_view name, F&& function, Args&&... arguments) {
    return step(sdk::StepKind::step, name, std::forward<F>(function),
                std::forward<Args>(arguments)...);
  }
  /// As `run`, but at most once: its start is durable before it runs; when it started and never
  /// reported, the invocation is parked as `outcome_unknown` and a person decides.
  template <class F, class... Args>
  auto run_once(std::string_view name, F&& function, Args&&... arguments) {
    return step(sdk::StepKind::step_once, name, std::forward<F>(function),
                std::forward<Args>(arguments)...);
  }
  /// As `run`, and may start after a cancel too, within the policy's `cleanup_within`.
  template <class F, class... Args>
  auto cleanup(std::string_view name, F&& function, Args&&... arguments) {
    return step(sdk::StepKind::cleanup, name, std::forward<F>(function),
                std::forward<Args>(arguments)...);
  }

  /// Ends not before `duration` has passed; survives restarts, holds no thread, and, when long, no
  /// memory but its record.
  Pending<void> sleep(Duration duration);
  Pending<void> sleep_until(WallTime time);

  /// The next message of that name to this invocation; those that came before the wait count.
  /// Throws `CodecFailed` when the payload is not a T.
  template <class T = void>
  Pending<T> wait_signal(std::string_view name) {
    return Pending<T>(signal(name, sdk::SignalWait::endless, {}), &sdk::read_value<T>);
  }
  /// No value (for void: false) when none came within `timeout`.
  template <class T = void>
  Pending<sdk::TimedSignal<T>> wait_signal(std::string_view name, Duration timeout) {
    return Pending<sdk::TimedSignal<T>>(signal(name, sdk::SignalWait::timed, timeout),
                                        &sdk::read_timed_signal<T>);
  }

  /// Runs another operation and waits for its result. `StepFailed` when it ended badly;
  /// `CodecFailed` when its result is not an R. It is cancelled with this invocation.
  template <class R = void, class In>
  Pending<R> call(std::string_view operation, In&& input) {
    return Pending<R>(child(Child::call, operation, encoded<In>(input), CallOptions()),
                      &sdk::read_value<R>);
  }
  template <class R = void, class In>
  Pending<R> call(std::string_view operation, In&& input, const CallOptions& options) {
    return Pending<R>(child(Child::call, operation, encoded<In>(input), options),
                      &sdk::read_value<R>);
  }
  /// Starts another operation, durably, and gives its id without waiting for it. With an
  /// idempotency key that is taken, the id of the invocation that has it; `StepFailed` (`conflict`)
  /// when that was called with another input.
  template <class In>
  Pending<InvocationId> send(std::string_view operation, In&& input) {
    return Pending<InvocationId>(child(Child::send, operation, encoded<In>(input), CallOptions()),
                                 &sdk::read_child);
  }
  template <class In>
  Pending<InvocationId> send(std::string_view operation, In&& input, const CallOptions& options) {
    return Pending<InvocationId>(child(Child::send, operation, encoded<In>(input), options),
                                 &sdk::read_child);
  }

  /// The time, recorded.
  Pending<WallTime> time();
  /// Uniform 64 bits, the same at each replay. From the invocation's id: not for secrets.
  std::uint64_t random();
  /// A UUID (version 8, RFC 9562) made of `random()`: unique, the same at each replay, guessable by
  /// those who know the invocation's id.
  std::string uuid();

  /// The state `name` of this invocation's order key; none if it was never set. The read is
  /// recorded.
  template <class T>
  Pending<std::optional<T>> state(std::string_view name) {
    return Pending<std::optional<T>>(read_state(name), &sdk::read_state_value<T>);
  }
  /// Sets state, committed together with the next entry of this handler, or its end. Stays if the
  /// invocation fails later.
  template <class T>
  void set_state(std::string_view name, const T& value) {
    write_state(name, Codec<T>::encode(value));
  }
  void erase_state(std::string_view name);

  /// Whether the handler has been told of a cancel. The same at each replay.
  bool cancelled() const;
  InvocationId id() const;
  /// Counts attempts from 1. Differs between replays: for logs only.
  std::uint32_t attempt() const;

 private:
  friend class sdk::Attempt;
  enum class Child : std::uint8_t { call, send };

  explicit Context(sdk::Attempt& attempt) : attempt_(attempt) {}

  template <class F, class... Args>
  auto step(sdk::StepKind kind, std::string_view name, F&& function, Args&&... arguments) {
    static_assert(
        sdk::kCallableSurvives<F>,
        "nowthen: name the function object: auto fn = [x] {...}; ctx.run(\"name\", fn). g++ "
        "12 destroys a temporary lambda with captures within co_await twice");
    static_assert(
        (sdk::kSurvives<Args> && ...),
        "nowthen: name the value: Order order{...}; ctx.run(\"name\", function, order). g++ "
        "12 destroys an aggregate temporary within co_await twice");
    static_assert((std::is_copy_constructible_v<sdk::Kept<Args>> && ...),
                  "nowthen: arguments of a step are copied: it may be tried again");
    static_assert(
        std::is_invocable_v<const std::decay_t<F>&, sdk::Kept<Args>...>,
        "nowthen: the function cannot be called with these arguments. They are copied, so "
        "it takes them by value or const reference; const char* arrives as std::string");
    using R = sdk::StepResult<F, Args...>;
    static_assert(!sdk::kIsTask<R>,
                  "nowthen: a step is an ordinary function; await a Task without run");
    static_assert(!std::is_pointer_v<R>, "nowthen: a pointer cannot be recorded");
    using JobType = sdk::JobOf<R, std::decay_t<F>, sdk::Kept<Args>...>;
    return Pending<R>(
        request_step(kind, name,
                     std::make_shared<const JobType>(std::forward<F>(function),
                                                     std::forward<Args>(arguments)...)),
        &sdk::read_value<R>);
  }
  template <class In>
  static std::string encoded(const std::remove_cvref_t<In>& input) {
    static_assert(sdk::kSurvives<In>,
                  "nowthen: name the value: Mail mail{...}; ctx.send(\"operation\", mail). g++ 12 "
                  "destroys an aggregate temporary within co_await twice");
    if constexpr (std::is_convertible_v<In, const char*>) {
      return Codec<std::string>::encode(input);
    } else {
      return Codec<std::remove_cvref_t<In>>::encode(input);
    }
  }

  sdk::RequestPtr request_step(sdk::StepKind kind, std::string_view name,
                               std::shared_ptr<const sdk::Job> job);
  sdk::RequestPtr signal(std::string_view name, sdk::SignalWait wait, Duration timeout);
  sdk::RequestPtr child(Child kind, std::string_view operation, std::string input,
                        const CallOptions& options);
  sdk::RequestPtr read_state(std::string_view name);
  void write_state(std::string_view name, std::string value);

  sdk::Attempt& attempt_;
};

namespace sdk {

/// The coroutine of an attempt, whatever its result.
class Root {
 public:
  using Take = std::string (*)(Frame&);

  Root(TaskOwner owner, Take take) : task_(std::move(owner)), take_(take) {}
  TaskOwner& task() { return task_; }
  /// The encoded result of the ended coroutine. Throws what it threw.
  std::string result() { return take_(*task_.frame()); }

 private:
  TaskOwner task_;
  Take take_;
};

/// The code of an operation in one version. Used by all loops at once.
class Handler {
 public:
  virtual ~Handler() = default;
  /// Calls the function with the decoded input. Throws `CodecFailed` or what the function throws.
  virtual Root start(Context& context, std::string_view input) const = 0;
};

template <class F>
struct Signature : Signature<decltype(&F::operator())> {};
template <class R, class... Args>
struct Signature<R(Args...)> {
  static_assert(kMayBeAwaited<R>,
                "nowthen: a handler is Task<R> f(Context&) or Task<R> f(Context&, "
                "Input)");
};
template <class R>
struct Signature<Task<R>(Context&)> {
  using Result = R;
  using Input = void;
};
template <class R, class In>
struct Signature<Task<R>(Context&, In)> {
  static_assert(
      !std::is_reference_v<In>,
      "nowthen: take the input by value: the handler outlives what a reference points to");
  using Result = R;
  using Input = std::remove_const_t<In>;
};
template <class R, class... Args>
struct Signature<R (*)(Args...)> : Signature<R(Args...)> {};
template <class R, class C, class... Args>
struct Signature<R (C::*)(Args...) const> : Signature<R(Args...)> {};

template <class F>
using HandlerResult = typename Signature<std::decay_t<F>>::Result;
template <class F>
using HandlerInput = typename Signature<std::decay_t<F>>::Input;

template <class R>
std::string take_encoded(Frame& frame) {
  if constexpr (std::is_void_v<R>) {
    static_cast<Promise<R>&>(frame).take();
    return "null";
  } else {
    return Codec<R>::encode(static_cast<Promise<R>&>(frame).take());
  }
}

template <class F>
class HandlerOf final : public Handler {
 public:
  explicit HandlerOf(F function) : function_(std::move(function)) {}
  Root start(Context& context, [[maybe_unused]] std::string_view input) const override {
    using R = HandlerResult<F>;
    if constexpr (std::is_void_v<HandlerInput<F>>) {
      return Root(Access::release(function_(context)), &take_encoded<R>);
    } else {
      auto decoded = Codec<HandlerInput<F>>::decode(input);
      if (!decoded) throw CodecFailed(decoded.error().message);
      return Root(Access::release(function_(context, std::move(*decoded))), &take_encoded<R>);
    }
  }

 private:
  F function_;
};

/// `function` is kept as long as the operation is known, so captures of a lambda handler stay
/// valid.
template <class F>
std::shared_ptr<const Handler> make_handler(F function) {
  return std::make_shared<const HandlerOf<std::decay_t<F>>>(std::move(function));
}

}  // namespace sdk
}  // namespace nowthen
