#include "core/state_hash.h"

#include "core/core_fixture.h"

namespace nowthen::core {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class StateHashTest : public CoreTest {};

TEST_F(StateHashTest, state_rebuilt_from_its_rows_hashes_like_the_one_that_wrote_them) {
  const InvocationId runs = invoke("op", ordered("k"));
  invoke("op", ordered("k"));
  step(runs, "charge");
  open(runs, "signal:a", EntryKind::signal);
  signal(runs, "b");
  open(runs, "save");  // its first try is in memory only
  const InvocationId kept = invoke();
  sleep(kept, "nap", hours(1));
  suspend(kept, true);
  const InvocationId failed = invoke();
  fail_attempt(failed);
  park(invoke());
  CallOptions delayed;
  delayed.delay = hours(1);
  invoke("op", delayed);
  invoke("auto");  // not stored
  const auto fresh = rebuilt();
  for (const InvocationId id : rows.live_ids()) {
    if (!fresh->find(id)->loaded) fresh->reload(rows.read(id));
  }
  EXPECT_EQ(state_hash(*state), state_hash(*fresh));
}

TEST_F(StateHashTest, what_is_in_memory_only_does_not_count) {
  const InvocationId id = invoke();
  const std::uint64_t before = state_hash(*state);
  await(id, hours(1));
  EXPECT_EQ(state_hash(*state), before);
  invoke("auto");
  EXPECT_EQ(state_hash(*state), before);
  open(id, "charge");
  EXPECT_EQ(state_hash(*state), before);
}

TEST_F(StateHashTest, outline_does_not_depend_on_what_is_in_memory) {
  const InvocationId id = invoke();
  open(id, "signal:a", EntryKind::signal);
  suspend(id);
  const std::uint64_t before = outline_hash(*state);
  evict(id);
  EXPECT_EQ(outline_hash(*state), before);
}

TEST_F(StateHashTest, order_of_arrival_in_containers_does_not_count) {
  std::vector<InvocationId> ids;
  for (int i = 0; i < 20; ++i) ids.push_back(invoke("op", ordered("k")));
  PartitionState backwards(0, 1, {});
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) backwards.enter(rows.read(*id));
  EXPECT_EQ(outline_hash(*state), outline_hash(backwards));
}

TEST(InvocationHashTest, every_stored_field_counts) {
  Invocation base;
  base.done.resize(1);
  base.open.resize(1);
  base.open[0].kind = EntryKind::sleep;
  base.signals.resize(1);
  base.parents.resize(1);
  base.held_above.resize(1);
  using Change = void (*)(Invocation&);
  const std::vector<Change> changes = {
      [](Invocation& it) { it.id.low = 1; },
      [](Invocation& it) { it.operation = "x"; },
      [](Invocation& it) { it.version = 2; },
      [](Invocation& it) { it.mode = Mode::now; },
      [](Invocation& it) { it.priority = 5; },
      [](Invocation& it) { it.order.scope = "x"; },
      [](Invocation& it) { it.order.key = "x"; },
      [](Invocation& it) { it.idempotency_key = "x"; },
      [](Invocation& it) { it.fingerprint = 1; },
      [](Invocation& it) { it.held_above[0].key = "x"; },
      [](Invocation& it) { it.depth = 1; },
      [](Invocation& it) { it.parents[0].path = "x"; },
      [](Invocation& it) { it.parents[0].call.low = 1; },
      [](Invocation& it) { it.accepted_seq = AcceptSeq{1}; },
      [](Invocation& it) { it.accepted = from_us(1); },
      [](Invocation& it) { it.not_before = from_us(1); },
      [](Invocation& it) { it.start_due = from_us(1); },
      [](Invocation& it) { it.answer_due = from_us(1); },
      [](Invocation& it) { it.on_timeout = OnTimeout::finish; },
      [](Invocation& it) { it.state = State::parked; },
      [](Invocation& it) { it.park_reason = ParkReason::exhausted; },
      [](Invocation& it) { it.note = "x"; },
      [](Invocation& it) { it.attempt = 1; },
      [](Invocation& it) { it.epoch = LeaseEpoch{1}; },
      [](Invocation& it) { it.failures = 1; },
      [](Invocation& it) { it.crashes = 1; },
      [](Invocation& it) { it.done_at_start = 1; },
      [](Invocation& it) { it.backoff_due = from_us(1); },
      [](Invocation& it) { it.cancel_seq = 1; },
      [](Invocation& it) { it.cancel_note = "x"; },
      [](Invocation& it) { it.cleanup_due = from_us(1); },
      [](Invocation& it) { it.ended = from_us(1); },
      [](Invocation& it) { it.outcome.data = "x"; },
      [](Invocation& it) { it.input = "x"; },
      [](Invocation& it) { it.last_seq = 1; },
      [](Invocation& it) { it.done[0].done_seq = 1; },
      [](Invocation& it) { it.done[0].outcome.code = ErrorCode::failed; },
      [](Invocation& it) { it.open[0].path = "x"; },
      [](Invocation& it) { it.open[0].due = from_us(1); },
      [](Invocation& it) { it.open[0].since = from_us(1); },
      [](Invocation& it) { it.open[0].child.low = 1; },
      [](Invocation& it) { it.signals[0].payload = "x"; },
      [](Invocation& it) { it.signals.resize(2); },
  };
  std::set<std::uint64_t> hashes{hash_of(base)};
  for (const Change change : changes) {
    Invocation changed = base;
    change(changed);
    EXPECT_TRUE(hashes.insert(hash_of(changed)).second) << hashes.size();
  }
  Invocation moved = base;  // from one text to the next
  moved.operation = "a";
  moved.note = "b";
  Invocation joined = base;
  joined.operation = "ab";
  EXPECT_NE(hash_of(moved), hash_of(joined));
}

}  // namespace
}  // namespace nowthen::core
