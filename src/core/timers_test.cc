// Timers: never early, never lost, once. And the index that knows what is due.

#include "base/prng.h"
#include "core/core_fixture.h"

namespace nowthen::core {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class TimersTest : public CoreTest {};

TEST_F(TimersTest, sleep_ends_at_its_time_not_before_and_once) {
  const InvocationId id = invoke();
  sleep(id, "nap", seconds(10));
  suspend(id);
  advance(seconds(10) - Duration(1));
  EXPECT_TRUE(inv(id).done.empty());
  advance(Duration(1));
  EXPECT_EQ(inv(id).done.size(), 1u);
  advance(hours(1));
  EXPECT_EQ(inv(id).done.size(), 1u);
}

TEST_F(TimersTest, sleep_until_a_time_that_has_passed_ends_at_once) {
  const InvocationId id = invoke();
  for (const WallTime due : {now - seconds(1), WallTime::min()}) {
    open(id, "nap" + std::to_string(to_us(due)), EntryKind::sleep, due);
    advance(Duration::zero());
    EXPECT_EQ(inv(id).open.size(), 0u);
  }
}

TEST_F(TimersTest, sleep_goes_on_through_a_failed_attempt_and_is_not_begun_again) {
  const InvocationId id = invoke();
  sleep(id, "nap", seconds(10));
  fail_attempt(id);
  advance(seconds(5));
  ASSERT_EQ(state_of(id), State::running);
  sleep(id, "nap", seconds(10));  // asks again, for later: the first one counts
  suspend(id);
  advance(seconds(5));
  EXPECT_EQ(inv(id).done.size(), 1u);
}

TEST_F(TimersTest, sleep_that_ends_while_it_is_parked_is_found_after_resume) {
  const InvocationId id = invoke();
  sleep(id, "nap", seconds(10));
  park(id);
  advance(minutes(1));
  EXPECT_TRUE(inv(id).done.empty());
  resume(id);
  suspend(id);
  advance(Duration::zero());
  EXPECT_EQ(inv(id).done.size(), 1u);
}

TEST_F(TimersTest, sleep_that_ends_after_a_park_is_found_too) {
  const InvocationId id = invoke();
  sleep(id, "nap", hours(2));
  park(id);
  advance(hours(1));
  resume(id);
  sleep(id, "nap", hours(2));  // the code asks for it again
  suspend(id);
  advance(hours(1));
  EXPECT_EQ(inv(id).done.size(), 1u);
}

TEST_F(TimersTest, everything_that_is_due_fires_even_when_time_jumps) {
  const InvocationId id = invoke();
  for (int i = 0; i < 5; ++i) sleep(id, "nap" + std::to_string(i), hours(i));
  suspend(id);
  advance(hours(100));
  EXPECT_EQ(inv(id).done.size(), 5u);
}

TEST_F(TimersTest, evicted_invocation_wakes_up) {
  const InvocationId id = invoke();
  sleep(id, "nap", hours(10));
  suspend(id);
  evict(id);
  ASSERT_EQ(live(id)->loaded, nullptr);
  advance(hours(10));
  EXPECT_EQ(state_of(id), State::running);
}

TEST_F(TimersTest, retry_without_a_wait_comes_to_an_end) {
  Policy eager = policy(Mode::later);
  eager.retry.interval = Duration::zero();
  eager.retry.attempts_max = 50;
  configure("op", eager);
  const InvocationId id = invoke();
  open(id, "charge");
  complete(id, "charge", {ErrorCode::failed, "no"});
  advance(Duration::zero());
  EXPECT_EQ(count<RunStep>(), 1u);
  EXPECT_GT(state->next_due(), now);
}

// ---- the index -------------------------------------------------------------------------------

/// Due times of many invocations, driven directly.
class WakeIndexTest : public CoreTest {
 protected:
  InvocationId sleeper() {
    CallOptions delayed;
    delayed.delay = hours(24 * 365);
    return invoke("op", delayed);
  }
};

TEST_F(WakeIndexTest, gives_out_each_due_time_once_in_order_and_never_early) {
  Prng random(7);
  std::multimap<WallTime, InvocationId> expected;
  for (int i = 0; i < 300; ++i) {
    const InvocationId id = sleeper();
    const WallTime due = after(now, milliseconds(random.below(60'000)));  // beyond the horizon too
    state->wake_at(id, due);
    expected.emplace(due, id);
  }
  WallTime last = now;
  for (std::size_t taken = 0; taken < expected.size();) {
    const WallTime next = state->next_due();
    ASSERT_LE(next, expected.rbegin()->first);
    now = std::max(now, next);
    const auto id = state->pop_due(now);
    if (!id) continue;  // it only had to look further
    const auto entry =
        std::ranges::find(expected, *id, [](const auto& each) { return each.second; });
    ASSERT_NE(entry, expected.end());
    EXPECT_LE(entry->first, now);
    EXPECT_GE(entry->first, last);
    last = entry->first;
    ++taken;
  }
}

TEST_F(WakeIndexTest, an_earlier_time_replaces_a_later_one) {
  const InvocationId id = sleeper();
  state->wake_at(id, after(now, seconds(2)));
  state->wake_at(id, after(now, seconds(1)));
  state->wake_at(id, after(now, seconds(3)));
  EXPECT_EQ(state->next_due(), after(now, seconds(1)));
  EXPECT_EQ(state->pop_due(after(now, seconds(1))), id);
  EXPECT_EQ(state->pop_due(after(now, seconds(5))), std::nullopt);
}

TEST_F(WakeIndexTest, what_ended_is_not_given_out) {
  const InvocationId id = sleeper();
  state->wake_at(id, after(now, seconds(1)));
  cancel(id);
  EXPECT_EQ(state->pop_due(after(now, hours(1))), std::nullopt);
}

}  // namespace
}  // namespace nowthen::core
