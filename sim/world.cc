// Time, order, and what the parts of the world tell each other. What goes wrong in it is in
// world_faults.cc.

#include "sim/world.h"

#include <algorithm>

#include "base/assert.h"

namespace nowthen::sim {
namespace {

using namespace std::chrono_literals;

thread_local World* here_now = nullptr;

constexpr Duration kCoincide = 10ms;    // things fall together on these marks
constexpr Duration kPeaceWithin = 12h;  // after the faults
constexpr std::size_t kKnownKept = 4'000;
constexpr std::int64_t kCallbacksAmong = 4;  // one call of so many has a callback
constexpr std::uint64_t kActsAtOnceMax = 1'000'000;

}  // namespace

std::string short_name(InvocationId id) { return to_string(id).substr(18); }

World& World::here() {
  NT_ASSERT(here_now != nullptr);
  return *here_now;
}

World::World(std::uint64_t seed, std::size_t lines_kept)
    : dice_(seed),
      plan_(dice_),
      history_(lines_kept),
      epoch_(from_us(1'767'225'600'000'000)),  // 2026-01-01
      wall_max_(epoch_) {
  here_now = this;
  checkers_ = all_checkers(*this);
  workloads_ = all_workloads(*this);
}

World::~World() {
  while (!lives_.empty()) kill(lives_.back());
  events_.clear();
  here_now = nullptr;
}

World::StepScope::StepScope(World& world, Life& life)
    : world_(world), before_(std::exchange(world.step_of_, life.number())) {}
World::StepScope::~StepScope() { world_.step_of_ = before_; }

void World::run() {
  for (const auto& workload : workloads_) note(0, "workload " + std::string(workload->name()));
  start_life();
  for (const auto& workload : workloads_) workload->start();
  start_faults();
  run_until(plan_.storm, [] { return false; });
  heal();
  run_until(plan_.storm + kPeaceWithin, [this] { return at_peace(); });
  check_end();
}

void World::run_until(Duration end, const std::function<bool()>& enough) {
  while (!violation_ && now_ < end && !enough()) {
    if (!act_once()) {
      check_rest();
      pass_time(end);
      acts_at_once_ = 0;
    } else if (++acts_at_once_ > kActsAtOnceMax) {
      wrong("time goes on", "there is always something to do at once");
    }
    bury();
  }
}

/// One event or one turn, whichever is drawn. False if nothing happens at this time any more.
bool World::act_once() {
  std::vector<std::pair<Life*, std::size_t>> turns;
  for (const auto& life : lives_) {
    for (std::size_t i = 0; i < life->busy.size(); ++i) {
      if (life->busy[i] && life->paused_until[i] <= now_) turns.emplace_back(life.get(), i);
    }
  }
  std::size_t due = 0;
  for (auto event = events_.begin(); event != events_.end() && due < 8; ++event) {
    if (event->first.first > now_) break;
    ++due;
  }
  const std::size_t choices = turns.size() + due;
  if (choices == 0) return false;
  const std::size_t choice = dice_.below(choices);
  if (choice < turns.size()) {
    turn(*turns[choice].first, turns[choice].second);
  } else {
    auto event = events_.extract(
        std::next(events_.begin(), static_cast<std::ptrdiff_t>(choice - turns.size())));
    const auto whose = std::ranges::find(lives_, event.mapped().life, &Life::number);
    turning_ = whose == lives_.end() ? nullptr : whose->get();
    event.mapped().job();
    turning_ = nullptr;
    wake_all();
  }
  return true;
}

void World::turn(Life& life, std::size_t loop) {
  turning_ = &life;
  const bool worked = life.engine()->loops()[loop]->turn();
  turning_ = nullptr;
  if (worked) {
    wake_all();
  } else {
    life.busy[loop] = false;
  }
}

void World::wake_all() {
  for (const auto& life : lives_) life->busy.assign(life->busy.size(), true);
}

void World::pass_time(Duration end) {
  Duration next = end;
  if (!events_.empty()) next = std::min(next, events_.begin()->first.first);
  for (const auto& life : lives_) {
    for (std::size_t i = 0; i < life->busy.size(); ++i) {
      const WallTime due = life->engine()->loops()[i]->next_due();
      if (due == kNever) continue;
      const Duration at = due <= wall() ? now_ : due - epoch_ - offset_;
      next = std::min(next, std::max(at, life->paused_until[i]));
    }
  }
  now_ = std::max(next, now_ + Duration(1));
  wall_max_ = std::max(wall_max_, wall());
  wake_all();
}

void World::later(Duration wait, unsigned life, std::move_only_function<void()> job) {
  if (life != 0 && !alive_.contains(life)) return;  // its last words
  Duration due = now_ + wait;
  if (dice_.chance(200)) due = (due / kCoincide + 1) * kCoincide;
  events_.emplace(EventKey{due, ++last_event_}, Event{life, std::move(job)});
}

void World::wrong(std::string_view checker, std::string what) {
  note(0, "WRONG " + std::string(checker) + ": " + what);
  if (!violation_) violation_ = {std::string(checker), std::move(what)};
}

// ---- what happens is shown to the checkers -----------------------------------------------------

void World::committed(const store::Turn& turn, unsigned life) {
  const CommitSeen seen = disk_.book.apply(turn, life, wall_max_);
  note(life, "commit: " + std::to_string(seen.headers.size()) + " headers, " +
                 std::to_string(seen.entries.size()) + " entries, " +
                 std::to_string(seen.ended.size()) + " ends");
  for (const auto& checker : checkers_) checker->committed(seen);
}

void World::began(const LetGo& go, const core::Invocation& invocation) {
  for (const auto& checker : checkers_) checker->began(go, invocation);
}
void World::let_go(const LetGo& go) {
  for (const auto& checker : checkers_) checker->let_go(go);
}
void World::delivered(const LetGo& go, const core::Entry& entry) {
  for (const auto& checker : checkers_) checker->delivered(go, entry);
}

// ---- clients -----------------------------------------------------------------------------------

engine::Answered World::answered_for(std::uint64_t ticket) {
  return [this, ticket](core::Reply reply) {
    auto asked = asked_.extract(ticket);
    if (asked.empty()) return;  // its process is dead
    if (!reply.id.is_null() && known_.size() < kKnownKept) known_.push_back(reply.id);
    note(asked.mapped().life, "told " + std::to_string(ticket) + " " +
                                  (reply.id.is_null() ? "-" : short_name(reply.id)) + " " +
                                  std::string(core::to_string(reply.state)) + " " +
                                  std::string(to_string(reply.outcome.code)) + " " +
                                  reply.outcome.data.substr(0, 60));
    const Told told{std::move(asked.mapped().body), std::move(reply)};
    for (const auto& checker : checkers_) checker->told(told);
    if (asked.mapped().then) asked.mapped().then(&told.reply);
  };
}

void World::call(std::string_view operation, std::string input, const CallOptions& options,
                 Then then) {
  if (current_ == nullptr) return then(nullptr);
  core::Invoke call = sdk::to_invoke(operation, std::move(input), options);
  // Of one key always the same: it is part of what a repeat must not differ in.
  const std::string& key = call.options.idempotency_key;
  if (value_of(key.empty() ? call.input : key) % kCallbacksAmong == 0)
    call.options.callback = "http://receiver/" + key;
  const std::uint64_t ticket = ++last_asked_;
  note(0, "call " + std::to_string(ticket) + " " + call.operation + " " + call.input.substr(0, 60) +
              " " + call.options.idempotency_key);
  asked_.emplace(ticket, Asked{current_->number(), call, std::move(then)});
  current_->invoke(std::move(call), answered_for(ticket));
}

void World::ask(InvocationId id, core::CommandBody body, Then then) {
  if (current_ == nullptr) return then ? then(nullptr) : void();
  const std::uint64_t ticket = ++last_asked_;
  note(0, "ask " + std::to_string(ticket) + " about " + short_name(id) + " command " +
              std::to_string(body.index()));
  asked_.emplace(ticket, Asked{current_->number(), body, std::move(then)});
  current_->ask(id, std::move(body), answered_for(ticket));
}

std::optional<InvocationId> World::known_id() {
  if (known_.empty()) return std::nullopt;
  return dice_.pick(known_);
}

// ---- ends --------------------------------------------------------------------------------------

bool World::at_peace() const {
  if (now_ <= plan_.storm + kCoincide) return false;  // calls may still be planned
  return current_ != nullptr && asked_.empty() && unfinished_ == 0 && book().live().empty() &&
         book().outbox().empty();
}

void World::check_rest() {
  if (current_ == nullptr || in_flight_[current_->number()] != 0) return;
  const bool paused =
      std::ranges::any_of(current_->paused_until, [this](Duration until) { return until > now_; });
  const bool gathers = std::ranges::any_of(
      current_->engine()->loops(), [](const auto& loop) { return loop->has_uncommitted(); });
  if (paused || gathers || !dice_.chance(100)) return;
  for (const auto& checker : checkers_) checker->at_rest();
}

void World::check_end() {
  if (violation_) return;
  if (!at_peace()) {
    std::string what = std::to_string(asked_.size()) + " callers wait, " +
                       std::to_string(unfinished_) + " clients, " +
                       std::to_string(book().live().size()) + " invocations are live, " +
                       std::to_string(book().outbox().size()) + " messages wait";
    for (const auto& [id, header] : book().live()) {
      what += "; " + short_name(id) + " " + header->operation + " " +
              std::string(core::to_string(header->state));
    }
    for (const auto& [key, message] : book().outbox()) what += "; " + message;
    return wrong("everything finishes", what.substr(0, 2'000));
  }
  for (const auto& checker : checkers_) checker->at_end();
  for (const auto& workload : workloads_) workload->check();
  // Workloads keep what has ended for a minute at most; a clock that went back makes that longer.
  const Duration kept = 2min + (wall_max_ - wall());
  run_until(now_ + kept, [] { return false; });
  for (const auto& checker : checkers_) checker->after_retention();
}

std::string World::summary() const {
  return std::to_string(last_life_) + " lives, " + std::to_string(book().endings().size()) +
         " invocations, " + std::to_string(ledger_.all().size()) + " steps, " +
         std::to_string(now_.count() / 1'000'000) + " s, " + std::to_string(history_.count()) +
         " events";
}

}  // namespace nowthen::sim
