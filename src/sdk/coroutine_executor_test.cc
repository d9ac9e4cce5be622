// The ordinary life of handlers: steps, failures, waits, values, children.

#include "sdk/coroutine_executor.h"

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sdk/fake_engine.h"

namespace nowthen::sdk {
namespace {

using namespace std::chrono_literals;

struct Order {
  std::string email;
  std::string item;
};
NOWTHEN_JSON(Order, email, item);
struct Payment {
  int id = 0;
  std::string note;
};
NOWTHEN_JSON(Payment, id, note);

int charges = 0;
int saves = 0;
Payment charge(Order order) {
  ++charges;
  return {7, "paid by " + order.email};
}
void save(const Order&, int) { ++saves; }

Task<std::string> place_order(Context& ctx, Order order) {
  Payment paid = co_await ctx.run("charge", charge, order);
  co_await ctx.run("save", save, order, paid.id);
  co_return paid.note + " for " + order.item;
}

TEST(CoroutineExecutor, steps_run_once_and_their_results_reach_the_handler) {
  charges = saves = 0;
  FakeEngine engine(handlers_of(place_order));
  engine.start("op", R"({"email":"a@example.org","item":"burger"})");
  EXPECT_EQ(engine.state, core::State::succeeded);
  EXPECT_EQ(engine.inv.outcome.data, R"("paid by a@example.org for burger")");
  EXPECT_EQ(engine.journal(), R"(charge={"id":7,"note":"paid by a@example.org"} save=null)");
  EXPECT_EQ(charges + saves, 2);
  EXPECT_EQ(engine.executor().attempts(), 0u);
}

TEST(CoroutineExecutor, code_that_holds_its_loop_is_reported_with_its_operation) {
  std::vector<std::string> lines;
  ExecutorOptions options;
  options.log = [&lines](const LogLine& line) { lines.push_back(line.message); };
  FakeEngine quick(handlers_of(place_order), options);
  quick.start("op", R"({"email":"a@example.org","item":"burger"})");
  EXPECT_TRUE(lines.empty());
  options.stalled_after = Duration::zero();  // everything is too long
  FakeEngine slow(handlers_of(place_order), options);
  slow.start("op", R"({"email":"a@example.org","item":"burger"})");
  ASSERT_FALSE(lines.empty());
  EXPECT_TRUE(lines[0].starts_with("it held its loop for ")) << lines[0];
}

TEST(CoroutineExecutor, bad_input_fails_the_invocation_and_names_the_field) {
  FakeEngine engine(handlers_of(place_order));
  engine.start("op", R"({"email":"a@example.org"})");
  EXPECT_EQ(engine.state, core::State::failed);
  EXPECT_EQ(engine.inv.outcome.code, ErrorCode::codec_failed);
  EXPECT_EQ(engine.inv.outcome.data, "field 'item': missing");
}

TEST(CoroutineExecutor, an_unknown_operation_or_version_parks) {
  FakeEngine engine(handlers_of(place_order));
  engine.start("op", "null", 2);
  EXPECT_EQ(engine.state, core::State::parked);
  EXPECT_EQ(engine.inv.park_reason, core::ParkReason::no_executor);
}

int flaky_calls = 0;
int flaky(int good) {
  if (++flaky_calls < good) throw std::runtime_error("not yet");
  return flaky_calls;
}
Task<int> retry_handler(Context& ctx, int good) {
  co_return co_await ctx.run("flaky", flaky, good);
}

TEST(CoroutineExecutor, a_failed_try_is_repeated_with_the_same_arguments) {
  flaky_calls = 0;
  FakeEngine engine(handlers_of(retry_handler));
  engine.start("op", "3");
  EXPECT_EQ(engine.state, core::State::suspended);
  EXPECT_EQ(engine.count("suspend kept"), 1u);
  engine.pass(1s);
  EXPECT_EQ(engine.state, core::State::succeeded);
  EXPECT_EQ(engine.inv.outcome.data, "3");
}

TEST(CoroutineExecutor, used_up_tries_throw_step_failed_which_ends_the_invocation) {
  flaky_calls = 0;
  FakeEngine engine(handlers_of(retry_handler));
  engine.start("op", "100");
  engine.pass(1s);
  EXPECT_EQ(engine.state, core::State::failed);
  EXPECT_EQ(engine.inv.outcome.data, "step 'flaky' failed: not yet");
  EXPECT_EQ(flaky_calls, 3);
}

void refuse() { throw Permanent("card declined"); }
Task<std::string> catching(Context& ctx) {
  std::string seen;
  try {
    co_await ctx.run("refuse", refuse);
  } catch (const StepFailed& failed) {
    seen = failed.step() + "|" + failed.message();
  }
  co_await ctx.sleep(1h);
  co_return seen;
}

TEST(CoroutineExecutor, a_permanent_failure_is_recorded_and_thrown_again_at_each_replay) {
  FakeEngine engine(handlers_of(catching));
  engine.start("op", "null");
  EXPECT_EQ(engine.journal(), "refuse!card declined");
  EXPECT_EQ(engine.count("suspend"), 1u);
  EXPECT_EQ(engine.executor().attempts(), 0u) << "a long sleep drops the frame";
  engine.pass(2h);
  EXPECT_EQ(engine.state, core::State::succeeded);
  EXPECT_EQ(engine.inv.outcome.data, R"("refuse|card declined")");
  EXPECT_EQ(engine.inv.attempt, 2u);
}

TEST(CoroutineExecutor, another_exception_fails_the_attempt) {
  static const Order order;
  FakeEngine engine(handlers_of(+[](Context& ctx) -> Task<int> {
    co_await ctx.run("save", save, order, 1);
    throw std::runtime_error("a bug");
  }));
  engine.start("op", "null");
  EXPECT_EQ(engine.state, core::State::backing_off);
  EXPECT_EQ(engine.failure.message, "a bug");
}

std::string token_seen;
void see_token() { token_seen = step_token(); }
Task<void> once(Context& ctx) {
  co_await ctx.run_once("a", see_token);
  co_await ctx.run("a", see_token);
}
TEST(CoroutineExecutor, a_step_has_a_stable_token_and_repeated_names_are_counted) {
  FakeEngine engine(handlers_of(once));
  engine.start("op", "null");
  EXPECT_EQ(engine.journal(), "a=null a#2=null");
  EXPECT_EQ(token_seen, to_string(engine.inv.id) + "/a#2");
  EXPECT_EQ(step_token(), "");
  EXPECT_EQ(engine.inv.done[0].kind, core::EntryKind::step_once);
}

Task<std::string> values(Context& ctx) {
  const WallTime time = co_await ctx.time();
  const std::uint64_t first = ctx.random();
  const std::string uuid = ctx.uuid();
  co_await ctx.sleep(5h);
  const WallTime later = co_await ctx.time();
  EXPECT_EQ(later - time, 5h);
  co_return std::to_string(first) + uuid;
}
TEST(CoroutineExecutor, time_is_recorded_and_chance_is_the_same_at_each_replay) {
  FakeEngine engine(handlers_of(values));
  engine.start("op", "null");
  engine.pass(5h);
  ASSERT_EQ(engine.state, core::State::succeeded);
  EXPECT_EQ(engine.journal(),
            R"(time="2001-09-09T01:46:40Z" sleep= time#2="2001-09-09T06:46:40Z")");
  FakeEngine again(handlers_of(values));
  again.start("op", "null");
  again.pass(5h);
  EXPECT_EQ(again.inv.outcome.data, engine.inv.outcome.data);
  EXPECT_EQ(engine.inv.outcome.data[engine.inv.outcome.data.size() - 23], '8');
}

Task<std::string> parent(Context& ctx) {
  const Order order{"a", "b"};
  const InvocationId sent =
      co_await ctx.send("mail", order, CallOptions().order_key("k").delay(5s).priority(9));
  Payment paid = co_await ctx.call<Payment>("charge", order);
  co_return to_string(sent) + paid.note;
}
TEST(CoroutineExecutor, send_gives_the_id_and_call_the_result) {
  FakeEngine engine(handlers_of(parent));
  engine.start("op", "null");
  ASSERT_EQ(engine.children.size(), 2u);
  EXPECT_EQ(engine.children[0].operation, "mail");
  EXPECT_EQ(engine.children[0].input, R"({"email":"a","item":"b"})");
  EXPECT_EQ(engine.children[0].options.order_key, "k");
  EXPECT_EQ(engine.children[0].options.delay, 5s);
  EXPECT_EQ(engine.state, core::State::suspended);
  engine.child_ended("call:charge", {ErrorCode::none, R"({"id":1,"note":"x"})"});
  EXPECT_EQ(engine.state, core::State::succeeded);
  EXPECT_EQ(engine.inv.outcome.data, '"' + to_string(engine.children[0].id) + "x\"");
}
TEST(CoroutineExecutor, a_failed_child_and_a_strange_result_are_thrown) {
  FakeEngine failed(handlers_of(parent));
  failed.start("op", "null");
  failed.child_ended("call:charge", {ErrorCode::expired, "too late"});
  EXPECT_EQ(failed.inv.outcome.data, "step 'call:charge' failed: too late");
  FakeEngine strange(handlers_of(parent));
  strange.start("op", "null");
  strange.child_ended("call:charge", {ErrorCode::none, "[]"});
  EXPECT_EQ(strange.inv.outcome.code, ErrorCode::codec_failed);
  EXPECT_EQ(strange.inv.outcome.data, "the answer to call 'call:charge': expected an object");
}

Task<std::string> signals(Context& ctx) {
  const int first = co_await ctx.wait_signal<int>("number");
  const bool came = co_await ctx.wait_signal("go", 1s);
  std::optional<std::string> text = co_await ctx.wait_signal<std::string>("text", 1s);
  co_return std::to_string(first) + (came ? "go" : "-") + text.value_or("none");
}
TEST(CoroutineExecutor, signals_are_buffered_waited_for_and_given_up) {
  FakeEngine engine(handlers_of(signals));
  engine.signal("text", "\"hi\"");
  engine.start("op", "null");
  engine.signal("number", "5");
  engine.pass(2s);
  EXPECT_EQ(engine.inv.outcome.data, "\"5-hi\"");
  EXPECT_EQ(engine.journal(),
            "signal:number=5 signal:go!no signal came in time signal:text=\"hi\"");
}

TEST(CoroutineExecutor, state_writes_go_with_the_next_entry_and_not_again_in_a_replay) {
  FakeEngine engine(handlers_of(+[](Context& ctx) -> Task<int> {
    const std::optional<int> before = co_await ctx.state<int>("count");
    ctx.set_state("count", before.value_or(0) + 1);
    const std::optional<int> own = co_await ctx.state<int>("count");
    EXPECT_EQ(own, before.value_or(0) + 1);
    co_await ctx.sleep(1h);
    ctx.set_state("other", std::string("x"));
    ctx.erase_state("count");
    const std::optional<int> gone = co_await ctx.state<int>("count");
    EXPECT_FALSE(gone.has_value());
    co_return *own;
  }));
  engine.kv["count"] = "41";
  engine.start("op", "null");
  EXPECT_EQ(engine.kv["count"], "42");
  engine.pass(2h);
  EXPECT_EQ(engine.inv.outcome.data, "42");
  EXPECT_EQ(engine.kv, (std::map<std::string, std::string>{{"other", "\"x\""}}));
  EXPECT_EQ(engine.count("write count"), 2u);
}

TEST(CoroutineExecutor, bad_names_are_refused) {
  for (const char* bad : {"", "a#2", "1.0/a", "a\n"}) {
    FakeEngine engine(
        handlers_of([bad](Context& ctx) -> Task<void> { co_await ctx.run(bad, see_token); }));
    engine.start("op", "null");
    EXPECT_EQ(engine.inv.outcome.code, ErrorCode::invalid_argument) << bad;
  }
}

TEST(CoroutineExecutor, a_handler_that_throws_before_its_first_suspension_or_is_empty) {
  FakeEngine engine(handlers_of(+[](Context&) -> Task<int> {
    throw Permanent("no");
    co_return 1;
  }));
  engine.start("op", "null");
  EXPECT_EQ(engine.inv.outcome.data, "no");
}

}  // namespace
}  // namespace nowthen::sdk
