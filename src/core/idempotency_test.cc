// Idempotency keys: attach, conflict, and a record that lives as long as its invocation.

#include "core/core_fixture.h"

namespace nowthen::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class IdempotencyTest : public CoreTest {};

TEST_F(IdempotencyTest, repeat_while_the_first_runs_attaches_to_it) {
  const InvocationId first = invoke("auto", keyed("k"));
  const WaiterId one = last_waiter;
  const InvocationId repeat = invoke("auto", keyed("k"));
  const WaiterId two = last_waiter;
  EXPECT_EQ(live(repeat), nullptr);
  finish(first);
  ASSERT_NE(reply(one), nullptr);
  ASSERT_NE(reply(two), nullptr);
  EXPECT_EQ(reply(one)->outcome, reply(two)->outcome);
  EXPECT_EQ(reply(two)->id, first);
}

TEST_F(IdempotencyTest, repeat_of_a_deferred_call_gets_the_same_ticket) {
  const InvocationId first = invoke("later", keyed("k"));
  invoke("later", keyed("k"));
  ASSERT_NE(reply(), nullptr);
  EXPECT_EQ(reply()->id, first);
  EXPECT_EQ(reply()->decision.kind, Decision::Kind::attached);
}

TEST_F(IdempotencyTest, repeat_after_the_end_gets_the_same_answer) {
  const InvocationId first = invoke("now", keyed("k"));
  finish(first);
  invoke("now", keyed("k"));
  ASSERT_NE(reply(), nullptr);
  EXPECT_EQ(reply()->id, first);
  EXPECT_EQ(reply()->outcome.data, "result");
  EXPECT_EQ(reply()->decision.kind, Decision::Kind::attached);
  EXPECT_EQ(gate_of<Reply>(), Gate::commit);
  EXPECT_TRUE(out.rows.empty());
}

TEST_F(IdempotencyTest, another_input_is_a_conflict_that_names_the_first) {
  const InvocationId first = invoke("later", keyed("k"));
  for (const bool ended : {false, true}) {
    if (ended) finish(first);
    invoke("later", keyed("k"), "another input");
    EXPECT_EQ(refusal(), ErrorCode::conflict);
    EXPECT_NE(reply()->outcome.data.find(to_string(first)), std::string::npos);
    EXPECT_TRUE(reply()->id.is_null());
  }
}

TEST_F(IdempotencyTest, key_is_of_its_operation_and_order_key) {
  const InvocationId first = invoke("later", keyed("k"));
  const InvocationId other = invoke("op", keyed("k"));
  CallOptions both = keyed("k");
  both.order_key = "customer-7";
  const InvocationId within = invoke("later", both);
  EXPECT_NE(live(first), nullptr);
  EXPECT_NE(live(other), nullptr);
  EXPECT_NE(live(within), nullptr);
}

TEST_F(IdempotencyTest, record_of_a_purged_invocation_does_not_hold_the_key) {
  const InvocationId first = invoke("later", keyed("k"));
  finish(first);
  rows.purge(first);
  const InvocationId second = invoke("later", keyed("k"), "another input");
  EXPECT_NE(live(second), nullptr);
  invoke("later", keyed("k"), "another input");
  EXPECT_EQ(reply()->id, second);
}

TEST_F(IdempotencyTest, repeat_of_an_evicted_invocation_attaches_too) {
  const InvocationId first = invoke("later", keyed("k"));
  open(first, "signal:go", EntryKind::signal);
  suspend(first);
  evict(first);
  ASSERT_EQ(live(first)->loaded, nullptr);
  invoke("later", keyed("k"));
  EXPECT_EQ(reply()->id, first);
}

TEST_F(IdempotencyTest, key_survives_a_crash) {
  const InvocationId first = invoke("now", keyed("k"));
  crash();
  invoke("now", keyed("k"));
  finish(first);
  ASSERT_NE(reply(), nullptr);
  EXPECT_EQ(reply()->id, first);
}

TEST_F(IdempotencyTest, now_caller_that_attached_is_504_too_never_given_a_ticket) {
  const InvocationId first = invoke("now", keyed("k"));
  open(first, "charge");
  advance(milliseconds(100));
  CallOptions hasty = keyed("k");
  hasty.wait = milliseconds(100);
  invoke("now", hasty);
  advance(milliseconds(100));
  EXPECT_EQ(refusal(), ErrorCode::deadline_exceeded);
  EXPECT_EQ(reply()->id, first);
  EXPECT_EQ(inv(first).cancel_seq, 0u);  // the first caller still waits
}

TEST_F(IdempotencyTest, parts_that_only_look_alike_when_joined_are_different) {
  const std::string zero(1, '\0');
  EXPECT_NE(idempotency_record("op", "a" + zero + "b", "c"),
            idempotency_record("op", "a", "b" + zero + "c"));
  EXPECT_NE(fingerprint("op", "ab", "c"), fingerprint("op", "a", "bc"));
  EXPECT_NE(fingerprint("op", "", "12345678"), fingerprint("op", "", "123456789"));
  EXPECT_NE(fingerprint("op", "", zero), fingerprint("op", "", ""));
}

TEST_F(IdempotencyTest, stored_hashes_never_change) {
  EXPECT_EQ(fingerprint("place-order", "customer-7", "{\"item\": \"burger\"}"),
            2'686'820'359'186'665'561u);
  CallOptions options = ordered("customer-7");
  EXPECT_EQ(partition_of(64, "place-order", "", options, 0), 6u);
  EXPECT_EQ(partition_of(64, "place-order", "account", options, 0), 29u);
  EXPECT_EQ(partition_of(64, "place-order", "", keyed("k"), 0), 7u);
}

TEST_F(IdempotencyTest, a_key_always_leads_to_the_same_partition) {
  CallOptions both = ordered("customer-7");
  both.idempotency_key = "k";
  EXPECT_EQ(partition_of(64, "a", "shared", both, 1), partition_of(64, "b", "shared", both, 2));
  EXPECT_EQ(partition_of(64, "a", "", keyed("k"), 1), partition_of(64, "a", "", keyed("k"), 2));
  EXPECT_NE(partition_of(64, "a", "", {}, 1), partition_of(64, "a", "", {}, 2));
}

}  // namespace
}  // namespace nowthen::core
