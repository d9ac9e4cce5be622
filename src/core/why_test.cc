// Every live state has an answer to "why is this not running?".

#include "core/why.h"

#include <gtest/gtest.h>

namespace nowthen::core {
namespace {

class WhyTest : public testing::Test {
 protected:
  Invocation& add(std::uint64_t n, State state) {
    auto made = std::make_unique<Invocation>();
    made->id = InvocationId::make(n, 0, n);
    made->state = state;
    made->accepted_seq = AcceptSeq{n};
    return *state_.add(std::move(made), state_.operation_named("op")).loaded;
  }
  PartitionState state_{0, 1, Limits{}};
};

TEST_F(WhyTest, scheduled_names_its_time) {
  Invocation& inv = add(1, State::scheduled);
  inv.not_before = from_us(1'700'000'000'123'000);
  EXPECT_EQ(why(state_, inv).front(), "scheduled for 2023-11-14T22:13:20.123Z");
}

TEST_F(WhyTest, an_order_key_names_its_holder) {
  Invocation& holder = add(1, State::running);
  Invocation& second = add(2, State::ready);
  holder.order = second.order = {"shop", "k"};
  state_.order_lines[second.order] = {holder.id, second.id};
  EXPECT_EQ(why(state_, second).front(), "waits for order key 'k' of scope 'shop', held by " +
                                             nowthen::to_string(holder.id) +
                                             ", place 1 in its line");
}

TEST_F(WhyTest, a_full_partition_names_the_limit_and_the_place) {
  Invocation& first = add(1, State::ready);
  Invocation& second = add(2, State::ready);
  state_.ready = {place_of(first), place_of(second)};
  EXPECT_EQ(why(state_, second).front(), "waits for a free place (running_max 4096), 1 before it");
}

TEST_F(WhyTest, backing_off_and_parked_name_the_failure) {
  Invocation& backing = add(1, State::backing_off);
  backing.note = "no route";
  backing.attempt = 1;
  EXPECT_NE(why(state_, backing).front().find("attempt 2"), std::string::npos);
  EXPECT_NE(why(state_, backing).front().find("no route"), std::string::npos);
  Invocation& parked = add(2, State::parked);
  parked.park_reason = ParkReason::outcome_unknown;
  EXPECT_NE(why(state_, parked).back().find("resolve the step"), std::string::npos);
}

TEST_F(WhyTest, waits_and_running_steps_are_listed) {
  Invocation& inv = add(1, State::suspended);
  EXPECT_EQ(why(state_, inv).size(), 1u);
  Entry sleep;
  sleep.path = "sleep";
  sleep.kind = EntryKind::sleep;
  sleep.due = from_us(0);
  Entry step;
  step.path = "charge";
  step.stage = Stage::running;
  inv.open = {sleep, step};
  EXPECT_EQ(why(state_, inv),
            (std::vector<std::string>{"waits for timer 'sleep' at 1970-01-01T00:00:00.000Z",
                                      "step 'charge' is running, try 1"}));
}

}  // namespace
}  // namespace nowthen::core
