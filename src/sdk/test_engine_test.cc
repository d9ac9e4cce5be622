// The public API over the whole engine in virtual time.

#include <gtest/gtest.h>

#include <nowthen/testing.h>

namespace nowthen {
namespace {

using namespace std::chrono_literals;

struct Order {
  std::string email;
  std::string item;
};
NOWTHEN_JSON(Order, email, item);
struct Receipt {
  std::string payment;
};
NOWTHEN_JSON(Receipt, payment);

std::vector<std::string> effects;

std::string charge(const Order& order) {
  effects.push_back("charge " + order.item);
  return "p-" + order.item;
}
void save(const std::string& payment) { effects.push_back("save " + payment); }
void mail(const std::string& to) { effects.push_back("mail " + to); }

Task<Receipt> place_order(Context& ctx, Order order) {
  std::string payment = co_await ctx.run("charge", charge, order);
  co_await ctx.run("save", save, payment);
  co_await ctx.send("confirm", order.email);
  co_return Receipt{payment};
}
Task<void> confirm(Context& ctx, std::string email) { co_await ctx.run("mail", mail, email); }

Task<std::string> slow(Context& ctx, Order order) {
  std::string payment = co_await ctx.run("charge", charge, order);
  co_await ctx.sleep(10s);
  co_await ctx.run("save", save, payment);
  co_return payment;
}

/// Sends a mail to whom it may concern, once for each topic; says what came of it.
Task<std::string> remind(Context& ctx, Order order) {
  const CallOptions once = CallOptions().idempotency_key(order.item);
  try {
    const InvocationId id = co_await ctx.send("confirm", order.email, once);
    co_return to_string(id);
  } catch (const StepFailed& failed) {
    co_return std::string(to_string(failed.code()));
  }
}

class TestEngineTest : public testing::Test {
 protected:
  void SetUp() override {
    effects.clear();
    place = std::make_unique<Operation<Order, Receipt>>(
        engine.add("place-order", place_order, auto_within(300ms)));
    engine.add("confirm", confirm, later());
    reminder = std::make_unique<Operation<Order, std::string>>(engine.add("remind", remind));
    slow_order = std::make_unique<Operation<Order, std::string>>(
        engine.add("slow", slow, auto_within(300ms)));
    const auto started = engine.start();
    ASSERT_TRUE(started) << started.error().message;
  }
  TestEngine engine;
  std::unique_ptr<Operation<Order, Receipt>> place;
  std::unique_ptr<Operation<Order, std::string>> slow_order;
  std::unique_ptr<Operation<Order, std::string>> reminder;
};

TEST_F(TestEngineTest, an_input_that_cannot_be_stored_is_an_answer_that_names_the_field) {
  const auto answer = place->call(Order{"a@example.org", "\xff"});
  ASSERT_TRUE(answer.has_error());
  EXPECT_EQ(answer.error().code, ErrorCode::codec_failed);
  EXPECT_EQ(answer.error().message, "field 'item': a text is not UTF-8");
  bool told = false;
  place->call(Order{"\xff", ""}, CallOptions(),
              [&told](const Answer<Receipt>& refused) { told = refused.has_error(); });
  EXPECT_TRUE(told);
  const auto id = slow_order->call(Order{"a", "b"}).id();
  EXPECT_EQ(engine.signal(id, "go", std::string("\xff")).error().code, ErrorCode::codec_failed);
}

TEST_F(TestEngineTest, a_policy_that_is_not_allowed_is_told_what_is) {
  const auto no_mode = engine.set_policy("slow", PolicyPatch().set("mode", "sometimes"));
  ASSERT_FALSE(no_mode);
  EXPECT_EQ(no_mode.error().message.find("declaration"), std::string::npos)
      << no_mode.error().message;
  const auto no_unit = engine.set_policy("slow", PolicyPatch().set("answer_within", "10"));
  EXPECT_EQ(no_unit.error().message.find("declaration"), std::string::npos)
      << no_unit.error().message;
  const auto other = engine.set_policy("slow", PolicyPatch().set("mode", "later"));
  EXPECT_EQ(other.error().message,
            "policy field mode: 'later' is not what the declaration of 'slow' allows: auto");
}

TEST_F(TestEngineTest, fields_that_fit_each_other_only_together_are_changed_together) {
  const auto both = engine.set_policy(
      "slow", PolicyPatch().set("retry.interval", "2m").set("retry.interval_max", "5m"));
  EXPECT_TRUE(both) << both.error().message;
  EXPECT_TRUE(engine.set_policy("slow", PolicyPatch().set("retry.interval", "3m")));
  EXPECT_FALSE(engine.set_policy("slow", PolicyPatch().set("retry.interval", "6m")));
  const auto unknown = engine.set_policy("slow", PolicyPatch().clear("retry.atempts_max"));
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("retry.attempts_max"), std::string::npos);
}

TEST_F(TestEngineTest, what_is_sent_with_a_key_that_is_taken_is_the_same_invocation) {
  const auto first = reminder->call(Order{"a@example.org", "rent"});
  ASSERT_TRUE(first.has_result()) << first.error().message;
  EXPECT_EQ(engine.status(*parse_invocation_id(first.result()))->operation, "confirm");
  const auto second = reminder->call(Order{"a@example.org", "rent"});
  EXPECT_EQ(second.result(), first.result());
  EXPECT_EQ(reminder->call(Order{"a@example.org", "tax"}).has_result(), true);
  EXPECT_EQ(reminder->call(Order{"b@example.org", "rent"}).result(), "conflict");
  engine.run();
  EXPECT_EQ(effects, (std::vector<std::string>{"mail a@example.org", "mail a@example.org"}));
}

TEST_F(TestEngineTest, a_call_is_answered_with_its_result) {
  const auto answer = place->call(Order{"a@example.org", "burger"});
  ASSERT_TRUE(answer.has_result()) << answer.error().message;
  EXPECT_EQ(answer.result().payment, "p-burger");
  engine.run();
  EXPECT_EQ(effects,
            (std::vector<std::string>{"charge burger", "save p-burger", "mail a@example.org"}));
}

TEST_F(TestEngineTest, a_slow_call_is_handed_over_and_its_ticket_is_good_after_a_crash) {
  const auto answer = slow_order->call(Order{"a", "tea"});
  ASSERT_TRUE(answer.has_ticket());
  EXPECT_TRUE(answer.decision().starts_with("handed-over; after_ms=300; done=1"))
      << answer.decision();
  engine.crash();
  const auto result = answer.ticket().wait(1min);
  ASSERT_TRUE(result.has_result()) << result.error().message;
  EXPECT_EQ(result.result(), "p-tea");
  EXPECT_EQ(effects, (std::vector<std::string>{"charge tea", "save p-tea"}));
}

TEST_F(TestEngineTest, status_says_where_it_is_and_why_it_waits) {
  const auto answer = slow_order->call(Order{"a", "tea"});
  ASSERT_TRUE(answer.has_ticket());
  auto status = engine.status(answer.id());
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->state, "suspended");
  ASSERT_EQ(status->why.size(), 1u);
  EXPECT_TRUE(status->why.front().starts_with("waits for timer 'sleep' at "));
  engine.advance(20s);
  status = engine.status(answer.id());
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->state, "succeeded");
  EXPECT_TRUE(status->why.empty());
  EXPECT_EQ(engine.status(InvocationId{1, 1}).error().code, ErrorCode::not_found);
}

TEST_F(TestEngineTest, an_invocation_is_found_by_its_idempotency_key) {
  EXPECT_EQ(place->find("k").error().code, ErrorCode::not_found);
  const auto first = place->call(Order{"a", "tea"}, CallOptions().idempotency_key("k"));
  const auto found = place->find("k");
  ASSERT_TRUE(found.has_result());
  EXPECT_EQ(found.id(), first.id());
}

TEST_F(TestEngineTest, stored_journals_are_checked_against_the_code) {
  const auto answer = slow_order->call(Order{"a", "tea"});
  ASSERT_TRUE(answer.has_ticket());
  const auto mismatches = engine.check_journals();
  ASSERT_TRUE(mismatches) << mismatches.error().message;
  EXPECT_TRUE(mismatches->empty());
}

TEST_F(TestEngineTest, a_policy_is_changed_shown_and_reverted) {
  ASSERT_TRUE(engine.set_policy("place-order", PolicyPatch().set("retain", "2h"), "me"));
  const auto line = [this](const std::string& field) {
    const auto lines = engine.policy("place-order");
    for (const PolicyLine& l : *lines) {
      if (l.field == field) return l.value + " by " + l.layer;
    }
    return std::string("?");
  };
  EXPECT_EQ(line("retain"), "2h by override");
  EXPECT_EQ(engine.policy_history("place-order")->size(), 1u);
  ASSERT_TRUE(engine.revert_policy("place-order", 1, "me"));
  EXPECT_EQ(line("retain"), "1d by declaration");
  const auto refused = engine.set_policy("place-order", PolicyPatch().set("mode", "later"));
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
}

TEST_F(TestEngineTest, a_failing_step_is_retried_by_policy) {
  engine.fail_step("charge", 3);
  const auto answer = place->send(Order{"a", "tea"});
  const auto result = answer.ticket().wait(1min);
  ASSERT_TRUE(result.has_result()) << result.error().message;
}

TEST_F(TestEngineTest, a_step_that_never_succeeds_fails_the_invocation) {
  engine.fail_step("charge", 100, "card declined");
  const auto answer = place->send(Order{"a", "tea"});
  const auto result = answer.ticket().wait(10min);
  ASSERT_TRUE(result.has_error());
  EXPECT_EQ(result.error().code, ErrorCode::failed);
  EXPECT_NE(result.error().message.find("card declined"), std::string::npos);
}

TEST_F(TestEngineTest, a_crash_after_a_step_ran_repeats_that_step_only) {
  engine.crash_at_step("save", TestEngine::Crash::after);
  const auto answer = place->send(Order{"a", "tea"});
  const auto result = answer.ticket().wait(1min);
  engine.run();
  EXPECT_EQ(effects,
            (std::vector<std::string>{"charge tea", "save p-tea", "save p-tea", "mail a"}));
}

}  // namespace
}  // namespace nowthen
