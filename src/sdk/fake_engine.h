#pragma once

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/command.h"
#include "core/invocation.h"
#include "sdk/coroutine_executor.h"

namespace nowthen::sdk {

/// Keeps the functions of steps waiting until it is told to run them.
class LatePool final : public Pool {
 public:
  void submit(std::string_view, std::move_only_function<void()> work) override {
    waiting.push_back(std::move(work));
  }
  void run() {
    for (auto& work : std::exchange(waiting, {})) work();
  }
  std::vector<std::move_only_function<void()>> waiting;
};

/// The core's side of the executor seam for one invocation, without store and policy: for tests.
/// Commands are applied in order, results are delivered in order, time moves when told to.
class FakeEngine final : public engine::LoopPort {
 public:
  explicit FakeEngine(std::shared_ptr<const Handlers> handlers, ExecutorOptions options = {})
      : handlers_(std::move(handlers)), options_(options) {
    executor_ = std::make_unique<CoroutineExecutor>(*this, handlers_, *pool, options_);
  }
  ~FakeEngine() override { executor_.reset(); }

  // ---- what a test sets and sees ----
  InlinePool inline_pool;
  Pool* pool = &inline_pool;    ///< takes effect with the next `crash`
  std::uint32_t tries_max = 3;  ///< of a step
  Duration backoff = std::chrono::milliseconds(10);
  bool hold_steps = false;             ///< steps are not let go
  std::size_t entries_max = SIZE_MAX;  ///< the process dies when the journal has so many
  core::Invocation inv;
  core::State state = core::State::ready;
  Error failure;                          ///< of the last failed attempt
  std::map<std::string, std::string> kv;  ///< per-key state
  std::vector<std::string> commands;      ///< "open step charge", "suspend kept", ...
  std::vector<core::Invoke> children;
  std::size_t posts = 0;
  bool hold_posts = false;  ///< functions of steps run, and their ends do not arrive
  bool dead = false;

  CoroutineExecutor& executor() { return *executor_; }
  bool ended() const { return is_terminal(state); }
  /// "charge=7 sleep= save!boom": the journal, one word per entry.
  std::string journal() const {
    std::string text;
    std::map<std::uint32_t, std::string> lines;
    for (const core::Entry& e : inv.done)
      lines[e.done_seq] = e.path + (e.outcome.ok() ? "=" : "!") + e.outcome.data;
    if (inv.cancel_seq != 0) lines[inv.cancel_seq] = "CANCEL";
    for (const auto& [seq, line] : lines) text += (text.empty() ? "" : " ") + line;
    return text;
  }
  std::size_t count(const std::string& command) const {
    return static_cast<std::size_t>(std::ranges::count(commands, command));
  }

  // ---- what happens ----
  void start(std::string operation, std::string input, std::uint32_t version = 1) {
    inv.id = InvocationId::make(1'000'000, 7, 42);
    inv.operation = std::move(operation);
    inv.version = version;
    inv.input = std::move(input);
    begin();
    run();
  }
  void begin() {
    ++inv.attempt;
    inv.epoch = core::next(inv.epoch);
    state = core::State::running;
    resident_ = true;
    executor_->begin(inv);
  }
  /// Until nothing moves without time passing.
  void run() {
    while (!dead && !ended()) {
      if (auto job = next_post()) {
        (*job)();
      } else if (!queue_.empty()) {
        core::CommandBody command = std::move(queue_.front());
        queue_.pop_front();
        std::visit([this](auto& body) { apply(body); }, command);
      } else if (!effects_.empty()) {
        auto effect = std::move(effects_.front());
        effects_.pop_front();
        effect();
      } else {
        return;
      }
    }
  }
  /// Lets time pass, timer by timer.
  void pass(Duration duration) {
    const WallTime until = now_ + duration;
    for (;;) {
      WallTime due = kNever;
      for (const core::Entry& e : inv.open) due = std::min(due, e.due);
      if (due > until || ended() || dead) break;
      now_ = std::max(now_, due);
      fire();
      run();
    }
    now_ = until;
    if (!ended() && !dead) executor_->evict_idle(now_);
    run();
  }
  void signal(const std::string& name, std::string payload) {
    for (const core::Entry& e : inv.open)
      if (e.kind == core::EntryKind::signal && signals_[e.path] == name)
        return complete(e.path, {ErrorCode::none, std::move(payload)}), run();
    inv.signals.push_back({name, std::move(payload)});
  }
  void child_ended(const std::string& path, core::Outcome outcome) {
    if (inv.find_open(path) != nullptr) complete(path, std::move(outcome));
    run();
  }
  void cancel() {
    if (inv.cancel_seq != 0) return;
    inv.cancel_seq = ++inv.last_seq;
    if (resident_) {
      state = core::State::running;
      const core::Lease lease = this->lease();
      effect(lease, [this, lease] { executor_->deliver_cancel(lease); });
    } else {
      begin();
    }
    run();
  }
  /// The process dies and comes back: only what is stored is left.
  void crash() {
    executor_.reset();
    executor_ = std::make_unique<CoroutineExecutor>(*this, handlers_, *pool, options_);
    queue_.clear();
    effects_.clear();
    {
      const std::lock_guard lock(mutex_);
      posted_.clear();
    }
    dead = false;
    leave();
    begin();
    run();
  }
  /// Another binary: its code runs from here on.
  void deploy(std::shared_ptr<const Handlers> handlers) { handlers_ = std::move(handlers); }
  void let_steps_go() {
    hold_steps = false;
    for (core::Entry& e : inv.open)
      if (is_step(e.kind) && held_.contains(e.path)) run_step(e);
    held_.clear();
    run();
  }
  void step_timed_out(const std::string& path) {
    const core::Lease to = lease();
    const std::uint32_t tries = inv.find_open(path)->tries;
    effect(to, [this, to, path, tries] { executor_->end_try(to, path, tries); });
    run();
  }

  // ---- LoopPort ----
  void submit(core::CommandBody command) override { queue_.push_back(std::move(command)); }
  void submit_to(std::uint16_t, core::CommandBody command) override { submit(std::move(command)); }
  void post(std::move_only_function<void()> job) override {
    const std::lock_guard lock(mutex_);
    ++posts;
    posted_.push_back(std::move(job));
  }
  WallTime now() const override { return now_; }

 private:
  core::Lease lease() const { return {inv.id, inv.epoch}; }
  bool stale(const core::Lease& lease) const {
    return lease.epoch != inv.epoch || lease.id != inv.id || ended() ||
           state == core::State::backing_off || state == core::State::parked;
  }
  void effect(const core::Lease& lease, std::function<void()> act) {
    effects_.push_back([this, lease, act = std::move(act)] {
      if (lease.epoch == inv.epoch && resident_) act();
    });
  }
  std::optional<std::move_only_function<void()>> next_post() {
    const std::lock_guard lock(mutex_);
    if (hold_posts || posted_.empty()) return std::nullopt;
    auto job = std::move(posted_.front());
    posted_.pop_front();
    return job;
  }
  /// What a lost or given up attempt leaves.
  void leave() {
    resident_ = false;
    std::erase_if(inv.open, [](const core::Entry& e) { return !is_stored(e); });
    running_.clear();
    held_.clear();
  }
  void record(core::Entry entry) {
    entry.done_seq = ++inv.last_seq;
    entry.due = kNever;
    inv.done.push_back(entry);
    if (inv.done.size() >= entries_max) {
      dead = true;
      return;
    }
    if (resident_) {
      state = core::State::running;
      const core::Lease to = lease();
      effect(to, [this, to, entry] { executor_->deliver(to, entry); });
    } else if (state == core::State::suspended) {
      begin();
    }
  }
  void complete(const std::string& path, core::Outcome outcome) {
    const auto open = std::ranges::find(inv.open, path, &core::Entry::path);
    core::Entry entry = std::move(*open);
    inv.open.erase(open);
    running_.erase(entry.path);
    entry.outcome = std::move(outcome);
    record(std::move(entry));
  }
  void run_step(core::Entry& e) {
    if (hold_steps) {
      held_.insert(e.path);
      return;
    }
    e.due = kNever;
    running_.insert(e.path);
    state = core::State::running;
    const core::Lease to = lease();
    effect(to,
           [this, to, path = e.path, tries = e.tries] { executor_->run_step(to, path, tries); });
  }
  void step_failed(core::Entry& e, core::Outcome outcome, bool permanent) {
    ++e.tries;
    running_.erase(e.path);
    if (permanent || e.kind == core::EntryKind::step_once || e.tries >= tries_max ||
        (inv.cancel_seq != 0 && e.kind != core::EntryKind::cleanup))
      return complete(std::string(e.path), std::move(outcome));
    e.outcome = std::move(outcome);
    e.due = now_ + backoff;
  }
  void fire() {
    for (core::Entry& e : inv.open) {
      if (e.due > now_) continue;
      if (e.kind == core::EntryKind::sleep) return complete(std::string(e.path), {});
      if (e.kind == core::EntryKind::signal)
        return complete(std::string(e.path), {ErrorCode::timed_out, "no signal came in time"});
      e.due = kNever;
      if (resident_) return run_step(e);
      if (state == core::State::suspended) return begin();
    }
  }
  void write(std::vector<core::StateWrite>& writes) {
    for (core::StateWrite& w : writes) {
      commands.push_back("write " + w.name);
      if (w.value) {
        kv[w.name] = *w.value;
      } else {
        kv.erase(w.name);
      }
    }
  }

  void apply(core::OpenEntry& c) {
    if (stale(c)) return;
    commands.push_back("open " + std::string(to_string(c.kind)) + " " + c.path);
    if ((inv.cancel_seq != 0 && c.kind != core::EntryKind::cleanup) || inv.find_done(c.path))
      return;
    const bool wrote = !c.writes.empty();
    write(c.writes);
    if (core::Entry* e = inv.find_open(c.path)) {
      if (is_step(e->kind) && !running_.contains(e->path) && (e->due == kNever || e->due <= now_))
        run_step(*e);
      return;
    }
    core::Entry& e = inv.open.emplace_back();
    e.path = c.path;
    e.kind = c.kind;
    e.wrote = wrote;
    if (is_step(c.kind)) return run_step(e);
    e.due = c.due;
    if (c.child) {
      c.child->id = e.child = InvocationId::make(2'000'000, 7, children.size() + 1);
      children.push_back(*c.child);
    }
    if (c.kind == core::EntryKind::send) {
      const std::string id = to_string(e.child);
      return complete(c.path, {ErrorCode::none, id});
    }
    if (c.kind == core::EntryKind::signal) {
      signals_[c.path] = c.signal;
      const auto found = std::ranges::find(inv.signals, c.signal, &core::BufferedSignal::name);
      if (found == inv.signals.end()) return;
      std::string payload = std::move(found->payload);
      inv.signals.erase(found);
      complete(c.path, {ErrorCode::none, std::move(payload)});
    }
  }
  void apply(core::CompleteStep& c) {
    if (stale(c)) return;
    commands.push_back((c.outcome.ok() ? "complete " : c.permanent ? "refuse " : "fail ") + c.path);
    core::Entry* e = inv.find_open(c.path);
    if (e == nullptr || !running_.contains(c.path) || e->tries != c.tries) return;
    if (c.outcome.ok()) {
      complete(c.path, std::move(c.outcome));
    } else {
      step_failed(*e, std::move(c.outcome), c.permanent);
    }
  }
  void apply(core::RecordValue& c) {
    if (stale(c)) return;
    commands.push_back("record " + c.path);
    write(c.writes);
    for (const std::string& path : c.withdrawn) {
      commands.push_back("withdraw " + path);
      std::erase_if(inv.open, [&path](const core::Entry& entry) { return entry.path == path; });
    }
    core::Entry e;
    e.path = c.path;
    e.kind = core::EntryKind::value;
    e.outcome.data = std::move(c.value);
    record(std::move(e));
  }
  void apply(core::ReadState& c) {
    if (stale(c)) return;
    core::Entry e;
    e.path = c.path;
    e.kind = core::EntryKind::value;
    if (const auto found = kv.find(c.name); found != kv.end()) e.outcome.data = "=" + found->second;
    record(std::move(e));
  }
  void apply(core::Suspend& c) {
    if (stale(c)) return;
    commands.push_back(c.kept ? "suspend kept" : "suspend");
    const bool behind = c.seen < inv.last_seq;
    if (c.kept) {
      if (!behind) state = core::State::suspended;
      return;
    }
    leave();
    state = core::State::suspended;
    const bool runnable = std::ranges::any_of(
        inv.open, [](const core::Entry& e) { return is_step(e.kind) && e.due == kNever; });
    if (behind || runnable) begin();
  }
  void apply(core::Finish& c) {
    if (stale(c)) return;
    write(c.writes);
    commands.push_back("finish");
    inv.outcome = std::move(c.outcome);
    state = inv.cancel_seq != 0 ? core::State::cancelled
            : inv.outcome.ok()  ? core::State::succeeded
                                : core::State::failed;
    executor_->drop(lease());
  }
  void apply(core::FailAttempt& c) {
    if (stale(c)) return;
    commands.push_back("fail attempt");
    failure = c.error;
    leave();
    state = core::State::backing_off;
  }
  void apply(core::ParkAttempt& c) {
    if (stale(c)) return;
    leave();
    inv.park_reason = c.reason;
    inv.note = c.detail;
    state = core::State::parked;
  }
  template <class Other>
  void apply(Other&) {}

  std::shared_ptr<const Handlers> handlers_;
  const ExecutorOptions options_;
  WallTime now_{std::chrono::seconds(1'000'000'000)};
  bool resident_ = false;
  std::deque<core::CommandBody> queue_;
  std::deque<std::function<void()>> effects_;
  std::set<std::string> running_;
  std::set<std::string> held_;
  std::map<std::string, std::string> signals_;
  std::mutex mutex_;
  std::deque<std::move_only_function<void()>> posted_;
  std::unique_ptr<CoroutineExecutor> executor_;
};

/// A registry with one operation.
template <class F>
std::shared_ptr<const Handlers> handlers_of(F function, bool non_blocking = true) {
  auto handlers = std::make_shared<Handlers>();
  Operation operation;
  operation.name = "op";
  operation.non_blocking = non_blocking;
  operation.handler = make_handler(std::move(function));
  if (!handlers->add(std::move(operation))) std::abort();
  return handlers;
}

}  // namespace nowthen::sdk
