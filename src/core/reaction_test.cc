// Every command in every state, compared with the table in reaction.h.

#include <functional>

#include "core/core_fixture.h"

namespace nowthen::core {
namespace {

using std::chrono::hours;

/// Brings a fresh invocation into `state`.
InvocationId brought_into(Driver& it, State state) {
  Policy policy;
  policy.mode = Mode::later;
  policy.start_within = hours(2);
  it.configure("op", policy);
  CallOptions options;
  options.order_key = "k";
  if (state == State::ready) it.invoke("op", options);
  if (state == State::scheduled) options.delay = hours(1);
  if (state == State::expired) options.delay = hours(3);
  const InvocationId id = it.invoke("op", options);
  switch (state) {
    case State::scheduled:
    case State::ready:
    case State::running:
      break;
    case State::suspended:
      it.open(id, "signal:a", EntryKind::signal);
      it.suspend(id);
      break;
    case State::backing_off:
      it.fail_attempt(id);
      break;
    case State::parked:
      it.park(id);
      break;
    case State::succeeded:
      it.finish(id);
      break;
    case State::failed:
      it.finish(id, {ErrorCode::failed, "no"});
      break;
    case State::cancelled:
      it.cancel(id);
      it.finish(id);
      break;
    case State::expired:
      it.advance(hours(2));
      break;
  }
  EXPECT_EQ(it.state_of(id), state);
  return id;
}

/// A command of each kind about `id`, in the order of the table; under the lease it has now.
CommandBody about(Driver& it, std::size_t kind, InvocationId id) {
  const LeaseEpoch epoch = it.live(id) == nullptr ? LeaseEpoch{1} : it.inv(id).epoch;
  const WaiterId waiter = it.fresh_waiter();
  const auto leased = [&]<class C>(C command) {
    command.id = id;
    command.epoch = epoch;
    if constexpr (requires { command.path; }) command.path = "path";
    return CommandBody(std::move(command));
  };
  switch (kind) {
    case 0: {
      Invoke again;  // the same idempotency key would attach; the same id is the same call
      again.id = id;
      again.operation = "op";
      again.redelivered = true;
      return again;
    }
    case 1:
      return Await{id, hours(9), waiter};
    case 2:
      return Signal{id, "a", "", waiter};
    case 3:
      return Cancel{id, "", waiter};
    case 4:
      return Park{id, "", waiter};
    case 5:
      return Resume{id, waiter};
    case 6:
      return Restart{id, waiter};
    case 7:
      return ResolveStep{id, "path", std::nullopt, waiter};
    case 8:
      return leased(OpenEntry{});
    case 9:
      return leased(CompleteStep{});
    case 10:
      return leased(RecordValue{});
    case 11:
      return leased(ReadState{});
    case 12:
      return leased(Suspend{});
    case 13:
      return leased(Finish{});
    case 14:
      return leased(FailAttempt{});
    case 15: {
      ParkAttempt park;
      park.reason = ParkReason::journal_mismatch;
      return leased(park);
    }
    case 16:
      return leased(RecordStep{});
    case 17:
      return leased(ReadStep{});
    case 18:
      return leased(Heartbeat{});
    case 19:
      return leased(Release{});
    case 20:
      return ChildEnded{ParentLink{id, "path", {}}, {}};
    case 21:
      return FireTimers{id};
    case 22:
      return StartLoaded{id};
    case 23:
      return Recover{};
    case 24:
      return Configure{"other", {}, {}, {1}};
    default:
      return Take{"op", 1};
  }
}

/// What the effects and the state say was done.
Reaction observed(const Driver& it, const std::string& before) {
  const bool changed = dump(*it.state) != before;
  for (const RefuseAttempt& refused : it.all<RefuseAttempt>()) {
    EXPECT_EQ(refused.error.code, ErrorCode::lease_lost);
    EXPECT_FALSE(changed);
    return Reaction::stale;
  }
  if (it.refusal() == ErrorCode::invalid_state) {
    EXPECT_FALSE(changed);
    return Reaction::refuse;
  }
  return changed ? Reaction::act : Reaction::ignore;
}

TEST(ReactionTest, every_command_in_every_state_does_what_the_table_says) {
  for (std::size_t kind = 0; kind < kReactions.size(); ++kind) {
    if (kind >= 23) continue;  // recover, configure and take are about no invocation
    for (std::size_t i = 0; i < kStates; ++i) {
      Driver it;
      const State state = static_cast<State>(i);
      const InvocationId id = brought_into(it, state);
      const CommandBody command = about(it, kind, id);
      ASSERT_EQ(command.index(), kind);
      const std::string before = dump(*it.state);
      it.apply(command);
      const Reaction expected = reaction(kind, state);
      const Reaction seen = observed(it, before);
      const std::string name =
          std::string(kReactions[kind].command) + " in " + std::string(to_string(state));
      if (expected == Reaction::act) {  // acting may change nothing: no timer is due, no such entry
        EXPECT_TRUE(seen == Reaction::act || seen == Reaction::ignore) << name;
      } else {
        EXPECT_EQ(static_cast<char>(seen), static_cast<char>(expected)) << name;
      }
    }
  }
}

TEST(ReactionTest, every_command_that_acts_changes_something_where_it_can) {
  struct Case {
    std::size_t kind;
    State state;
  };
  const std::vector<Case> cases = {
      {1, State::running},  {2, State::scheduled}, {3, State::backing_off}, {4, State::suspended},
      {5, State::parked},   {6, State::parked},    {8, State::running},     {10, State::running},
      {11, State::running}, {12, State::running},  {13, State::running},    {14, State::running},
      {15, State::running}, {16, State::running},  {19, State::running}};
  for (const Case& each : cases) {
    Driver it;
    const InvocationId id = brought_into(it, each.state);
    const CommandBody command = about(it, each.kind, id);
    const std::string before = dump(*it.state);
    it.apply(command);
    EXPECT_NE(dump(*it.state), before) << kReactions[each.kind].command;
  }
}

TEST(ReactionTest, ended_invocations_answer_readers_and_refuse_the_rest) {
  Driver it;
  const InvocationId id = brought_into(it, State::succeeded);
  it.await(id, hours(1));
  EXPECT_EQ(it.reply()->state, State::succeeded);
  it.signal(id, "a");
  EXPECT_EQ(it.refusal(), ErrorCode::invalid_state);
  EXPECT_NE(it.reply()->outcome.data.find("succeeded"), std::string::npos);
}

}  // namespace
}  // namespace nowthen::core
