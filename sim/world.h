#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <nowthen/call_options.h>

#include "sim/checker.h"
#include "sim/dice.h"
#include "sim/history.h"
#include "sim/life.h"
#include "sim/outside.h"
#include "sim/plan.h"
#include "sim/sim_store.h"
#include "sim/workload.h"

namespace nowthen::sim {

/// In the content of what comes too late: it must never be stored.
inline constexpr std::string_view kPoison = "\"poison\"";

/// The operation that workers pull.
inline constexpr const char* kPulledOperation = "pulled";

struct Violation {
  std::string checker;
  std::string what;
};

/// The last characters of an id, for the history.
std::string short_name(InvocationId id);

/// One history. The only source of order, time and chance: the same seed is the same history.
class World {
 public:
  World(std::uint64_t seed, std::size_t lines_kept);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Lives through all of it, or up to the first violation.
  void run();
  const std::optional<Violation>& violation() const { return violation_; }
  const History& history() const { return history_; }
  std::string summary() const;

  // ---- for the parts of the world ----
  static World& here();  ///< of this thread
  Dice& dice() { return dice_; }
  const Plan& plan() const { return plan_; }
  Disk& disk() { return disk_; }
  const Book& book() const { return disk_.book; }
  Ledger& ledger() { return ledger_; }
  Duration now() const { return now_; }
  WallTime wall() const { return epoch_ + now_ + offset_; }
  WallTime wall_max() const { return wall_max_; }
  void note(unsigned life, std::string_view what) { history_.note(now_, life, what); }
  void wrong(std::string_view checker, std::string what);
  /// `life` 0: of the world. What belongs to a life goes with it.
  void later(Duration wait, unsigned life, std::move_only_function<void()> job);
  void doom(Life& life, std::string_view why);
  /// The process dies whose code runs.
  void die_of(std::string_view what) { doom(*turning_, what); }
  void in_flight(Life& life, int change) { in_flight_[life.number()] += change; }
  void committed(const store::Turn& turn, unsigned life);
  void began(const LetGo& go, const core::Invocation& invocation);
  void let_go(const LetGo& go);
  void delivered(const LetGo& go, const core::Entry& entry);

  /// While it lives, a function of a step runs in the process.
  class StepScope {
   public:
    StepScope(World& world, Life& life);
    ~StepScope();
    StepScope(const StepScope&) = delete;
    StepScope& operator=(const StepScope&) = delete;

   private:
    World& world_;
    unsigned before_;
  };
  bool in_step_of(const Life& life) const { return step_of_ == life.number(); }
  unsigned life_in_step() const { return step_of_; }

  // ---- for workloads ----
  /// Null: the connection broke before there was an answer.
  using Then = std::function<void(const core::Reply*)>;
  void call(std::string_view operation, std::string input, const CallOptions& options, Then then);
  void ask(InvocationId id, core::CommandBody body, Then then);
  Life* life() { return current_; }
  bool storm() const { return storm_; }
  bool clock_goes_back() const { return plan_.jumps_back; }
  /// The code that runs belongs to a life that another one has replaced: what it sees is old.
  bool in_old_life() const { return turning_ != nullptr && !turning_->current; }
  /// An id that somebody was told, or none.
  std::optional<InvocationId> known_id();
  /// Something outside is not over yet: the world does not rest before.
  void unfinished(int change) { unfinished_ += change; }
  /// A person has allowed that the step runs again although it began.
  void allow_again(const std::string& token) { allowed_again_.push_back(token); }
  std::vector<std::string>& allowed_again() { return allowed_again_; }
  /// A person has asked for a new journal.
  void allow_restart(InvocationId id) { allowed_restart_.insert(id); }
  bool may_restart(InvocationId id) const { return allowed_restart_.contains(id); }

 private:
  struct Asked {
    unsigned life;
    core::CommandBody body;
    Then then;
  };
  using EventKey = std::pair<Duration, std::uint64_t>;
  struct Event {
    unsigned life;
    std::move_only_function<void()> job;
  };

  void run_until(Duration end, const std::function<bool()>& enough);
  bool act_once();
  void pass_time(Duration end);
  void turn(Life& life, std::size_t loop);
  void wake_all();
  void bury();
  void kill(std::shared_ptr<Life> life);
  void start_life();
  void start_faults();
  void crash_now_and_then();
  void jump_now_and_then();
  void pause_now_and_then();
  void heal();
  bool at_peace() const;
  void check_rest();
  void check_end();
  core::CommandBody copy_for_checkers(const core::CommandBody& body);
  engine::Answered answered_for(std::uint64_t ticket);

  Dice dice_;
  Plan plan_;
  History history_;
  Disk disk_;
  Ledger ledger_;
  const WallTime epoch_;
  Duration now_{};
  Duration offset_{};
  WallTime wall_max_{};

  std::map<EventKey, Event> events_;
  std::uint64_t last_event_ = 0;
  std::vector<std::shared_ptr<Life>> lives_;
  Life* current_ = nullptr;
  Life* turning_ = nullptr;
  unsigned last_life_ = 0;
  std::set<unsigned> alive_;
  bool start_planned_ = false;
  std::map<unsigned, int> in_flight_;
  unsigned step_of_ = 0;

  std::map<std::uint64_t, Asked> asked_;
  std::uint64_t last_asked_ = 0;
  std::vector<InvocationId> known_;
  int unfinished_ = 0;
  bool storm_ = true;
  std::vector<std::string> allowed_again_;
  std::set<InvocationId> allowed_restart_;

  std::vector<std::unique_ptr<Checker>> checkers_;
  std::vector<std::unique_ptr<Workload>> workloads_;
  std::uint64_t acts_at_once_ = 0;  ///< since time passed
  std::optional<Violation> violation_;
};

}  // namespace nowthen::sim
