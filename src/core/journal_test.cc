// Steps, values, signals and per-key state: what is recorded, and when it is written.

#include "core/core_fixture.h"

namespace nowthen::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class JournalTest : public CoreTest {
 protected:
  void record(InvocationId id, std::string path, std::vector<StateWrite> writes = {}) {
    auto command = under_lease<RecordValue>(id);
    command.path = std::move(path);
    command.value = "value";
    command.writes = std::move(writes);
    apply(std::move(command));
  }
  void read_state(InvocationId id, std::string path, std::string name) {
    auto command = under_lease<ReadState>(id);
    command.path = std::move(path);
    command.name = std::move(name);
    apply(std::move(command));
  }
  std::vector<std::string> journal(InvocationId id) {
    std::vector<std::string> paths;
    for (const Entry& entry : inv(id).done) paths.push_back(entry.path);
    return paths;
  }
};

TEST_F(JournalTest, step_writes_one_row_when_it_is_done_and_its_code_is_told) {
  const InvocationId id = invoke();
  open(id, "charge");
  EXPECT_TRUE(out.rows.empty());
  complete(id, "charge", {ErrorCode::none, "paid"});
  ASSERT_EQ(out.rows.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<EntryAdded>(out.rows.front()));
  ASSERT_EQ(count<Deliver>(), 1u);
  EXPECT_EQ(all<Deliver>().front().index, 0u);
  EXPECT_EQ(inv(id).done[0].outcome.data, "paid");
  EXPECT_EQ(inv(id).done[0].done_seq, 1u);
}

TEST_F(JournalTest, results_are_numbered_in_the_order_in_which_they_reach_the_code) {
  const InvocationId id = invoke();
  open(id, "0.0/a");
  open(id, "0.1/b");
  complete(id, "0.1/b");
  complete(id, "0.0/a");
  record(id, "winner");
  EXPECT_EQ(journal(id), (std::vector<std::string>{"0.1/b", "0.0/a", "winner"}));
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(inv(id).done[i].done_seq, i + 1);
}

TEST_F(JournalTest, completed_step_is_never_let_go_again) {
  const InvocationId id = invoke();
  step(id, "charge");
  open(id, "charge");
  EXPECT_EQ(count<RunStep>(), 0u);
  fail_attempt(id);
  advance(seconds(1));
  open(id, "charge");
  EXPECT_EQ(count<RunStep>(), 0u);
}

TEST_F(JournalTest, step_that_was_not_done_is_let_go_again_by_the_next_attempt) {
  const InvocationId id = invoke();
  open(id, "charge");
  fail_attempt(id);
  advance(seconds(1));
  open(id, "charge");
  EXPECT_EQ(count<RunStep>(), 1u);
}

TEST_F(JournalTest, failed_step_is_tried_again_until_its_tries_are_used_up) {
  const InvocationId id = invoke();
  open(id, "charge");
  for (std::uint32_t tries = 0; tries < 2; ++tries) {
    complete(id, "charge", {ErrorCode::failed, "no"}, tries);
    EXPECT_TRUE(inv(id).done.empty());
    advance(milliseconds(100 << tries));
    ASSERT_EQ(count<RunStep>(), 1u);
    EXPECT_EQ(all<RunStep>().front().tries, tries + 1);
  }
  complete(id, "charge", {ErrorCode::failed, "no, again"}, 2);
  ASSERT_EQ(inv(id).done.size(), 1u);
  EXPECT_EQ(inv(id).done[0].outcome, (Outcome{ErrorCode::failed, "no, again"}));
  EXPECT_EQ(count<Deliver>(), 1u);
}

TEST_F(JournalTest, permanent_failure_is_recorded_at_once) {
  const InvocationId id = invoke();
  open(id, "charge");
  auto command = under_lease<CompleteStep>(id);
  command.path = "charge";
  command.outcome = {ErrorCode::failed, "card refused"};
  command.permanent = true;
  apply(std::move(command));
  EXPECT_EQ(inv(id).done.size(), 1u);
}

TEST_F(JournalTest, step_that_takes_too_long_is_a_failed_try) {
  Policy quick = policy(Mode::later);
  quick.step_timeout = seconds(2);
  configure("op", quick);
  const InvocationId id = invoke();
  open(id, "charge");
  advance(seconds(2));
  ASSERT_EQ(inv(id).open.size(), 1u);
  EXPECT_EQ(inv(id).open[0].tries, 1u);
  EXPECT_EQ(inv(id).open[0].outcome.code, ErrorCode::timed_out);
  advance(milliseconds(100));
  EXPECT_EQ(count<RunStep>(), 1u);
}

TEST_F(JournalTest, tries_of_a_step_survive_the_attempt) {
  const InvocationId id = invoke();
  open(id, "charge");
  complete(id, "charge", {ErrorCode::failed, "no"});
  fail_attempt(id);
  advance(milliseconds(100));
  ASSERT_EQ(state_of(id), State::running);
  open(id, "charge");
  ASSERT_EQ(count<RunStep>(), 1u);
  EXPECT_EQ(all<RunStep>().front().tries, 1u);
}

TEST_F(JournalTest, retry_of_a_step_waits_until_the_code_of_this_attempt_asks_for_it) {
  const InvocationId id = invoke();
  open(id, "charge");
  complete(id, "charge", {ErrorCode::failed, "no"});
  fail_attempt(id);
  advance(milliseconds(100));
  ASSERT_EQ(state_of(id), State::running);
  advance(seconds(10));  // the code has not come to it yet
  EXPECT_EQ(count<RunStep>(), 0u);
  open(id, "charge");
  EXPECT_EQ(count<RunStep>(), 1u);
}

TEST_F(JournalTest, suspended_attempt_that_is_not_kept_comes_back_for_the_retry_of_a_step) {
  Policy slow = policy(Mode::later);
  slow.retry.interval = minutes(1);
  configure("op", slow);
  const InvocationId id = invoke();
  open(id, "charge");
  complete(id, "charge", {ErrorCode::failed, "no"});
  suspend(id);
  advance(minutes(1));
  ASSERT_EQ(count<Dispatch>(), 1u);
  open(id, "charge");
  EXPECT_EQ(count<RunStep>(), 1u);
}

// ---- at most once ----------------------------------------------------------------------------

TEST_F(JournalTest, at_most_once_step_commits_its_start_before_it_runs) {
  const InvocationId id = invoke();
  open(id, "pay", EntryKind::step_once);
  EXPECT_EQ(gate_of<RunStep>(), Gate::commit);
  ASSERT_EQ(rows.read(id)->open.size(), 1u);
}

TEST_F(JournalTest, at_most_once_step_that_failed_is_not_tried_again) {
  const InvocationId id = invoke();
  open(id, "pay", EntryKind::step_once);
  complete(id, "pay", {ErrorCode::failed, "no"});
  EXPECT_EQ(inv(id).done.size(), 1u);
  EXPECT_EQ(count<RunStep>(), 0u);
}

TEST_F(JournalTest, at_most_once_step_of_a_lost_attempt_parks_it) {
  const InvocationId id = invoke();
  open(id, "pay", EntryKind::step_once);
  fail_attempt(id);
  advance(seconds(1));
  open(id, "pay", EntryKind::step_once);
  EXPECT_EQ(count<RunStep>(), 0u);
  EXPECT_EQ(inv(id).park_reason, ParkReason::outcome_unknown);
  EXPECT_NE(inv(id).note.find("'pay'"), std::string::npos);
}

TEST_F(JournalTest, at_most_once_step_does_not_run_again_by_its_own_timer) {
  Policy quick = policy(Mode::later);
  quick.step_timeout = seconds(5);
  configure("op", quick);
  const InvocationId id = invoke();
  open(id, "pay", EntryKind::step_once);
  fail_attempt(id);
  advance(milliseconds(100));
  ASSERT_EQ(state_of(id), State::running);
  advance(seconds(5));  // the time of its first try
  EXPECT_EQ(count<RunStep>(), 0u);
}

TEST_F(JournalTest, at_most_once_step_that_takes_too_long_parks_it) {
  Policy quick = policy(Mode::later);
  quick.step_timeout = seconds(5);
  configure("op", quick);
  const InvocationId id = invoke();
  open(id, "pay", EntryKind::step_once);
  advance(seconds(5));
  EXPECT_EQ(inv(id).park_reason, ParkReason::outcome_unknown);
  EXPECT_TRUE(inv(id).done.empty());
}

// ---- signals ---------------------------------------------------------------------------------

TEST_F(JournalTest, signal_before_the_wait_is_kept_for_it) {
  const InvocationId id = invoke();
  signal(id, "approve", "first");
  EXPECT_EQ(reply()->id, id);
  EXPECT_EQ(gate_of<Reply>(), Gate::commit);
  signal(id, "approve", "second");
  signal(id, "other", "third");
  open(id, "signal:approve", EntryKind::signal);
  EXPECT_EQ(inv(id).done.back().outcome.data, "first");
  open(id, "signal:approve#2", EntryKind::signal);
  EXPECT_EQ(inv(id).done.back().outcome.data, "second");
  EXPECT_EQ(inv(id).signals.size(), 1u);
  EXPECT_EQ(rows.read(id)->signals.size(), 1u);
}

TEST_F(JournalTest, signal_after_the_wait_ends_it) {
  const InvocationId id = invoke();
  open(id, "1.0/signal:approve#2", EntryKind::signal);
  suspend(id);
  signal(id, "other");
  EXPECT_EQ(state_of(id), State::suspended);
  signal(id, "approve", "yes");
  EXPECT_EQ(state_of(id), State::running);
  EXPECT_EQ(inv(id).done.back().outcome.data, "yes");
}

TEST_F(JournalTest, signal_is_taken_by_one_wait_only_the_oldest) {
  const InvocationId id = invoke();
  open(id, "signal:approve", EntryKind::signal);
  open(id, "signal:approve#2", EntryKind::signal);
  signal(id, "approve");
  EXPECT_EQ(journal(id), (std::vector<std::string>{"signal:approve"}));
}

TEST_F(JournalTest, waits_that_lost_a_race_are_gone_with_the_record_of_its_winner) {
  const InvocationId id = invoke();
  open(id, "1.0/signal:approve", EntryKind::signal);
  sleep(id, "1.1/sleep", minutes(1));
  decide(id, "race", {"1.0/signal:approve", "1.1/sleep"});
  EXPECT_TRUE(inv(id).open.empty());
  EXPECT_TRUE(rows.read(id)->open.empty());
  sleep(id, "sleep", minutes(2));
  suspend(id);
  advance(minutes(1));
  EXPECT_EQ(state_of(id), State::suspended);
  signal(id, "approve");
  EXPECT_EQ(inv(id).signals.size(), 1u);  // for the next wait
}

TEST_F(JournalTest, message_that_a_lost_wait_took_is_for_the_next_one) {
  const InvocationId id = invoke();
  for (const char* const wait : {"1.0/signal:a", "1.1/signal:a", "1.2/signal:b"})
    open(id, wait, EntryKind::signal);
  signal(id, "a", "first");
  signal(id, "a", "second");
  signal(id, "a", "third");
  signal(id, "b", "last");
  decide(id, "race", {"1.0/signal:a", "1.1/signal:a"});
  open(id, "signal:a", EntryKind::signal);
  EXPECT_EQ(inv(id).done.back().outcome.data, "first");
  open(id, "signal:b", EntryKind::signal);
  open(id, "signal:b#2", EntryKind::signal);
  decide(id, "race#2", {"1.2/signal:b"});
  EXPECT_EQ(inv(id).find_done("signal:b")->outcome.data, "last");
  ASSERT_EQ(inv(id).signals.size(), 2u);
  EXPECT_EQ(inv(id).signals[0].payload, "second");
  EXPECT_EQ(inv(id).signals[1].payload, "third");
}

TEST_F(JournalTest, wait_for_a_signal_may_give_up) {
  const InvocationId id = invoke();
  open(id, "signal:approve", EntryKind::signal, after(now, minutes(1)));
  suspend(id);
  advance(minutes(1));
  EXPECT_EQ(inv(id).done.back().outcome.code, ErrorCode::timed_out);
  signal(id, "approve");
  EXPECT_EQ(inv(id).signals.size(), 1u);  // for a later wait
}

TEST_F(JournalTest, signal_stores_a_call_that_was_not) {
  const InvocationId id = invoke("auto");
  signal(id, "approve");
  EXPECT_TRUE(rows.has(id));
}

TEST_F(JournalTest, signals_have_limits_and_names_that_fit_a_path) {
  Limits limits;
  limits.signals_max = 1;
  limits.name_bytes_max = 8;
  limits.result_bytes_max = 3;
  Driver small(limits);
  small.configure("op", policy(Mode::later));
  const InvocationId id = small.invoke();
  for (const char* name : {"", "123456789", "a/b", "a#2"}) {
    small.signal(id, name, "1");
    EXPECT_EQ(small.refusal(), ErrorCode::invalid_argument) << name;
  }
  small.signal(id, "a", "1234");
  EXPECT_EQ(small.refusal(), ErrorCode::too_large);
  small.signal(id, "a", "123");
  EXPECT_EQ(small.refusal(), ErrorCode::none);
  small.signal(id, "a", "123");
  EXPECT_EQ(small.refusal(), ErrorCode::overloaded);
  EXPECT_NE(small.reply()->outcome.data.find("signals_max (1)"), std::string::npos);
}

// ---- per-key state ---------------------------------------------------------------------------

TEST_F(JournalTest, state_is_read_through_the_journal_and_written_with_the_next_entry) {
  const OrderKey order{"op", "customer-7"};
  const InvocationId first = invoke("op", ordered(order.key));
  read_state(first, "state:total", "total");
  EXPECT_EQ(inv(first).done.back().outcome.data, "");  // nothing there
  record(first, "value", {{"total", "5"}});
  EXPECT_EQ(rows.value(order, "total"), "5");
  finish(first, {ErrorCode::failed, "no"});  // what it wrote stays
  const InvocationId second = invoke("op", ordered(order.key));
  read_state(second, "state:total", "total");
  EXPECT_EQ(inv(second).done.back().outcome.data, "=5");
  auto last = under_lease<Finish>(second);
  last.writes.push_back({"total", std::nullopt});
  apply(std::move(last));
  EXPECT_EQ(rows.value(order, "total"), std::nullopt);
}

TEST_F(JournalTest, write_is_not_lost_with_the_entry_that_carries_it_after_a_cancel) {
  const OrderKey order{"op", "k"};
  const InvocationId id = invoke("op", ordered(order.key));
  auto late = under_lease<OpenEntry>(id);
  late.path = "charge";
  late.writes.push_back({"total", "5"});
  cancel(id);
  apply(std::move(late));
  EXPECT_TRUE(inv(id).open.empty());  // no later step starts
  EXPECT_EQ(rows.value(order, "total"), "5");
}

TEST_F(JournalTest, state_without_an_order_key_fails_the_call) {
  const InvocationId reads = invoke();
  read_state(reads, "state:total", "total");
  EXPECT_EQ(rows.finished(reads)->outcome.code, ErrorCode::invalid_argument);
  const InvocationId writes = invoke();
  record(writes, "value", {{"total", "5"}});
  EXPECT_EQ(rows.finished(writes)->outcome.code, ErrorCode::invalid_argument);
}

TEST_F(JournalTest, state_has_limits) {
  Limits limits;
  limits.name_bytes_max = 8;
  limits.result_bytes_max = 3;
  Driver small(limits);
  small.configure("op", policy(Mode::later));
  const std::vector<StateWrite> wrong = {{"123456789", "1"}, {"total", "1234"}};
  for (const StateWrite& write : wrong) {
    const InvocationId id = small.invoke("op", ordered("k"));
    auto command = small.under_lease<RecordValue>(id);
    command.path = "value";
    command.writes.push_back(write);
    small.apply(std::move(command));
    EXPECT_EQ(small.rows.finished(id)->outcome.code, ErrorCode::too_large);
    EXPECT_EQ(small.rows.value({"op", "k"}, write.name), std::nullopt);
  }
}

// ---- limits of a journal ---------------------------------------------------------------------

TEST_F(JournalTest, journal_that_passes_a_limit_fails_the_call_and_names_the_limit) {
  struct Case {
    std::string limit;
    Limits limits;
  };
  std::vector<Case> cases = {
      {"journal_entries_max (2)", {}}, {"open_entries_max (2)", {}}, {"journal_bytes_max (2)", {}}};
  cases[0].limits.journal_entries_max = 2;
  cases[1].limits.open_entries_max = 2;
  cases[2].limits.journal_bytes_max = 2;
  for (const Case& each : cases) {
    Driver small(each.limits);
    small.configure("op", policy(Mode::later));
    const InvocationId id = small.invoke();
    for (const char* path : {"a", "b", "c"}) {
      if (small.live(id) != nullptr) small.open(id, path);
      if (small.live(id) != nullptr && each.limit.starts_with("journal_bytes")) {
        small.complete(id, path, {ErrorCode::none, "1"});
      }
    }
    ASSERT_NE(small.rows.finished(id), nullptr) << each.limit;
    EXPECT_EQ(small.rows.finished(id)->outcome.code, ErrorCode::too_large);
    EXPECT_NE(small.rows.finished(id)->outcome.data.find(each.limit), std::string::npos);
    EXPECT_EQ(small.count<DropAttempt>(), 1u);
  }
}

TEST_F(JournalTest, limit_of_open_entries_does_not_stop_what_is_done_at_once) {
  Limits limits;
  limits.open_entries_max = 1;
  Driver small(limits);
  small.configure("op", policy(Mode::later));
  const InvocationId id = small.invoke();
  small.open(id, "charge");
  auto value = small.under_lease<RecordValue>(id);
  value.path = "time";
  small.apply(std::move(value));
  EXPECT_EQ(small.state_of(id), State::running);
}

TEST_F(JournalTest, step_result_that_is_too_large_is_a_failed_step) {
  Limits limits;
  limits.result_bytes_max = 3;
  Driver small(limits);
  small.configure("op", policy(Mode::later));
  const InvocationId id = small.invoke();
  small.open(id, "charge");
  small.complete(id, "charge", {ErrorCode::none, "1234"});
  EXPECT_EQ(small.inv(id).done[0].outcome.code, ErrorCode::too_large);
  EXPECT_NE(small.inv(id).done[0].outcome.data.find("result_bytes_max (3)"), std::string::npos);
}

}  // namespace
}  // namespace nowthen::core
