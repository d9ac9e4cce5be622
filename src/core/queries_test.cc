#include "core/queries.h"

#include "core/core_fixture.h"

namespace nowthen::core {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class QueriesTest : public CoreTest {
 protected:
  std::vector<InvocationId> found(const LiveFilter& filter, InvocationId cursor = {},
                                  std::size_t limit = 100) const {
    std::vector<InvocationId> ids;
    for (const LiveMatch& match : search_live(*state, filter, cursor, limit).matches) {
      ids.push_back(match.id);
    }
    return ids;
  }
};

TEST_F(QueriesTest, status_says_where_a_live_invocation_is) {
  CallOptions options = ordered("k");
  options.priority = 7;
  const InvocationId id = invoke("op", options);
  step(id, "charge");
  open(id, "save");
  open(id, "signal:approve", EntryKind::signal, after(now, hours(1)));
  const Status status = core::status(*state, id).value();
  EXPECT_EQ(status.operation, "op");
  EXPECT_EQ(status.state, State::running);
  EXPECT_TRUE(status.stored);
  EXPECT_FALSE(status.row_needed);
  EXPECT_EQ(status.priority, 7);
  EXPECT_EQ(status.order.key, "k");
  EXPECT_EQ(status.attempt, 1u);
  EXPECT_EQ(status.done, 1u);
  ASSERT_EQ(status.waits.size(), 2u);
  EXPECT_EQ(status.waits[0].path, "save");
  EXPECT_TRUE(status.waits[0].running);
  EXPECT_EQ(status.waits[1].kind, EntryKind::signal);
  EXPECT_EQ(status.waits[1].due, after(now, hours(1)));
}

TEST_F(QueriesTest, status_tells_why_it_is_parked_and_what_failed_last) {
  const InvocationId id = invoke();
  fail_attempt(id, "no route");
  EXPECT_EQ(status(*state, id)->failures, 1u);
  EXPECT_EQ(status(*state, id)->note, "no route");
  park(id);
  EXPECT_EQ(status(*state, id)->park_reason, ParkReason::operator_);
  EXPECT_EQ(status(*state, id)->note, "look at it");
}

TEST_F(QueriesTest, status_of_an_evicted_invocation_is_what_memory_keeps) {
  const InvocationId id = invoke();
  open(id, "signal:approve", EntryKind::signal);
  suspend(id);
  evict(id);
  const Status status = core::status(*state, id).value();
  EXPECT_TRUE(status.row_needed);
  EXPECT_EQ(status.operation, "op");
  EXPECT_EQ(status.state, State::suspended);
  EXPECT_EQ(status.priority, 4);
}

TEST_F(QueriesTest, status_of_what_is_not_live_is_none) {
  const InvocationId id = invoke();
  finish(id);
  EXPECT_FALSE(status(*state, id));
}

TEST_F(QueriesTest, call_that_is_not_stored_has_a_status_too) {
  EXPECT_FALSE(status(*state, invoke("auto"))->stored);
}

TEST_F(QueriesTest, search_filters_by_operation_and_state) {
  const InvocationId runs = invoke("op", ordered("k"));
  const InvocationId waits = invoke("op", ordered("k"));
  const InvocationId other = invoke("later");
  EXPECT_EQ(found({}), (std::vector<InvocationId>{runs, waits, other}));
  EXPECT_EQ(found({"op", {}}), (std::vector<InvocationId>{runs, waits}));
  EXPECT_EQ(found({{}, State::running}), (std::vector<InvocationId>{runs, other}));
  EXPECT_EQ(found({"op", State::ready}), (std::vector<InvocationId>{waits}));
  EXPECT_TRUE(found({"nobody", {}}).empty());
}

TEST_F(QueriesTest, search_goes_page_by_page_in_order_of_id_evicted_or_not) {
  std::vector<InvocationId> all;
  CallOptions delayed;
  delayed.delay = hours(1);
  for (int i = 0; i < 25; ++i) {
    all.push_back(invoke("op", delayed));
    if (i % 2 == 0) evict(all.back());
  }
  std::vector<InvocationId> listed;
  for (InvocationId cursor;;) {
    const LivePage page = search_live(*state, {"op", State::scheduled}, cursor, 10);
    for (const LiveMatch& match : page.matches) listed.push_back(match.id);
    EXPECT_EQ(page.more, listed.size() < all.size());
    if (!page.more) break;
    EXPECT_EQ(page.matches.size(), 10u);
    cursor = page.matches.back().id;
  }
  EXPECT_EQ(listed, all);
}

TEST_F(QueriesTest, last_page_that_is_just_full_says_that_there_is_no_more) {
  for (int i = 0; i < 3; ++i) invoke();
  EXPECT_TRUE(search_live(*state, {}, {}, 2).more);
  EXPECT_FALSE(search_live(*state, {}, {}, 3).more);
}

}  // namespace
}  // namespace nowthen::core
