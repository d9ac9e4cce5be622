// Every live state has an answer to "why is this not running?".

#include "core/why.h"

#include "core/core_fixture.h"

namespace nowthen::core {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class WhyTest : public CoreTest {
 protected:
  Cause first(InvocationId id) {
    inv(id);  // loads it
    return causes(*state, id).front();
  }
  std::vector<Cause::Kind> kinds(InvocationId id) const {
    std::vector<Cause::Kind> kinds;
    for (const Cause& cause : causes(*state, id)) kinds.push_back(cause.kind);
    return kinds;
  }
  std::string text(InvocationId id) { return to_string(first(id)); }
};

using Kind = Cause::Kind;
using Kinds = std::vector<Cause::Kind>;

TEST_F(WhyTest, scheduled_names_its_time) {
  CallOptions delayed;
  delayed.delay = milliseconds(123);
  const InvocationId id = invoke("op", delayed);
  EXPECT_EQ(first(id).until, after(now, milliseconds(123)));
  EXPECT_EQ(text(id), "scheduled for 2023-11-14T22:13:20.123Z");
}

TEST_F(WhyTest, an_order_key_names_its_holder_and_the_place_in_line) {
  const InvocationId holder = invoke("op", ordered("k"));
  invoke("op", ordered("k"));
  const InvocationId third = invoke("op", ordered("k"));
  const Cause cause = first(third);
  EXPECT_EQ(cause.kind, Kind::order_key);
  EXPECT_EQ(cause.holder, holder);
  EXPECT_EQ(cause.position, 2u);
  EXPECT_EQ(cause.of, 2u);
  EXPECT_EQ(to_string(cause), "waits for order key 'k' of scope 'op', held by " +
                                  to_string(holder) + ", place 2 in its line");
}

TEST_F(WhyTest, a_full_partition_names_the_limit_and_the_place) {
  Limits limits;
  limits.running_max = 1;
  Driver small(limits);
  small.configure("op", policy(Mode::later));
  small.invoke();
  small.invoke();
  const InvocationId third = small.invoke();
  const Cause cause = causes(*small.state, third).front();
  EXPECT_EQ(cause.kind, Kind::place);
  EXPECT_EQ(cause.position, 2u);
  EXPECT_EQ(cause.of, 2u);
  EXPECT_EQ(to_string(cause), "waits for a free place (running_max 1), 1 before it");
}

TEST_F(WhyTest, what_is_loaded_or_stopped_says_so) {
  Limits limits;
  limits.running_max = 1;
  Driver small(limits);
  small.configure("op", policy(Mode::later));
  const InvocationId runs = small.invoke();
  const InvocationId second = small.invoke();
  const InvocationId third = small.invoke();
  small.evict(second);
  small.finish(runs);
  EXPECT_EQ(causes(*small.state, second).front().kind, Kind::loading);
  small.state->draining = true;
  EXPECT_EQ(causes(*small.state, third).front().kind, Kind::stopping);
}

TEST_F(WhyTest, backing_off_names_the_failure_and_the_next_attempt) {
  const InvocationId id = invoke();
  fail_attempt(id, "no route");
  const Cause cause = first(id);
  EXPECT_EQ(cause.kind, Kind::backing_off);
  EXPECT_EQ(cause.until, after(now, milliseconds(100)));
  EXPECT_EQ(to_string(cause), "attempt 2 begins at 2023-11-14T22:13:20.100Z, after: no route");
}

TEST_F(WhyTest, suspended_names_everything_that_it_waits_for) {
  const InvocationId id = invoke();
  sleep(id, "nap", seconds(1));
  open_child(id, "bill", EntryKind::call, "later");
  const InvocationId child = inv(id).open.back().child;
  open(id, "signal:approve", EntryKind::signal);
  open(id, "signal:pay", EntryKind::signal, after(now, minutes(1)));
  open(id, "charge");
  complete(id, "charge", {ErrorCode::failed, "no answer"});
  suspend(id);
  const std::vector<std::string> lines = {
      "waits for timer 'nap' at 2023-11-14T22:13:21.000Z",
      "waits for child " + to_string(child) + " ('bill')", "waits for 'signal:approve'",
      "waits for 'signal:pay' until 2023-11-14T22:14:20.000Z",
      "step 'charge' is tried again at 2023-11-14T22:13:20.100Z, after: no answer"};
  EXPECT_EQ(why(*state, inv(id)), lines);
}

TEST_F(WhyTest, running_names_its_attempt_and_the_steps_that_run) {
  const InvocationId id = invoke();
  EXPECT_EQ(why(*state, inv(id)),
            (std::vector<std::string>{"its code runs, attempt 1, since 2023-11-14T22:13:20.000Z"}));
  advance(seconds(1));
  open(id, "charge");
  const std::vector<Cause> found = causes(*state, id);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[1].since, now);
  EXPECT_EQ(found[1].until, after(now, minutes(5)));
  EXPECT_EQ(to_string(found[1]), "step 'charge' is running, try 1, since 2023-11-14T22:13:21.000Z");
}

TEST_F(WhyTest, parked_names_the_reason_and_the_possible_answers) {
  const InvocationId id = invoke();
  open(id, "pay", EntryKind::step_once);
  fail_attempt(id);
  advance(seconds(1));
  open(id, "pay", EntryKind::step_once);
  const Cause cause = first(id);
  EXPECT_EQ(cause.kind, Kind::parked);
  EXPECT_EQ(cause.reason, ParkReason::outcome_unknown);
  EXPECT_EQ(cause.answers,
            (std::vector<std::string>{"resolve 'pay'", "resume", "restart", "cancel"}));
  EXPECT_TRUE(text(id).ends_with("; a person can resolve 'pay', resume, restart or cancel it"));
}

TEST_F(WhyTest, cancelling_names_who_asked_and_until_when_it_may_clean_up) {
  const InvocationId id = invoke();
  step(id, "charge");
  cancel(id);
  EXPECT_EQ(kinds(id), (Kinds{Kind::attempt, Kind::cancelling}));
  EXPECT_EQ(to_string(causes(*state, id).back()),
            "is being cancelled: no need; may clean up until 2023-11-14T22:13:50.000Z");
}

TEST_F(WhyTest, step_left_by_a_former_attempt_waits_for_its_code) {
  const InvocationId id = invoke();
  open(id, "pay", EntryKind::step_once);
  fail_attempt(id);
  EXPECT_EQ(kinds(id), Kinds{Kind::backing_off});
  advance(seconds(1));
  EXPECT_EQ(to_string(causes(*state, id).back()),
            "step 'pay' is tried again at once, when its code asks for it, after: ");
}

TEST_F(WhyTest, evicted_one_says_what_is_known_without_its_row) {
  const InvocationId holder = invoke("op", ordered("k"));
  const InvocationId waits = invoke("op", ordered("k"));
  evict(waits);
  EXPECT_EQ(kinds(waits), (Kinds{Kind::order_key, Kind::row_needed}));
  EXPECT_EQ(causes(*state, waits).front().holder, holder);
  EXPECT_EQ(causes(*state, waits).front().name, "k");
  sleep(holder, "nap", hours(1));
  suspend(holder);
  evict(holder);
  EXPECT_EQ(kinds(holder), Kinds{Kind::row_needed});
  EXPECT_EQ(why(*state, *rows.read(holder)).size(), 1u);  // what its rows say will do as well
}

TEST_F(WhyTest, what_is_not_live_has_no_cause) { EXPECT_TRUE(causes(*state, fresh_id()).empty()); }

}  // namespace
}  // namespace nowthen::core
