#include "engine/loop.h"

#include <algorithm>

#include "base/assert.h"
#include "base/planted.h"
#include "core/apply.h"
#include "core/trace.h"
#include "engine/overloaded.h"
#include "engine/sleeper.h"

namespace nowthen::engine {
namespace {

constexpr std::size_t kCommandsPerTurn = 4'096;  // bounds the rows of one commit
constexpr std::size_t kChangesPerCommit = 32'768;
constexpr std::size_t kTimersPerTurn = 1'024;
constexpr Duration kUpkeepInterval = std::chrono::seconds(1);

thread_local Loop* loop_here = nullptr;  // that this thread runs

/// What attempts that run have to say, for which the engine waits when it stops; and who asks for
/// their results.
bool is_welcome_at_the_end(const core::CommandBody& body) {
  return std::holds_alternative<core::Await>(body) ||
         std::visit([](const auto& command) { return requires { command.epoch; }; }, body);
}

/// About what a command takes in memory.
std::size_t size_of(const core::CommandBody& body) {
  std::size_t bytes = sizeof(Incoming);
  if (const auto* call = std::get_if<core::Invoke>(&body)) bytes += call->input.size();
  if (const auto* signal = std::get_if<core::Signal>(&body)) bytes += signal->payload.size();
  if (const auto* step = std::get_if<core::RecordStep>(&body)) bytes += step->outcome.data.size();
  if (const auto* end = std::get_if<core::Finish>(&body)) bytes += end->outcome.data.size();
  if (const auto* fail = std::get_if<core::FailAttempt>(&body)) bytes += fail->error.message.size();
  return bytes;
}

void set_waiter(core::CommandBody& body, core::WaiterId waiter) {
  std::visit(
      [waiter](auto& command) {
        if constexpr (requires { command.waiter; }) command.waiter = waiter;
      },
      body);
}

}  // namespace

bool on_loop_thread() { return loop_here != nullptr; }

void refuse(Answered& answered, ErrorCode code, std::string why) {
  core::Reply reply;
  reply.refused = true;
  reply.outcome = {code, std::move(why)};
  answered(std::move(reply));
}

Loop::Loop(LoopSeams seams, const std::vector<std::uint16_t>& own, std::uint16_t all,
           const Limits& limits)
    : seams_(std::move(seams)),
      reactor_(seams_.make_reactor ? seams_.make_reactor() : std::make_unique<Sleeper>()),
      executor_(seams_.make_executor(*this, *reactor_)),
      prng_(seams_.seed),
      open_(std::make_unique<Turn>(TurnSeq{1})),
      asked_bytes_max_(limits.asked_bytes_max) {
  for (const std::uint16_t number : own) {
    partitions_.push_back(std::make_unique<Partition>(number, all, limits));
    by_number_[number] = partitions_.back().get();
    partitions_.back()->state.traced = seams_.on_span != nullptr;
  }
}

Loop::~Loop() {
  close();
  end();
}

void Loop::close() {
  if (closing_) return;
  Loop* const before = std::exchange(loop_here, this);
  closing_ = true;
  take_inbox();
  fail({ErrorCode::unavailable, "the engine has stopped"});
  loop_here = before;
}

void Loop::end() {
  if (closed_) return;
  Loop* const before = std::exchange(loop_here, this);
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  take_inbox();  // answers of other loops; whoever asked in the meantime is told
  executor_.reset();
  loop_here = before;
}

// ---- any thread ------------------------------------------------------------------------------

void Loop::post(std::move_only_function<void()> job) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  inbox_.push_back(std::move(job));
  if (std::exchange(sleeping_, false)) reactor_->wake();  // held: the loop may be gone after it
}

Loop* Loop::here() { return loop_here; }

void Loop::ask(std::uint16_t partition, core::CommandBody body, Answered answered,
               std::optional<AuditEntry> audit) {
  if (closed_) return refuse(answered, ErrorCode::unavailable, "the engine has stopped");
  const std::size_t bytes = size_of(body);
  if (asked_bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes > asked_bytes_max_) {
    asked_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    return refuse(answered, ErrorCode::overloaded,
                  "asked_bytes_max (" + std::to_string(asked_bytes_max_) +
                      ") bytes of calls and signals wait to be taken");
  }
  Incoming incoming{.partition = partition, .body = std::move(body), .outbox = {}};
  incoming.asked_bytes = bytes;
  incoming.audit = std::move(audit);
  if (loop_here == this) return take(std::move(incoming), std::move(answered));
  post([this, incoming = std::move(incoming), answered = std::move(answered)]() mutable {
    take(std::move(incoming), std::move(answered));
  });
}

void Loop::take(Incoming incoming, Answered answered) {
  if (failure_ || (draining_ && !is_welcome_at_the_end(incoming.body))) {
    asked_bytes_.fetch_sub(incoming.asked_bytes, std::memory_order_relaxed);
    if (failure_) return refuse(answered, failure_->code, failure_->message);
    return refuse(answered, ErrorCode::unavailable, "the engine is stopping");
  }
  const auto waiter = static_cast<core::WaiterId>(++last_waiter_);
  set_waiter(incoming.body, waiter);
  waiters_.emplace(waiter, std::move(answered));
  enqueue(std::move(incoming));
}

void Loop::run() {
  loop_here = this;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const bool served = reactor_->poll();
    const bool worked = turn();
    const WallTime due = next_due();
    lock.lock();
    if (served || worked || !inbox_.empty() || stopping_) continue;
    sleeping_ = true;
    lock.unlock();
    constexpr Duration kLongest = std::chrono::minutes(1);
    const Duration left = due - seams_.clock.now();
    // After a failure nothing comes of itself any more.
    reactor_->wait(failure_ ? kLongest : std::clamp(left, Duration::zero(), kLongest));
    lock.lock();
    sleeping_ = false;
  }
}

void Loop::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  reactor_->wake();
}

// ---- a turn ----------------------------------------------------------------------------------

bool Loop::turn() {
  now_ = std::max(now_, seams_.clock.now());
  bool worked = take_inbox();
  if (failure_) {
    if (when_idle_) std::exchange(when_idle_, nullptr)();
    return worked;
  }
  worked |= fire_timers();
  if (now_ >= next_upkeep_) worked |= keep_up();
  std::size_t left = kCommandsPerTurn;
  // While a commit takes its time the next one does not grow for ever: what comes waits in line.
  const auto full = [this] { return in_flight_ && open_->changed().size() >= kChangesPerCommit; };
  while (!queue_.empty() && left-- > 0 && !full()) {
    Incoming incoming = std::move(queue_.front());
    queue_.pop_front();
    process(std::move(incoming));
    worked = true;
  }
  commit();
  if (when_idle_) {
    executor_->evict_idle(kNever);  // what waits must not look like a lost attempt
    if (idle()) std::exchange(when_idle_, nullptr)();
  }
  return worked || (!queue_.empty() && !full());
}

bool Loop::take_inbox() {
  {
    const std::lock_guard lock(mutex_);
    inbox_taken_.swap(inbox_);
  }
  const bool worked = !inbox_taken_.empty();
  for (auto& job : inbox_taken_) job();
  inbox_taken_.clear();
  return worked;
}

bool Loop::fire_timers() {
  bool worked = false;
  for (const auto& partition : partitions_) {
    std::size_t left = kTimersPerTurn;
    while (left-- > 0) {
      const auto id = partition->state.pop_due(now_);
      if (!id) break;
      enqueue({partition->state.partition, core::FireTimers{*id}, std::nullopt});
      worked = true;
    }
  }
  return worked;
}

bool Loop::keep_up() {
  next_upkeep_ = after(now_, kUpkeepInterval);
  executor_->evict_idle(now_);
  return drop_buckets();
}

WallTime Loop::next_due() const {
  WallTime due = std::min(next_upkeep_, gather_until_);
  for (const auto& partition : partitions_) due = std::min(due, partition->state.next_due());
  return due;
}

Partition* Loop::find(std::uint16_t partition) {
  const auto it = by_number_.find(partition);
  return it == by_number_.end() ? nullptr : it->second;
}

bool Loop::idle() const {
  return queue_.empty() && open_->empty() && !in_flight_ &&
         std::ranges::all_of(partitions_, [](const auto& p) { return p->state.running == 0; });
}

void Loop::submit(core::CommandBody command) {
  // Under a lease: the partition is in the id.
  const std::uint16_t partition = std::visit(
      [](const auto& body) -> std::uint16_t {
        if constexpr (requires { body.epoch; }) return body.id.partition();
        return 0;
      },
      command);
  enqueue({partition, std::move(command), std::nullopt});
}

void Loop::submit_to(std::uint16_t partition, core::CommandBody command) {
  NT_ASSERT(find(partition) != nullptr);
  enqueue({partition, std::move(command), std::nullopt});
}

void Loop::process(Incoming incoming) {
  Partition* partition = find(incoming.partition);
  NT_ASSERT(partition != nullptr);
  if (failure_) return;
  if (incoming.asked_bytes != 0)
    asked_bytes_.fetch_sub(std::exchange(incoming.asked_bytes, 0), std::memory_order_relaxed);
  if (partition->fetching) {
    partition->waiting.push_back(std::move(incoming));
    return;
  }
  core::Command command{now_, prng_.next(), std::move(incoming.body)};
  core::Effects effects = std::move(effects_);
  const auto missing = core::apply(partition->state, command, effects);
  if (missing) {
    effects_ = std::move(effects);
    incoming.body = std::move(command.body);
    fetch(*partition, *missing, std::move(incoming));
    return;
  }
  partition->state.forget_fetched();
  if (incoming.audit && !effects.rows.empty())
    open_->write(*partition, audit_row(std::move(*incoming.audit)));
  carry_out(*partition, effects, incoming.outbox);
  effects.rows.clear();
  effects.effects.clear();
  effects_ = std::move(effects);
  if (incoming.fetched) {
    evict(*partition, *incoming.fetched);
  } else if (const auto* timers = std::get_if<core::FireTimers>(&command.body)) {
    evict(*partition, timers->id);
  }
}

void Loop::carry_out(Partition& partition, core::Effects& effects,
                     const std::optional<OutboxRow>& outbox) {
  if (!effects.rows.empty()) {
    partition.dirty = open_->seq();
    for (core::RowChange& change : effects.rows) open_->add(partition, std::move(change));
  }
  for (core::GatedEffect& gated : effects.effects) {
    if (failure_) return;  // a row that a message asked for could not be read
    if (auto* message = std::get_if<core::Message>(&gated.effect)) {
      send(partition, std::move(*message));
    } else if (gated.gate == core::Gate::none || partition.dirty <= committed_ ||
               (planted(Bug::reply_before_commit) &&
                std::holds_alternative<core::Reply>(gated.effect))) {
      release(partition, gated.effect);
    } else {
      turn_of(partition.dirty).effects_held.push_back({&partition, std::move(gated.effect)});
    }
  }
  if (!outbox) return;
  // Applied; once that is durable, and the messages that it led to, the row may go.
  auto erase = [this, row = *outbox] { erase_outbox(row); };
  if (open_->empty()) {
    when_committed(partition, std::move(erase));
  } else {
    open_->jobs_held.push_back(std::move(erase));
  }
}

Turn& Loop::turn_of(TurnSeq seq) {
  if (in_flight_ && in_flight_->seq() == seq) return *in_flight_;
  NT_ASSERT(open_->seq() == seq);
  return *open_;
}

void Loop::when_committed(Partition& partition, std::move_only_function<void()> job) {
  if (failure_) return;
  if (partition.dirty <= committed_) {
    job();
  } else {
    turn_of(partition.dirty).jobs_held.push_back(std::move(job));
  }
}

void Loop::release(Partition& partition, core::Effect& effect) {
  std::visit(Overloaded{
                 [&](core::Dispatch& dispatch) {
                   const core::Live* live = partition.state.find(dispatch.id);
                   if (live == nullptr || !live->loaded) return;
                   const core::Invocation& inv = *live->loaded;
                   if (inv.epoch == dispatch.epoch && inv.resident) executor_->begin(inv);
                 },
                 [&](core::RunStep& run) {
                   const core::Live* live = partition.state.find(run.id);
                   if (live == nullptr || !live->loaded || live->loaded->epoch != run.epoch) return;
                   if (!live->loaded->resident) return;
                   // Its commit may have taken so long that the try has timed out: it must not
                   // begin.
                   const core::Entry* entry = live->loaded->find_open(run.path);
                   const bool wanted = entry != nullptr && entry->stage == core::Stage::running &&
                                       entry->tries == run.tries;
                   if (wanted) executor_->run_step(run, run.path, run.tries);
                 },
                 [&](core::EndTry& over) { executor_->end_try(over, over.path, over.tries); },
                 [&](core::Deliver& deliver) {
                   const core::Live* live = partition.state.find(deliver.id);
                   if (live == nullptr || !live->loaded) return;  // ended by a later effect's cause
                   executor_->deliver(deliver, live->loaded->done[deliver.index]);
                 },
                 [&](core::DeliverCancel& told) { executor_->deliver_cancel(told); },
                 [&](core::DropAttempt& dropped) { executor_->drop(dropped); },
                 [&](core::RefuseAttempt& refused) { executor_->drop(refused); },
                 [&](core::Reply& reply) {
                   const auto it = waiters_.find(reply.waiter);
                   if (it == waiters_.end()) return;
                   Answered answered = std::move(it->second);
                   waiters_.erase(it);
                   answered(std::move(reply));
                 },
                 [&](core::Load& load) {
                   enqueue({partition.state.partition, core::StartLoaded{load.id}, std::nullopt});
                 },
                 [&](const core::GivenUp& of) {
                   const bool parked = of.state == core::State::parked;
                   const auto reason = std::string(to_string(of.reason));
                   seams_.log({.level = LogLevel::warning,
                               .message = (parked ? "parked, " + reason : "failed for good") +
                                          ": " + of.note,
                               .operation = of.operation,
                               .invocation = of.id,
                               .trace = core::trace_id_of(of.trace)});
                 },
                 [&](const core::Span& span) { seams_.on_span(span); },
                 [&](const core::WorkWaits& work) {
                   executor_->work_waits(partition.state.partition, work.operation);
                 },
                 [&](const core::Took& took) { executor_->took(partition.state.partition, took); },
                 [](core::Message&) { NT_ASSERT(false); },
             },
             effect);
}

void Loop::configure(const core::Configure& command) {
  for (const auto& partition : partitions_) {
    process({partition->state.partition, command, std::nullopt});
  }
}

void Loop::drain() {
  refuse_more();
  for (const auto& partition : partitions_) partition->state.draining = true;
  executor_->evict_idle(kNever);
}

store::RowWrite Loop::audit_row(AuditEntry entry) {
  entry.at = now_;
  open_->jobs_held.push_back([this, line = to_log_line(entry)] { seams_.log(line); });
  return encode_audit(entry, prng_.next());
}

void Loop::write(std::uint16_t partition, std::vector<store::RowWrite> rows,
                 std::move_only_function<void()> done) {
  Partition* target = find(partition);
  NT_ASSERT(target != nullptr);
  if (failure_) return;
  target->dirty = open_->seq();
  for (store::RowWrite& row : rows) open_->write(*target, std::move(row));
  open_->jobs_held.push_back(std::move(done));
}

}  // namespace nowthen::engine
