// Who is counted, for how long, and what is said of a change.

#include "http/first_tickets.h"

#include <gtest/gtest.h>

namespace nowthen::http {
namespace {

using namespace std::chrono_literals;

const WallTime kStart = from_us(1'700'000'000'000'000);

Policy policy(Mode mode, Duration answer_within = 300ms) {
  Policy policy;
  policy.mode = mode;
  policy.answer_within = answer_within;
  return policy;
}

std::string said(const engine::PolicyReplaced& change, const PlainCalls& calls,
                 Duration counted = 2h) {
  const auto notice = notice_of(change, calls, kStart, kStart + counted);
  return notice ? notice->text : "";
}

TEST(FirstTickets, counts_the_last_hour_by_the_minute) {
  CallsByOperation calls;
  EXPECT_EQ(calls.sum(kStart, "op"), PlainCalls());
  calls.answered(kStart, "op", 5ms);
  calls.answered(kStart + 30min, "op", 80ms);
  calls.handed_over(kStart + 30min, "op");
  calls.answered(kStart + 30min, "other", 9s);
  EXPECT_EQ(calls.sum(kStart + 30min, "op"), (PlainCalls{2, 1, 80ms}));
  EXPECT_EQ(calls.sum(kStart + 59min, "op"), (PlainCalls{2, 1, 80ms}));
  EXPECT_EQ(calls.sum(kStart + 61min, "op"), (PlainCalls{1, 1, 80ms}));
  EXPECT_EQ(calls.sum(kStart + 91min, "op"), PlainCalls());
  calls.answered(kStart + 60min, "op", 1ms);  // in the place of the first
  EXPECT_EQ(calls.sum(kStart + 60min, "op"), (PlainCalls{2, 1, 80ms}));
}

TEST(FirstTickets, operations_that_nobody_calls_are_forgotten_at_last) {
  CallsByOperation calls;
  for (std::size_t i = 0; i < CallsByOperation::kOperationsMax; ++i)
    calls.answered(kStart + (i == 0 ? 2h : 0h), "op" + std::to_string(i), 1ms);
  calls.answered(kStart + 30min, "late", 1ms);
  EXPECT_EQ(calls.sum(kStart + 30min, "late").answered, 0u) << "the others are in use";
  calls.answered(kStart + 2h, "late", 1ms);
  EXPECT_EQ(calls.sum(kStart + 2h, "late").answered, 1u);
  EXPECT_EQ(calls.size(), 2u);
}

TEST(FirstTickets, what_may_hand_over_more_is_told) {
  const PlainCalls calls{312, 0, 200ms};
  const auto tells = [&calls](std::optional<Policy> before, Policy after) {
    return !said({std::move(before), std::move(after)}, calls).empty();
  };
  EXPECT_TRUE(tells(policy(Mode::now), policy(Mode::auto_)));
  EXPECT_TRUE(tells(policy(Mode::now), policy(Mode::later)));
  EXPECT_TRUE(tells(policy(Mode::auto_), policy(Mode::later)));
  EXPECT_FALSE(tells(std::nullopt, policy(Mode::later))) << "it is new: nobody knows it yet";
  EXPECT_FALSE(tells(policy(Mode::later), policy(Mode::now)));
  EXPECT_FALSE(tells(policy(Mode::auto_), policy(Mode::now, 1ms)));
  EXPECT_FALSE(tells(policy(Mode::auto_), policy(Mode::auto_)));
  EXPECT_FALSE(tells(policy(Mode::auto_, 1s), policy(Mode::auto_, 2s)));
  EXPECT_FALSE(tells(policy(Mode::auto_, 1s), policy(Mode::auto_, 200ms)))
      << "all would have been in time";
  EXPECT_TRUE(tells(policy(Mode::auto_, 1s), policy(Mode::auto_, 199ms)));
  EXPECT_FALSE(tells(policy(Mode::now, 1s), policy(Mode::now, 1ms))) << "an error, no ticket";
}

TEST(FirstTickets, the_notice_says_how_many_and_since_when) {
  const engine::PolicyReplaced change{policy(Mode::now), policy(Mode::later)};
  EXPECT_EQ(said(change, {312, 0, 1ms}),
            "312 calls of the last hour sent no Prefer and were answered in the request; from now "
            "on such calls may get 202 and a ticket");
  EXPECT_EQ(said(change, {1, 4, 1ms}, 12min + 5s),
            "1 call of the 12m since the server started sent no Prefer and was answered in the "
            "request; from now on such calls may get 202 and a ticket (4 got one already)");
  EXPECT_EQ(said(change, {}, 7s + 2us),
            "no call without Prefer of the 7s since the server started was answered in the "
            "request");
}

}  // namespace
}  // namespace nowthen::http
