// Order keys: one at a time, in order of acceptance, held from the first attempt to the end.

#include "core/core_fixture.h"

namespace nowthen::core {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class OrderKeyTest : public CoreTest {
 protected:
  InvocationId next() { return invoke("op", ordered("k")); }
};

TEST_F(OrderKeyTest, one_at_a_time_in_order_of_acceptance) {
  std::vector<InvocationId> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(next());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(state_of(ids[i]), State::running);
    for (std::size_t j = i + 1; j < ids.size(); ++j) EXPECT_EQ(state_of(ids[j]), State::ready);
    finish(ids[i]);
  }
  EXPECT_TRUE(state->order_lines.empty());
}

TEST_F(OrderKeyTest, priority_does_not_overtake_within_a_key) {
  const InvocationId first = next();
  const InvocationId second = next();
  CallOptions urgent = ordered("k");
  urgent.priority = 9;
  const InvocationId third = invoke("op", urgent);
  finish(first);
  EXPECT_EQ(state_of(second), State::running);
  EXPECT_EQ(state_of(third), State::ready);
}

TEST_F(OrderKeyTest, other_keys_and_scopes_do_not_wait) {
  next();
  EXPECT_EQ(state_of(invoke("op", ordered("other"))), State::running);
  EXPECT_EQ(state_of(invoke("later", ordered("k"))), State::running);
}

TEST_F(OrderKeyTest, operations_may_share_a_scope) {
  configure("debit", policy(Mode::later), {1}, "account");
  configure("credit", policy(Mode::later), {1}, "account");
  const InvocationId first = invoke("debit", ordered("k"));
  const InvocationId second = invoke("credit", ordered("k"));
  EXPECT_EQ(state_of(second), State::ready);
  finish(first);
  EXPECT_EQ(state_of(second), State::running);
}

TEST_F(OrderKeyTest, held_while_suspended_backing_off_and_parked) {
  const InvocationId first = next();
  const InvocationId second = next();
  sleep(first, "nap", hours(1));
  suspend(first);
  EXPECT_EQ(state_of(second), State::ready);
  advance(hours(1));
  fail_attempt(first);
  ASSERT_EQ(state_of(first), State::backing_off);
  EXPECT_EQ(state_of(second), State::ready);
  park(first);
  advance(hours(1));
  EXPECT_EQ(state_of(second), State::ready);
  cancel(first);
  EXPECT_EQ(state_of(second), State::running);
}

TEST_F(OrderKeyTest, suspended_holder_does_not_leave_its_key_to_the_next) {
  const InvocationId first = next();
  const InvocationId second = next();
  sleep(first, "nap", hours(1));
  suspend(first, true);
  EXPECT_EQ(state->running, 0u);
  EXPECT_EQ(state_of(second), State::ready);
}

TEST_F(OrderKeyTest, cancelled_in_the_middle_of_the_line_is_skipped) {
  const InvocationId first = next();
  const InvocationId second = next();
  const InvocationId third = next();
  cancel(second);
  EXPECT_EQ(state_of(third), State::ready);
  finish(first);
  EXPECT_EQ(state_of(third), State::running);
}

TEST_F(OrderKeyTest, parked_while_it_waited_holds_the_key_when_its_turn_comes) {
  const InvocationId first = next();
  const InvocationId second = next();
  const InvocationId third = next();
  park(second);
  finish(first);
  EXPECT_EQ(state_of(second), State::parked);
  EXPECT_EQ(state_of(third), State::ready);
  resume(second);
  EXPECT_EQ(state_of(second), State::running);
}

TEST_F(OrderKeyTest, resumed_before_its_turn_waits_for_it) {
  const InvocationId first = next();
  const InvocationId second = next();
  park(second);
  resume(second);
  EXPECT_EQ(state_of(second), State::ready);
  finish(first);
  EXPECT_EQ(state_of(second), State::running);
}

TEST_F(OrderKeyTest, delayed_call_takes_its_place_in_line_when_its_time_comes) {
  CallOptions delayed = ordered("k");
  delayed.delay = minutes(1);
  const InvocationId late = invoke("op", delayed);
  const InvocationId first = next();
  EXPECT_EQ(state_of(first), State::running);
  advance(minutes(1));
  EXPECT_EQ(state_of(late), State::ready);
  const InvocationId last = next();
  crash();
  finish(first);
  start_loaded();
  EXPECT_EQ(state_of(late), State::running);
  EXPECT_EQ(state_of(last), State::ready);
}

TEST_F(OrderKeyTest, calls_that_are_not_stored_stand_in_the_same_line) {
  configure("now", policy(Mode::now), {1}, "shared");
  configure("op", policy(Mode::later), {1}, "shared");
  const InvocationId first = next();
  const InvocationId waits = invoke("now", ordered("k"));
  EXPECT_EQ(state_of(waits), State::ready);
  finish(first);
  EXPECT_EQ(state_of(waits), State::running);
  EXPECT_EQ(gate_of<Dispatch>(), Gate::commit);  // after the end of the one before it
}

TEST_F(OrderKeyTest, now_call_that_waits_for_its_key_too_long_is_504) {
  configure("now", policy(Mode::now), {1}, "shared");
  configure("op", policy(Mode::later), {1}, "shared");
  next();
  const InvocationId waits = invoke("now", ordered("k"));
  advance(milliseconds(300));
  EXPECT_EQ(refusal(), ErrorCode::deadline_exceeded);
  EXPECT_EQ(state_of(waits), State::cancelled);
  EXPECT_EQ(state->order_lines.at({"shared", "k"}).size(), 1u);
}

TEST_F(OrderKeyTest, order_survives_a_crash) {
  const InvocationId first = next();
  const InvocationId second = next();
  const InvocationId third = next();
  crash();
  EXPECT_EQ(state_of(first), State::running);
  EXPECT_EQ(state_of(second), State::ready);
  finish(first);
  start_loaded();
  EXPECT_EQ(state_of(second), State::running);
  EXPECT_EQ(state_of(third), State::ready);
}

// ---- deadlock --------------------------------------------------------------------------------

TEST_F(OrderKeyTest, calling_the_same_scope_and_key_from_within_is_refused) {
  const InvocationId parent = next();
  open_child(parent, "child", EntryKind::call, "op", ordered("k"));
  deliver_messages();
  ASSERT_EQ(inv(parent).done.size(), 1u);
  EXPECT_EQ(inv(parent).done[0].outcome.code, ErrorCode::deadlock);
  EXPECT_NE(inv(parent).done[0].outcome.data.find("'k' of scope 'op'"), std::string::npos);
}

TEST_F(OrderKeyTest, deadlock_is_seen_through_a_caller_in_between) {
  const InvocationId top = next();
  open_child(top, "middle", EntryKind::call, "later");
  const InvocationId middle = inv(top).open[0].child;
  deliver_messages();
  open_child(middle, "bottom", EntryKind::call, "op", ordered("k"));
  deliver_messages();
  EXPECT_EQ(inv(middle).done[0].outcome.code, ErrorCode::deadlock);
}

TEST_F(OrderKeyTest, sending_to_the_own_key_is_no_deadlock) {
  const InvocationId parent = next();
  open_child(parent, "next", EntryKind::send, "op", ordered("k"));
  const InvocationId child = inv(parent).done[0].child;
  deliver_messages();
  EXPECT_EQ(state_of(child), State::ready);
  finish(parent);
  EXPECT_EQ(state_of(child), State::running);
}

}  // namespace
}  // namespace nowthen::core
