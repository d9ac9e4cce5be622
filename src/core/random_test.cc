// Thousands of random commands, good and bad, with evictions and deaths of the process between
// them. After each command the Driver checks the invariants and that the rows hold what memory
// holds; here is what needs a history: order, steps that ran, and that everything ends.

#include <algorithm>

#include "base/prng.h"
#include "core/core_fixture.h"

namespace nowthen::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Limits small_limits() {
  Limits limits;
  limits.running_max = 3;
  limits.journal_entries_max = 12;
  limits.open_entries_max = 6;
  limits.signals_max = 3;
  limits.waiters_max = 4;
  limits.waiting_max = 40;
  limits.depth_max = 2;
  limits.error_bytes_max = 8;
  return limits;
}

class RandomRun : public Driver {
 public:
  explicit RandomRun(std::uint64_t seed) : Driver(small_limits()), prng_(seed) {
    for (const std::string& name : kOperations) declare(name, {1});
  }

  void run(int commands) {
    for (int i = 0; i < commands && !testing::Test::HasFailure(); ++i) {
      out = Effects();
      act();
      note_history();
    }
  }

  /// Faults stop; then everything must end.
  void run_down() {
    for (const std::string& name : kOperations) declare(name, {1});
    for (int round = 0; round < 3'000 && !state->live.empty(); ++round) {
      if (testing::Test::HasFailure()) return;
      start_loaded();
      deliver_messages();
      if (state->operations.at("pulled")->pulled) take(3);
      for (const InvocationId id : ids()) {
        if (live(id) == nullptr) continue;
        if (live(id)->state == State::parked) below(2) == 0 ? resume(id) : cancel(id);
        if (live(id) != nullptr && live(id)->state == State::suspended) send_signals(id);
        if (live(id) != nullptr && live(id)->state == State::running) finish(id);
      }
      advance(seconds(30));
    }
    start_loaded();  // of those that were cancelled meanwhile
    EXPECT_TRUE(state->live.empty()) << dump(*state);
    EXPECT_TRUE(state->order_lines.empty());
    EXPECT_EQ(state->running, 0u);
  }

 private:
  inline static const std::vector<std::string> kOperations = {"now", "auto", "later", "other",
                                                              "pulled"};

  std::uint64_t below(std::uint64_t bound) { return prng_.below(bound); }
  template <class T>
  const T& one_of(const std::vector<T>& list) {
    return list[static_cast<std::size_t>(below(list.size()))];
  }
  std::vector<InvocationId> ids() const {
    std::vector<InvocationId> ids;
    for (const auto& [id, entry] : state->live) ids.push_back(id);
    std::ranges::sort(ids);
    return ids;
  }
  InvocationId any_id() {
    const std::vector<InvocationId> all = ids();
    if (all.empty() || below(20) == 0) return InvocationId::make(1, 0, below(3));
    return one_of(all);
  }

  void declare(const std::string& name, std::vector<std::uint32_t> versions) {
    Policy policy;
    policy.mode = name == "now" ? Mode::now : name == "auto" ? Mode::auto_ : Mode::later;
    policy.answer_within = seconds(1);
    policy.start_within = name == "other" ? seconds(20) : seconds(0);
    policy.attempt_timeout = seconds(5);
    policy.step_timeout = seconds(2);
    policy.cleanup_within = seconds(3);
    policy.retry.attempts_max = 3;
    policy.retry.interval = milliseconds(below(3) * 100);
    policy.on_timeout = below(2) == 0 ? OnTimeout::cancel : OnTimeout::finish;
    policy.on_exhausted = below(2) == 0 ? OnExhausted::fail : OnExhausted::park;
    const bool pulled = name == "pulled" && below(4) != 0;
    apply(Configure{name, policy, name == "now" ? "" : "shared", std::move(versions), pulled});
  }

  void act() {
    const std::uint64_t dice = below(100);
    if (dice < 14) return call();
    if (dice < 18) return await(any_id(), milliseconds(below(3) * 700));
    if (dice < 22) return signal(any_id(), one_of<std::string>({"a", "b"}));
    if (dice < 24) return cancel(any_id());
    if (dice < 26) return park(any_id());
    if (dice < 29) return resume(any_id());
    if (dice < 30) return restart_any();
    if (dice < 32) return resolve_any();
    if (dice < 38) return advance(milliseconds(below(4) * below(1'000)));
    if (dice < 39) return advance(seconds(below(20)));
    if (dice < 46) return deliver_messages();
    if (dice < 51) return start_loaded();
    if (dice < 57) return evict(any_id());
    if (dice < 58) return below(2) == 0 ? die() : apply(StartLoaded{any_id()});
    if (dice < 60)
      return declare(one_of(kOperations),
                     below(3) == 0 ? std::vector<std::uint32_t>{} : std::vector{1u});
    if (dice < 61) return apply(FireTimers{any_id()});
    if (dice < 66) return takes();
    executor_acts();
  }

  void takes() {
    const Took took = take(static_cast<std::uint32_t>(below(4)));
    if (took.ids.empty()) return;
    const Live* first = live(took.ids.front());
    if (below(3) == 0 && first != nullptr && first->state == State::running)
      release(took.ids.front());
  }

  void die() {
    below(2) == 0 ? crash() : crash({any_id()});
    last_begun_.clear();  // numbers of those that ended may be given out again
    // What left before the crash is gone with it; messages are in the outbox, delivered again.
    for (CommandBody& each : messages) {
      if (auto* call = std::get_if<Invoke>(&each)) call->redelivered = true;
    }
  }

  void call() {
    CallOptions options;
    if (below(2) == 0) options.order_key = one_of<std::string>({"k", "l"});
    if (below(4) == 0) options.idempotency_key = one_of<std::string>({"i", "j"});
    if (below(6) == 0) options.delay = milliseconds(below(3'000));
    if (below(4) == 0) options.wait = milliseconds(below(3) * 400);
    if (below(6) == 0) options.prefer = Mode::later;
    options.priority = static_cast<std::uint8_t>(below(10));
    invoke(one_of(kOperations), options, below(5) == 0 ? "other input" : "input");
  }

  void restart_any() {
    const InvocationId id = any_id();
    restart(id);
    if (refusal() != ErrorCode::none) return;
    std::erase_if(once_, [id](const auto& each) { return each.first == id; });
  }
  void resolve_any() {
    const InvocationId id = any_id();
    if (live(id) == nullptr || inv(id).open.empty()) return;
    const Entry entry = one_of(inv(id).open);
    const Outcome known{ErrorCode::none, "a person knows"};
    resolve(id, entry.path, below(2) == 0 ? std::optional(known) : std::nullopt);
    if (refusal() == ErrorCode::none) once_.erase({id, entry.path});
  }

  void executor_acts() {
    std::vector<InvocationId> held;
    for (const InvocationId id : ids()) {
      if (live(id)->loaded && live(id)->loaded->resident) held.push_back(id);
    }
    if (held.empty()) return;
    const InvocationId id = one_of(held);
    const std::uint64_t dice = below(100);
    if (dice < 3) return stale(id);
    if (live(id)->state == State::running && live(id)->operation->pulled && dice < 80)
      return worker_acts(id);
    if (live(id)->state == State::suspended || dice < 13) return suspends(id);
    if (dice < 55) return opens(id);
    if (dice < 80) return completes(id);
    if (dice < 88) return records(id);
    if (dice < 95) return finish(id, {below(4) == 0 ? ErrorCode::failed : ErrorCode::none, "end"});
    if (dice < 98) return fail_attempt(id, "broken for good");
    park_attempt(id);
  }

  void worker_acts(InvocationId id) {
    switch (below(6)) {
      case 0:
        return read_step(id, one_of<std::string>({"step", "made"}));
      case 1:
        return heartbeat(id);
      case 2:
        return release(id);
      case 3: {
        auto command = asked_under_lease<FailAttempt>(id);
        command.error = {ErrorCode::failed, "a worker broke"};
        command.permanent = below(3) == 0;
        command.retry_after = milliseconds(below(2'000));
        apply(std::move(command));
        break;
      }
      default:
        record_step(id, one_of<std::string>({"step", "made", "made-too", "signal:a"}));
    }
    EXPECT_NE(reply(), nullptr) << "a worker was not answered";
  }

  void send_signals(InvocationId id) {
    for (const char* name : {"a", "b"}) {
      if (live(id) != nullptr) signal(id, name);
    }
  }

  void stale(InvocationId id) {
    auto command = under_lease<Finish>(id);
    command.epoch = static_cast<LeaseEpoch>(std::to_underlying(command.epoch) - 1);
    apply(std::move(command));
    const Live* found = live(id);
    const bool pulled = found != nullptr && found->operation->pulled;
    EXPECT_EQ(count<RefuseAttempt>(), pulled ? 0u : 1u);
  }

  void suspends(InvocationId id) {
    auto command = under_lease<Suspend>(id);
    command.seen = inv(id).last_seq - (below(4) == 0 && inv(id).last_seq > 0 ? 1 : 0);
    command.kept = below(2) == 0;
    apply(std::move(command));
  }

  void opens(InvocationId id) {
    static const std::vector<std::pair<std::string, EntryKind>> kEntries = {
        {"step", EntryKind::step},       {"once", EntryKind::step_once},
        {"undo", EntryKind::cleanup},    {"nap", EntryKind::sleep},
        {"signal:a", EntryKind::signal}, {"signal:b", EntryKind::signal},
        {"child", EntryKind::call},      {"mail", EntryKind::send}};
    const auto& [name, kind] = one_of(kEntries);
    const std::string path = below(2) == 0 ? name : name + "#2";
    const bool ends = kind == EntryKind::sleep || below(2) == 0;
    if (kind == EntryKind::call || kind == EntryKind::send) {
      CallOptions options;
      if (below(3) == 0) options.order_key = one_of<std::string>({"k", "l"});
      if (below(3) == 0) options.idempotency_key = one_of<std::string>({"i", "j"});
      return open_child(id, path, kind, one_of<std::string>({"now", "later", "no such"}), options);
    }
    open(id, path, kind, ends ? after(now, milliseconds(below(2'000))) : kNever);
  }

  void completes(InvocationId id) {
    for (const Entry& entry : inv(id).open) {
      if (entry.stage != Stage::running) continue;
      auto command = under_lease<CompleteStep>(id);
      command.path = entry.path;
      command.tries = entry.tries + static_cast<std::uint32_t>(below(8) == 0 ? 1 : 0);
      if (below(3) == 0) command.outcome = {ErrorCode::failed, "the step broke"};
      command.permanent = below(5) == 0;
      return apply(std::move(command));
    }
  }

  void records(InvocationId id) {
    const std::string path = "value#" + std::to_string(inv(id).last_seq);
    if (below(3) == 0) {
      auto command = under_lease<ReadState>(id);
      command.path = path;
      command.name = "total";
      return apply(std::move(command));
    }
    auto command = under_lease<RecordValue>(id);
    command.path = path;
    command.value = "seen";
    if (below(3) == 0 && !inv(id).order.empty()) command.writes.push_back({"total", "1"});
    apply(std::move(command));
  }

  void note_history() {
    for (const Dispatch& begun : all<Dispatch>()) {
      const Live* found = live(begun.id);
      if (found == nullptr || !found->loaded || found->loaded->order.empty()) continue;
      const Invocation& inv = *found->loaded;
      if (!begun_.insert(inv.id).second) continue;
      EXPECT_LT(last_begun_[inv.order], inv.accepted_seq) << "out of order of acceptance";
      last_begun_[inv.order] = inv.accepted_seq;
    }
    for (const RunStep& run : all<RunStep>()) {
      const Live* found = live(run.id);
      if (found == nullptr || !found->loaded) continue;
      const Entry* open = found->loaded->find_open(run.path);
      if (open == nullptr || open->kind != EntryKind::step_once) continue;
      EXPECT_TRUE(once_.insert({run.id, run.path}).second) << "an at_most_once step ran twice";
    }
  }

  Prng prng_;
  std::set<InvocationId> begun_;
  std::map<OrderKey, AcceptSeq> last_begun_;
  std::set<std::pair<InvocationId, std::string>> once_;
};

class RandomTest : public testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomTest, keeps_every_invariant_and_everything_ends) {
  for (std::uint64_t i = 0; i < 6 && !HasFailure(); ++i) {
    const std::uint64_t seed = GetParam() * 6 + i;
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomRun run(seed);
    run.run(600);
    run.run_down();
  }
}

INSTANTIATE_TEST_SUITE_P(seeds, RandomTest, testing::Range<std::uint64_t>(0, 8));

}  // namespace
}  // namespace nowthen::core
