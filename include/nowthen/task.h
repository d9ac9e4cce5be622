#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#if defined(__clang__)
#if __has_cpp_attribute(clang::coro_lifetimebound)
// A call whose temporaries the coroutine would outlive is a warning.
#define NOWTHEN_TASK [[nodiscard, clang::coro_return_type, clang::coro_lifetimebound]]
#endif
#endif
#ifndef NOWTHEN_TASK
#define NOWTHEN_TASK [[nodiscard]]
#endif

namespace nowthen {

template <class T>
class Task;

namespace sdk {

class Attempt;
class Waited;
struct Access;
struct Branch;
struct ForkState;
class TaskOwner;

/// Is told, once, when what it waits for has ended.
class Continuation {
 public:
  virtual void ready() = 0;

 protected:
  ~Continuation() = default;
};

/// What ends once: with a value, kept by the derived class, or with an error.
class Waited {
 public:
  Waited(const Waited&) = delete;
  Waited& operator=(const Waited&) = delete;

  /// Nobody waits for it any more.
  virtual void abandon() {}

  std::exception_ptr error;
  Continuation* then = nullptr;

 protected:
  Waited() = default;
  ~Waited() = default;
};

/// The engine's side of a coroutine frame. Lives in its promise.
class Frame : public Waited, public Continuation {
 public:
  /// Lets the coroutine run (again) when its turn comes; never inline.
  void ready() final;
  /// Enters it into a branch and lets it run for the first time.
  void start(TaskOwner& owner, Branch& branch, Continuation& then);

  const std::coroutine_handle<> handle;
  Branch* branch = nullptr;     // null until started
  TaskOwner* owner = nullptr;   // who destroys it, once started
  Frame* next_ready = nullptr;  // neighbours in the run queue
  Frame* previous_ready = nullptr;
  Frame* older = nullptr;  // neighbours in the branch, in order of their start
  Frame* younger = nullptr;
  bool queued = false;

  /// Throws `Permanent` (too_large) unless another task may start in this attempt.
  void check_room() const;

 protected:
  explicit Frame(std::coroutine_handle<> h) : handle(h) {}
  ~Frame() {
    if (branch != nullptr) leave();
  }

 private:
  void leave();
};

/// Owns a coroutine frame.
class TaskOwner {
 public:
  TaskOwner() noexcept = default;
  explicit TaskOwner(Frame& frame) noexcept : frame_(&frame) {}
  TaskOwner(TaskOwner&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {
    if (frame_ != nullptr && frame_->owner != nullptr) frame_->owner = this;
  }
  TaskOwner& operator=(TaskOwner&& other) noexcept {
    if (this != &other) {
      destroy();
      frame_ = std::exchange(other.frame_, nullptr);
      if (frame_ != nullptr && frame_->owner != nullptr) frame_->owner = this;
    }
    return *this;
  }
  ~TaskOwner() { destroy(); }

  Frame* frame() const { return frame_; }
  void destroy() noexcept {
    if (Frame* frame = std::exchange(frame_, nullptr)) frame->handle.destroy();
  }

 private:
  Frame* frame_ = nullptr;
};

enum class ForkKind : std::uint8_t { all, race };

/// Several branches at once, each with a path of its own.
class Fork : public Waited {
 protected:
  explicit Fork(ForkKind kind);
  /// Throws `Permanent` (too_large) when branches are nested too deep to be named.
  static void check_depth(const Frame& awaiting);
  Fork(Fork&& other) noexcept;
  ~Fork();
  /// Makes the branches.
  void fork(std::size_t branches, Branch& parent, Continuation& continuation);
  Branch& branch(std::size_t index);
  /// What is told of the end of that branch.
  Continuation& watch(std::size_t index, Waited& branch);
  /// All branches are started.
  void begun();
  std::size_t winner() const;
  void rethrow() const {
    if (error) std::rethrow_exception(error);
  }
  Waited& waited() { return *this; }

 private:
  std::unique_ptr<ForkState> state_;
  ForkKind kind_;
};

template <class T>
using Stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

/// Starts and reads what a Task may await.
struct Access {
  template <class W>
  static void check(const W& waitable, const Frame& awaiting) {
    waitable.check(awaiting);
  }
  template <class W>
  static void begin(W& waitable, Branch& branch, Continuation& then) {
    waitable.begin(branch, then);
  }
  template <class W>
  static decltype(auto) take(W& waitable) {
    return waitable.take();
  }
  template <class W>
  static Waited& waited(W& waitable) {
    return waitable.waited();
  }
  template <class T>
  static TaskOwner release(Task<T>&& task) {
    return std::move(task.owner_);
  }
};

template <class W>
concept Waitable = requires { typename W::NowthenWaitable; };

/// The awaiter of everything that a Task may await. It has a constructor because g++ 12 destroys
/// aggregate awaiters twice.
template <class W>
class Awaiter {
 public:
  Awaiter(Frame& frame, W& waitable) : frame_(frame), waitable_(waitable) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) { Access::begin(waitable_, *frame_.branch, frame_); }
  decltype(auto) await_resume() { return Access::take(waitable_); }

 private:
  Frame& frame_;
  W& waitable_;
};

class FinalSuspend {
 public:
  FinalSuspend() noexcept {}
  bool await_ready() const noexcept { return false; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> handle) const noexcept {
    Frame& frame = handle.promise();
    frame.then->ready();
  }
  void await_resume() const noexcept {}
};

template <class W>
inline constexpr bool kMayBeAwaited = false;

template <class T>
class PromiseBase : public Frame {
 public:
  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalSuspend final_suspend() const noexcept { return FinalSuspend(); }
  void unhandled_exception() noexcept { error = std::current_exception(); }

  template <class W>
  auto await_transform(W&& waitable) {
    using Plain = std::remove_cvref_t<W>;
    if constexpr (!Waitable<Plain>) {
      static_assert(kMayBeAwaited<Plain>,
                    "nowthen: a handler awaits Tasks, what Context gives, all() and race() only: "
                    "nothing else can be recorded and replayed");
      return std::suspend_never();
    } else if constexpr (std::is_lvalue_reference_v<W>) {
      static_assert(kMayBeAwaited<Plain>,
                    "nowthen: awaiting uses it up: write co_await std::move(it)");
      return std::suspend_never();
    } else {
      Access::check(waitable, *this);
      return Awaiter<Plain>(*this, waitable);
    }
  }

 protected:
  using Frame::Frame;
};

template <class T>
class Promise final : public PromiseBase<T> {
 public:
  Promise() : PromiseBase<T>(std::coroutine_handle<Promise>::from_promise(*this)) {}
  Task<T> get_return_object() noexcept;
  template <class U>
    requires std::constructible_from<T, U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T take() {
    if (this->error) std::rethrow_exception(this->error);
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class Promise<void> final : public PromiseBase<void> {
 public:
  Promise() : PromiseBase<void>(std::coroutine_handle<Promise>::from_promise(*this)) {}
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() const {
    if (error) std::rethrow_exception(error);
  }
};

[[noreturn]] void throw_awaited_twice();

}  // namespace sdk

/// A coroutine of a handler: `Task<Receipt> place_order(Context& ctx, Order order)`.
///
/// Lazy: it runs when it is awaited, once, by `co_await place_order(...)` or as a branch of `all`
/// or `race`. Owns its frame: destroying the task destroys what the coroutine holds. Take
/// parameters by value (but for Context&): the frame outlives the caller's temporaries. Movable,
/// not copyable. Belongs to the loop thread that runs its attempt; not thread-safe.
template <class T = void>
class NOWTHEN_TASK Task {
  static_assert(!std::is_reference_v<T>, "nowthen: a task gives a value, not a reference");

 public:
  using promise_type = sdk::Promise<T>;
  using value_type = T;
  using NowthenWaitable = void;

  Task(Task&&) noexcept = default;
  Task& operator=(Task&&) noexcept = default;

 private:
  friend struct sdk::Access;
  friend class sdk::Promise<T>;
  explicit Task(sdk::Frame& frame) noexcept : owner_(frame) {}

  void check(const sdk::Frame& awaiting) const {
    if (owner_.frame() == nullptr || owner_.frame()->owner != nullptr) sdk::throw_awaited_twice();
    awaiting.check_room();
  }
  void begin(sdk::Branch& branch, sdk::Continuation& then) {
    owner_.frame()->start(owner_, branch, then);
  }
  T take() { return static_cast<promise_type*>(owner_.frame())->take(); }
  sdk::Waited& waited() { return *owner_.frame(); }

  sdk::TaskOwner owner_;
};

namespace sdk {

template <class T>
Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>(*this);
}
inline Task<void> Promise<void>::get_return_object() noexcept { return Task<void>(*this); }

template <class W>
Stored<typename W::value_type> take_stored(W& waitable) {
  if constexpr (std::is_void_v<typename W::value_type>) {
    Access::take(waitable);
    return std::monostate();
  } else {
    return Access::take(waitable);
  }
}

/// The branches of a fork: a tuple of different ones, or a vector of one kind.
template <class... Ws>
class SomeBranches : public Fork {
 protected:
  SomeBranches(ForkKind kind, Ws&&... branches) : Fork(kind), branches_(std::move(branches)...) {}
  SomeBranches(SomeBranches&& other) noexcept
      : Fork(std::move(other)), branches_(std::move(other.branches_)) {}
  void check(const Frame& awaiting) const {
    check_depth(awaiting);
    std::apply([&](const auto&... each) { (Access::check(each, awaiting), ...); }, branches_);
  }
  void begin(Branch& parent, Continuation& continuation) {
    fork(sizeof...(Ws), parent, continuation);
    std::size_t i = 0;
    std::apply([&](auto&... each) { (begin_one(each, i++), ...); }, branches_);
    begun();
  }
  std::tuple<Ws...> branches_;

 private:
  template <class W>
  void begin_one(W& each, std::size_t i) {
    Access::begin(each, branch(i), watch(i, Access::waited(each)));
  }
};
template <class W>
class ManyBranches : public Fork {
 protected:
  ManyBranches(ForkKind kind, std::vector<W>&& branches)
      : Fork(kind), branches_(std::move(branches)) {}
  ManyBranches(ManyBranches&& other) noexcept
      : Fork(std::move(other)), branches_(std::move(other.branches_)) {}
  void check(const Frame& awaiting) const {
    check_depth(awaiting);
    for (const W& each : branches_) Access::check(each, awaiting);
  }
  void begin(Branch& parent, Continuation& continuation) {
    fork(branches_.size(), parent, continuation);
    for (std::size_t i = 0; i < branches_.size(); ++i)
      Access::begin(branches_[i], branch(i), watch(i, Access::waited(branches_[i])));
    begun();
  }
  std::vector<W> branches_;
};

template <class... Ws>
class [[nodiscard]] All final : public SomeBranches<Ws...> {
 public:
  using value_type = std::tuple<Stored<typename Ws::value_type>...>;
  using NowthenWaitable = void;
  explicit All(Ws&&... branches) : SomeBranches<Ws...>(ForkKind::all, std::move(branches)...) {}
  All(All&& other) noexcept : SomeBranches<Ws...>(std::move(other)) {}

 private:
  friend struct Access;
  value_type take() {
    this->rethrow();
    return std::apply([](auto&... each) { return value_type(take_stored(each)...); },
                      this->branches_);
  }
};

template <class W>
class [[nodiscard]] AllOf final : public ManyBranches<W> {
 public:
  using Element = typename W::value_type;
  using value_type =
      std::conditional_t<std::is_void_v<Element>, void, std::vector<Stored<Element>>>;
  using NowthenWaitable = void;
  explicit AllOf(std::vector<W>&& branches) : ManyBranches<W>(ForkKind::all, std::move(branches)) {}
  AllOf(AllOf&& other) noexcept : ManyBranches<W>(std::move(other)) {}

 private:
  friend struct Access;
  value_type take() {
    this->rethrow();
    if constexpr (!std::is_void_v<Element>) {
      value_type values;
      values.reserve(this->branches_.size());
      for (W& each : this->branches_) values.push_back(Access::take(each));
      return values;
    }
  }
};

}  // namespace sdk

/// Which branch of a race ended first, from 0, and with what.
template <class T>
class Winner {
 public:
  Winner(std::size_t branch, T result) : index(branch), value(std::move(result)) {}
  std::size_t index;
  T value;
};

namespace sdk {

template <class... Ws>
class [[nodiscard]] Race final : public SomeBranches<Ws...> {
 public:
  using Value = std::variant<Stored<typename Ws::value_type>...>;
  using value_type = Winner<Value>;
  using NowthenWaitable = void;
  explicit Race(Ws&&... branches) : SomeBranches<Ws...>(ForkKind::race, std::move(branches)...) {}
  Race(Race&& other) noexcept : SomeBranches<Ws...>(std::move(other)) {}

 private:
  friend struct Access;
  template <std::size_t I = 0>
  value_type take() {
    this->rethrow();
    if constexpr (I + 1 < sizeof...(Ws)) {
      if (this->winner() != I) return take<I + 1>();
    }
    return value_type(I, Value(std::in_place_index<I>, take_stored(std::get<I>(this->branches_))));
  }
};

template <class W>
class [[nodiscard]] RaceOf final : public ManyBranches<W> {
 public:
  using value_type = Winner<Stored<typename W::value_type>>;
  using NowthenWaitable = void;
  explicit RaceOf(std::vector<W>&& branches)
      : ManyBranches<W>(ForkKind::race, std::move(branches)) {}
  RaceOf(RaceOf&& other) noexcept : ManyBranches<W>(std::move(other)) {}

 private:
  friend struct Access;
  value_type take() {
    this->rethrow();
    return value_type(this->winner(), take_stored(this->branches_[this->winner()]));
  }
};

}  // namespace sdk

/// Awaits all branches (Tasks, Pendings, or other all and race), which run at once; gives a tuple
/// of their results, std::monostate for void. When branches throw, the others go on to their end;
/// then what was thrown first is thrown. Each branch has its own place in the journal.
template <sdk::Waitable... Ws>
  requires(sizeof...(Ws) > 0)
sdk::All<Ws...> all(Ws... branches) {
  return sdk::All<Ws...>(std::move(branches)...);
}
/// The same for any number of one kind; gives a vector in their order, or nothing for void.
template <sdk::Waitable W>
sdk::AllOf<W> all(std::vector<W> branches) {
  return sdk::AllOf<W>(std::move(branches));
}
/// Awaits the branch that ends first, with a result or by throwing, and records which it is. The
/// other branches are dropped: their frames are destroyed, no further step of them starts; a step
/// that runs may finish and is recorded; a signal that a wait of theirs got meanwhile is for the
/// next wait. After a cancel all branches are awaited; then `Cancelled` is thrown. Gives the index
/// and a std::variant of the results, std::monostate for void.
template <sdk::Waitable... Ws>
  requires(sizeof...(Ws) > 0)
sdk::Race<Ws...> race(Ws... branches) {
  return sdk::Race<Ws...>(std::move(branches)...);
}
/// The same for any number of one kind, at least one: else std::invalid_argument is thrown.
template <sdk::Waitable W>
sdk::RaceOf<W> race(std::vector<W> branches) {
  return sdk::RaceOf<W>(std::move(branches));
}

}  // namespace nowthen
