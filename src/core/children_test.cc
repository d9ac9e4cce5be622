// Calls and sends between invocations.

#include "core/core_fixture.h"

namespace nowthen::core {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class ChildrenTest : public CoreTest {
 protected:
  /// Calls `operation` from `parent` at `path`; the child is accepted.
  InvocationId call(InvocationId parent, const std::string& path, CallOptions options = {},
                    const std::string& operation = "later") {
    open_child(parent, path, EntryKind::call, operation, std::move(options));
    const Entry* entry = inv(parent).find_open(path);
    if (entry == nullptr) throw std::logic_error("the call was not sent off");
    const InvocationId child = entry->child;
    deliver_messages();
    return child;
  }
};

TEST_F(ChildrenTest, result_of_a_child_reaches_the_code_of_its_parent) {
  const InvocationId parent = invoke();
  const InvocationId child = call(parent, "bill");
  EXPECT_EQ(state_of(child), State::running);
  suspend(parent);
  finish(child, {ErrorCode::none, "paid"});
  deliver_messages();
  EXPECT_EQ(state_of(parent), State::running);
  EXPECT_EQ(inv(parent).done.back().outcome.data, "paid");
  EXPECT_EQ(inv(parent).done.back().child, child);
}

TEST_F(ChildrenTest, child_is_stored_and_knows_its_parent_its_depth_and_the_keys_held_above) {
  const InvocationId parent = invoke("op", ordered("k"));
  const InvocationId child = call(parent, "bill");
  ASSERT_TRUE(rows.has(child));
  EXPECT_EQ(inv(child).depth, 1u);
  EXPECT_EQ(inv(child).held_above, (std::vector<OrderKey>{{"op", "k"}}));
  EXPECT_EQ(inv(child).parents, (std::vector<ParentLink>{{parent, "bill", child}}));
  const InvocationId grandchild = call(child, "deeper", ordered("l"));
  EXPECT_EQ(inv(grandchild).depth, 2u);
  EXPECT_EQ(inv(grandchild).held_above.size(), 1u);
}

TEST_F(ChildrenTest, failure_of_a_child_is_recorded_as_the_outcome_of_the_call) {
  const InvocationId parent = invoke();
  const InvocationId child = call(parent, "bill");
  finish(child, {ErrorCode::failed, "no money"});
  deliver_messages();
  EXPECT_EQ(inv(parent).done.back().outcome, (Outcome{ErrorCode::failed, "no money"}));
}

TEST_F(ChildrenTest, call_of_what_is_not_there_is_a_failed_call) {
  const InvocationId parent = invoke();
  for (const EntryKind kind : {EntryKind::call, EntryKind::send}) {
    open_child(parent, std::string(to_string(kind)), kind, "nobody");
    EXPECT_TRUE(messages.empty());
    EXPECT_EQ(inv(parent).done.back().outcome.code, ErrorCode::not_found);
  }
}

TEST_F(ChildrenTest, child_refused_where_it_arrives_fails_the_call) {
  const InvocationId parent = invoke();
  open_child(parent, "bill", EntryKind::call, "later");
  configure("later", policy(Mode::later), {});
  deliver_messages();
  EXPECT_EQ(inv(parent).done.back().outcome.code, ErrorCode::unavailable);
}

TEST_F(ChildrenTest, end_of_a_child_told_twice_counts_once) {
  const InvocationId parent = invoke();
  const InvocationId child = call(parent, "bill");
  finish(child);
  const CommandBody told = messages.front();
  deliver_messages();
  const std::string before = dump(*state);
  apply(told);
  EXPECT_EQ(dump(*state), before);
}

TEST_F(ChildrenTest, end_of_a_child_of_a_former_journal_is_ignored) {
  const InvocationId parent = invoke();
  const InvocationId former = call(parent, "bill");
  park(parent);
  restart(parent);
  messages.clear();  // the cancel of the former one comes late
  const InvocationId child = call(parent, "bill");
  EXPECT_NE(child, former);
  finish(former, {ErrorCode::none, "of the former"});
  deliver_messages();
  EXPECT_TRUE(inv(parent).done.empty());
  finish(child, {ErrorCode::none, "of this one"});
  deliver_messages();
  EXPECT_EQ(inv(parent).done.back().outcome.data, "of this one");
}

TEST_F(ChildrenTest, children_by_call_are_cancelled_with_the_parent_by_send_not) {
  const InvocationId parent = invoke();
  open_child(parent, "mail", EntryKind::send, "later");
  const InvocationId sent = inv(parent).done[0].child;
  const InvocationId child = call(parent, "bill");
  step(child, "charge");
  cancel(parent);
  deliver_messages();
  EXPECT_NE(inv(child).cancel_seq, 0u);
  EXPECT_EQ(inv(sent).cancel_seq, 0u);
}

TEST_F(ChildrenTest, cancelled_parent_is_told_before_its_child_ends_by_it) {
  const InvocationId parent = invoke();
  open_child(parent, "call:op", EntryKind::call, "op");
  cancel(parent);
  std::vector<std::string> order;
  for (const GatedEffect& effect : out.effects) {
    if (std::holds_alternative<DeliverCancel>(effect.effect)) order.push_back("told");
    if (std::holds_alternative<Message>(effect.effect)) order.push_back("child");
  }
  EXPECT_EQ(order, (std::vector<std::string>{"told", "child"}));
}

TEST_F(ChildrenTest, child_nobody_waits_for_any_more_is_cancelled) {
  const InvocationId parent = invoke();
  const InvocationId loser = call(parent, "1.1/bill");
  finish(parent);
  deliver_messages();
  finish(loser);
  EXPECT_EQ(state_of(loser), State::cancelled);
}

TEST_F(ChildrenTest, send_is_done_at_once_and_names_the_child) {
  const InvocationId parent = invoke();
  open_child(parent, "mail", EntryKind::send, "auto");
  ASSERT_EQ(inv(parent).done.size(), 1u);
  const Entry& entry = inv(parent).done[0];
  EXPECT_EQ(entry.outcome.data, to_string(entry.child));
  EXPECT_EQ(gate_of<Message>(), Gate::commit);
  const InvocationId child = entry.child;
  deliver_messages();
  EXPECT_EQ(inv(child).mode, Mode::later);
  EXPECT_TRUE(inv(child).parents.empty());
  EXPECT_EQ(inv(child).depth, 0u);
}

TEST_F(ChildrenTest, what_was_sent_is_accepted_whatever_has_changed_and_waits_for_a_person) {
  const InvocationId parent = invoke();
  open_child(parent, "mail", EntryKind::send, "later");
  const InvocationId child = inv(parent).done[0].child;
  Driver elsewhere;  // started without that operation
  for (CommandBody& message : messages) elsewhere.apply(message);
  EXPECT_EQ(elsewhere.state_of(child), State::parked);
  EXPECT_EQ(elsewhere.inv(child).park_reason, ParkReason::no_executor);
  elsewhere.configure("later", policy(Mode::later));
  elsewhere.resume(child);
  EXPECT_EQ(elsewhere.state_of(child), State::running);
}

TEST_F(ChildrenTest, send_from_a_full_partition_is_refused_to_the_sender) {
  Limits limits;
  limits.waiting_max = 1;
  Driver small(limits);
  small.configure("op", policy(Mode::later));
  const InvocationId parent = small.invoke();
  small.open_child(parent, "mail", EntryKind::send, "op");
  EXPECT_TRUE(small.messages.empty());
  EXPECT_EQ(small.inv(parent).done[0].outcome.code, ErrorCode::overloaded);
}

TEST_F(ChildrenTest, child_in_mode_now_waits_for_a_place_instead_of_failing_its_parent) {
  Limits limits;
  limits.running_max = 1;
  Driver small(limits);
  small.configure("op", policy(Mode::later));
  small.configure("now", policy(Mode::now));
  const InvocationId parent = small.invoke();
  small.open_child(parent, "check", EntryKind::call, "now");
  const InvocationId child = small.inv(parent).open[0].child;
  small.deliver_messages();
  EXPECT_EQ(small.state_of(child), State::ready);
  small.suspend(parent);
  EXPECT_EQ(small.state_of(child), State::running);
}

TEST_F(ChildrenTest, calls_within_calls_have_a_limit) {
  Limits limits;
  limits.depth_max = 1;
  Driver small(limits);
  small.configure("op", policy(Mode::later));
  const InvocationId top = small.invoke();
  small.open_child(top, "down", EntryKind::call, "op");
  const InvocationId child = small.inv(top).open[0].child;
  small.deliver_messages();
  small.open_child(child, "down", EntryKind::call, "op");
  EXPECT_EQ(small.inv(child).done[0].outcome.code, ErrorCode::too_large);
  EXPECT_NE(small.inv(child).done[0].outcome.data.find("depth_max (1)"), std::string::npos);
}

TEST_F(ChildrenTest, child_without_a_key_stays_in_the_partition_of_its_parent) {
  PartitionState third(3, 8, {});
  Effects effects;
  Command configure{now, 1, Configure{"op", policy(Mode::later), {}, {1}}};
  EXPECT_FALSE(core::apply(third, configure, effects));
  Invoke call;
  call.id = InvocationId::make(1, 3, 1);
  call.operation = "op";
  Command invoke{now, 2, call};
  EXPECT_FALSE(core::apply(third, invoke, effects));
  for (const char* key : {"", "a", "b", "c"}) {
    OpenEntry entry;
    entry.id = call.id;
    entry.epoch = LeaseEpoch{1};
    entry.path = std::string("child") + key;
    entry.kind = EntryKind::call;
    entry.child.emplace();
    entry.child->operation = "op";
    entry.child->options.order_key = key;
    const std::uint16_t expected =
        *key == '\0' ? 3 : partition_of(8, "op", "", entry.child->options, 0);
    Command command{now, 3, entry};
    effects = Effects();
    EXPECT_FALSE(core::apply(third, command, effects));
    const auto& message = std::get<Message>(effects.effects.front().effect);
    EXPECT_EQ(message.partition, expected);
    EXPECT_EQ(std::get<Invoke>(message.body).id.partition(), expected);
  }
}

// ---- parents attached by an idempotency key ----------------------------------------------------

TEST_F(ChildrenTest, two_parents_of_one_child_are_both_told) {
  const InvocationId first = invoke();
  const InvocationId second = invoke();
  const InvocationId child = call(first, "bill", keyed("k"));
  open_child(second, "bill", EntryKind::call, "later", keyed("k"));
  deliver_messages();
  ASSERT_EQ(inv(child).parents.size(), 2u);
  EXPECT_EQ(rows.read(child)->parents.size(), 2u);
  finish(child, {ErrorCode::none, "paid"});
  deliver_messages();
  EXPECT_EQ(inv(first).done.back().outcome.data, "paid");
  EXPECT_EQ(inv(second).done.back().outcome.data, "paid");
}

TEST_F(ChildrenTest, parent_that_calls_what_has_ended_is_told_at_once) {
  const InvocationId first = invoke("later", keyed("k"), "");
  finish(first, {ErrorCode::none, "paid"});
  const InvocationId parent = invoke();
  open_child(parent, "bill", EntryKind::call, "later", keyed("k"));
  deliver_messages();
  EXPECT_EQ(inv(parent).done.back().outcome.data, "paid");
}

TEST_F(ChildrenTest, sender_with_a_key_is_told_who_has_it) {
  const InvocationId first = invoke();
  const InvocationId second = invoke();
  open_child(first, "send", EntryKind::send, "later", keyed("k"));
  suspend(first, true);
  EXPECT_EQ(state_of(first), State::suspended);  // only the partition of the key knows
  deliver_messages();
  ASSERT_EQ(inv(first).done.size(), 1u);
  const InvocationId child = inv(first).done[0].child;
  ASSERT_TRUE(rows.has(child));
  EXPECT_TRUE(inv(child).parents.empty());
  open_child(second, "send", EntryKind::send, "later", keyed("k"));
  deliver_messages();
  EXPECT_EQ(inv(second).done[0].child, child);
  EXPECT_EQ(inv(second).done[0].outcome.data, nowthen::to_string(child));
  finish(child);
  open_child(second, "again", EntryKind::send, "later", keyed("k"));
  deliver_messages();
  EXPECT_EQ(inv(second).done[1].child, child);  // ended, and kept
}

TEST_F(ChildrenTest, sender_with_a_key_of_another_input_is_refused) {
  invoke("later", keyed("k"));
  const InvocationId parent = invoke();
  auto opens = under_lease<OpenEntry>(parent);
  opens.path = "send";
  opens.kind = EntryKind::send;
  opens.child.emplace();
  opens.child->operation = "later";
  opens.child->input = "another";
  opens.child->options.idempotency_key = "k";
  apply(std::move(opens));
  deliver_messages();
  EXPECT_EQ(inv(parent).done.back().outcome.code, ErrorCode::conflict);
}

TEST_F(ChildrenTest, attached_parent_that_is_cancelled_does_not_cancel_the_child_of_another) {
  const InvocationId first = invoke();
  const InvocationId second = invoke();
  const InvocationId child = call(first, "bill", keyed("k"));
  open_child(second, "bill", EntryKind::call, "later", keyed("k"));
  deliver_messages();
  cancel(second);
  deliver_messages();
  EXPECT_EQ(inv(child).cancel_seq, 0u);
}

TEST_F(ChildrenTest, call_that_would_wait_for_its_own_caller_is_refused) {
  const InvocationId top = invoke("later", keyed("k"), "");
  const InvocationId middle = call(top, "middle");
  for (const InvocationId caller : {top, middle}) {
    open_child(caller, "again", EntryKind::call, "later", keyed("k"));
    deliver_messages();
    ASSERT_FALSE(inv(caller).done.empty());
    EXPECT_EQ(inv(caller).done.back().outcome.code, ErrorCode::deadlock);
  }
  EXPECT_TRUE(inv(top).parents.empty());
}

TEST_F(ChildrenTest, parents_attached_twice_count_once_and_have_a_limit) {
  Limits limits;
  limits.waiters_max = 2;
  Driver small(limits);
  small.configure("op", policy(Mode::later));
  const InvocationId target = small.invoke("op", keyed("k"), "");
  std::vector<InvocationId> parents;
  for (int i = 0; i < 3; ++i) {
    parents.push_back(small.invoke());
    small.open_child(parents.back(), "bill", EntryKind::call, "op", keyed("k"));
    const CommandBody again = small.messages.front();
    small.deliver_messages();
    small.apply(again);
    small.deliver_messages();
  }
  EXPECT_EQ(small.inv(target).parents.size(), 2u);
  EXPECT_EQ(small.inv(parents[2]).done.back().outcome.code, ErrorCode::overloaded);
}

}  // namespace
}  // namespace nowthen::core
