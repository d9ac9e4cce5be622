// What callers ask for beside the work: what came of their preferences, and their trace.

#include "core/core_fixture.h"

namespace nowthen::core {
namespace {

using std::chrono::seconds;

using PreferenceTest = CoreTest;

TEST_F(PreferenceTest, the_answer_says_what_came_of_it) {
  struct Case {
    const char* operation;
    bool respond_async;
    std::optional<Duration> wait;
    Applied applied;
  };
  Policy policy;
  policy.wait_max = seconds(10);
  policy.answer_within = seconds(2);
  for (const auto& [name, mode] : std::map<std::string, Mode>{
           {"now", Mode::now}, {"auto", Mode::auto_}, {"later", Mode::later}}) {
    policy.mode = mode;
    configure(name, policy);
  }
  const std::vector<Case> cases = {
      {"auto", false, std::nullopt, {}},
      {"auto", true, std::nullopt, {true, std::nullopt}},
      {"auto", true, seconds(1), {true, seconds(1)}},
      {"auto", false, seconds(1), {false, seconds(1)}},
      {"auto", false, seconds(99), {false, seconds(10)}},
      {"now", true, std::nullopt, {}},
      {"now", false, seconds(1), {false, seconds(1)}},
      {"now", false, seconds(99), {false, seconds(2)}},
      {"later", false, std::nullopt, {}},
      {"later", true, std::nullopt, {true, std::nullopt}},
      {"later", false, seconds(3), {false, seconds(3)}},
  };
  for (const bool waits_in_vain : {false, true}) {
    for (const Case& each : cases) {
      CallOptions options;
      if (each.respond_async) options.prefer = Mode::later;
      options.wait = each.wait;
      const InvocationId id = invoke(each.operation, options);
      if (reply() == nullptr) waits_in_vain ? advance(seconds(20)) : finish(id);
      ASSERT_NE(reply(), nullptr);
      EXPECT_EQ(reply()->applied, each.applied) << each.operation << " " << each.respond_async;
    }
  }
}

TEST_F(PreferenceTest, a_repeat_has_a_preference_of_its_own) {
  const InvocationId id = invoke("later", keyed("k"));
  CallOptions options = keyed("k");
  options.wait = seconds(2);
  invoke("later", options);
  const WaiterId attached = last_waiter;
  finish(id);
  EXPECT_EQ(reply(attached)->applied, (Applied{false, seconds(2)}));
  options.prefer = Mode::later;
  invoke("later", options);
  EXPECT_EQ(reply()->state, State::succeeded);
  EXPECT_EQ(reply()->applied, (Applied{false, seconds(2)}));
}

TEST_F(PreferenceTest, children_have_the_trace_of_their_parent) {
  const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  CallOptions options;
  options.trace = trace;
  const InvocationId id = invoke("op", options);
  EXPECT_EQ(inv(id).trace, trace);
  open_child(id, "call", EntryKind::call, "op");
  open_child(id, "send", EntryKind::send, "op");
  CallOptions own;
  own.trace = "00-own";
  open_child(id, "other", EntryKind::send, "op", own);
  deliver_messages();
  std::multiset<std::string> traces;
  for (const auto& [each, entry] : state->live) traces.insert(inv(each).trace);
  EXPECT_EQ(traces, (std::multiset<std::string>{trace, trace, trace, "00-own"}));
}

TEST_F(PreferenceTest, a_trace_that_is_none_is_refused) {
  CallOptions options;
  options.trace = std::string(kTraceBytesMax, '0');
  invoke("op", options);
  EXPECT_EQ(refusal(), ErrorCode::none);
  options.trace += '0';
  invoke("op", options);
  EXPECT_EQ(refusal(), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace nowthen::core
