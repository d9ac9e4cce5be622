// Every form of the public API within co_await, as users write it, under the address sanitizer: g++
// 12 destroys some temporaries of a co_await twice, and none of ours may be among them.

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "sdk/fake_engine.h"

namespace nowthen::sdk {
namespace {

using namespace std::chrono_literals;

const std::string kLong = "a text that is too long for the small buffer of a string";

struct Order {
  std::string email;
  std::vector<std::string> items;
};
NOWTHEN_JSON(Order, email, items);
struct Point {
  int x = 0;
};
NOWTHEN_JSON(Point, x);

std::string join(std::string a, const std::string& b) { return a + b; }
std::string email_of(Order order) { return order.email; }
Order make_order(std::string email) { return {email, {email, email}}; }
std::vector<std::string> twice(std::string text) { return {text, text}; }
int x_of(Point point) { return point.x; }
struct Joiner {
  explicit Joiner(std::string t) : text(std::move(t)) {}
  std::string operator()(std::string more) const { return text + more; }
  std::string text;
};

Task<std::string> child(Context& ctx, std::string text, Order order) {
  co_return co_await ctx.run("join", join, std::move(text), order.email);
}
Task<Order> order_child(Context& ctx, std::string email) {
  co_return co_await ctx.run("make", make_order, email);
}

Task<std::size_t> everything(Context& ctx, Order order) {
  std::size_t sum = 0;
  // Temporaries with destructors as arguments.
  sum += (co_await ctx.run("a", join, std::string(kLong), kLong + "x")).size();
  sum += (co_await ctx.run(std::string("b") + "c", join, "a literal", kLong)).size();
  sum += (co_await ctx.run("d", email_of, order)).size();
  sum += (co_await ctx.run("e", twice, order.email)).size();
  sum += static_cast<std::size_t>(co_await ctx.run("p", x_of, Point{3}));
  // Function objects.
  const auto captured = [order](std::string text) { return text + order.email; };
  sum += (co_await ctx.run("f", captured, std::string(kLong))).size();
  const Joiner joiner(kLong);
  sum += (co_await ctx.run("g", joiner, "x")).size();
  sum += (co_await ctx.run("h", [](std::string text) { return text; }, kLong)).size();
  // Results of aggregate type, used within the expression.
  sum += (co_await ctx.run("i", make_order, kLong)).items.size();
  sum += (co_await order_child(ctx, kLong)).items[0].size();
  const Order made = co_await order_child(ctx, order.email + kLong);
  sum += made.items.size();
  // Awaits within awaits.
  sum += (co_await ctx.run("j", join, co_await ctx.run("k", join, kLong, "y"), kLong)).size();
  sum += (co_await child(ctx, co_await child(ctx, kLong, order), made)).size();
  sum += (co_await ctx.run("l", email_of, made)).size() +
         (co_await ctx.run("l", join, made.email, kLong)).size();
  // Options.
  co_await ctx.send("mail", order, CallOptions().order_key(kLong).idempotency_key(kLong));
  co_await ctx.send("mail", kLong + "z");
  co_await ctx.send("mail", "literal", CallOptions());
  sum += (co_await ctx.call<Order>("echo", order, CallOptions().order_key(kLong))).items.size();
  sum += (co_await ctx.call<std::string>("echo", std::string(kLong))).size();
  // all and race of temporaries.
  auto [one, two] = co_await all(child(ctx, kLong, order), ctx.run("m", join, kLong, kLong));
  sum += one.size() + two.size();
  sum += std::get<0>(co_await all(order_child(ctx, kLong))).items.size();
  auto won = co_await race(ctx.sleep(1h), child(ctx, kLong, order), order_child(ctx, kLong));
  sum += std::get<1>(won.value).size();
  sum += std::get<0>((co_await race(child(ctx, kLong, made))).value).size();
  sum += (co_await ctx.wait_signal<Order>("order")).items.size();
  sum += (co_await ctx.wait_signal<Order>("order", 1s)).value_or(order).items.size();
  ctx.set_state("order", order);
  sum += (co_await ctx.state<Order>("order"))->items.size();
  co_await ctx.cleanup("n", join, std::string(kLong), kLong);
  co_await ctx.run_once("o", join, std::string(kLong), kLong);
  // In conditions, loops and switches.
  for (int i = 0; i < 2; ++i)
    if ((co_await ctx.run("q", join, kLong, kLong)).size() > 3) ++sum;
  while ((co_await ctx.run("r", join, kLong, kLong)).empty()) ++sum;
  sum +=
      co_await ctx.run("s", x_of, Point{1}) > 0 ? (co_await ctx.run("t", twice, kLong)).size() : 0;
  Pending<std::string> later = ctx.run("u", join, kLong, kLong);
  sum += (co_await std::move(later)).size();
  Task<std::string> task = child(ctx, kLong, order);
  sum += (co_await std::move(task)).size();
  co_return sum;
}

void answer_calls(FakeEngine& engine) {
  const std::string order = R"({"email":"e","items":["1","2","3"]})";
  engine.child_ended("call:echo", {ErrorCode::none, order});
  engine.child_ended("call:echo#2", {ErrorCode::none, "\"text\""});
  engine.pass(2s);
}

TEST(AwaitedTemporaries, live_once_live_and_replayed) {
  const auto handlers = handlers_of(everything);
  FakeEngine engine(handlers);
  engine.signal("order", R"({"email":"e","items":["1"]})");
  engine.start("op", R"({"email":")" + kLong + R"(","items":["x"]})");
  answer_calls(engine);
  ASSERT_EQ(engine.state, core::State::succeeded) << engine.journal() << engine.inv.outcome.data;

  FakeEngine evicting(handlers, {.evict_after = Duration::zero(), .frames_max = 0});
  evicting.signal("order", R"({"email":"e","items":["1"]})");
  evicting.start("op", R"({"email":")" + kLong + R"(","items":["x"]})");
  answer_calls(evicting);
  EXPECT_EQ(evicting.inv.outcome, engine.inv.outcome);
  EXPECT_GT(evicting.inv.attempt, 2u);
}

struct Counted {
  static inline int alive = 0;
  explicit Counted(int v) : value(std::make_unique<int>(v)) { ++alive; }
  Counted(const Counted& other) : value(std::make_unique<int>(*other.value)) { ++alive; }
  Counted(Counted&& other) noexcept : value(std::move(other.value)) { ++alive; }
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --alive; }
  std::unique_ptr<int> value;
};
int value_of(Counted counted) { return *counted.value; }
int value_of_ref(const Counted& counted) { return *counted.value; }
int value_of_move(Counted&& counted) { return *counted.value; }
Task<int> pass_on(Context& ctx, Counted counted) {
  co_return co_await ctx.run("v", value_of, std::move(counted));
}

TEST(AwaitedTemporaries, arguments_are_destroyed_as_often_as_made) {
  Counted::alive = 0;
  FakeEngine engine(handlers_of(+[](Context& ctx) -> Task<int> {
    int sum = co_await ctx.run("v", value_of, Counted(1));
    sum += co_await ctx.run("r", value_of_ref, Counted(2));
    sum += co_await ctx.run("m", value_of_move, Counted(3));
    sum += co_await pass_on(ctx, Counted(4));
    auto [a, b] = co_await all(pass_on(ctx, Counted(5)), ctx.run("v", value_of, Counted(6)));
    co_await ctx.sleep(1h);
    co_return sum + a + b;
  }));
  engine.start("op", "null");
  EXPECT_EQ(Counted::alive, 0);
  engine.pass(1h);
  EXPECT_EQ(engine.inv.outcome.data, "21");
  EXPECT_EQ(Counted::alive, 0);
}

struct ThrowsWhenCopied {
  explicit ThrowsWhenCopied(int n) : left(n) {}
  ThrowsWhenCopied(const ThrowsWhenCopied& other) : left(other.left - 1) {
    if (left < 0) throw std::runtime_error("copied too often");
  }
  int left;
};
int left_of(ThrowsWhenCopied value) { return value.left; }

TEST(AwaitedTemporaries, an_argument_that_throws_when_copied_fails_the_try_or_the_attempt) {
  FakeEngine in_try(handlers_of(+[](Context& ctx) -> Task<int> {
    const ThrowsWhenCopied value(1);
    co_return co_await ctx.run("x", left_of, value);
  }));
  in_try.start("op", "null");
  in_try.pass(1s);
  EXPECT_EQ(in_try.inv.outcome.data, "step 'x' failed: copied too often");
  FakeEngine in_call(handlers_of(+[](Context& ctx) -> Task<int> {
    const ThrowsWhenCopied value(0);
    co_return co_await ctx.run("x", left_of, value);
  }));
  in_call.start("op", "null");
  EXPECT_EQ(in_call.failure.message, "copied too often");
}

}  // namespace
}  // namespace nowthen::sdk
