// An operation written once, called in all three modes.

#include <cstdio>
#include <string>

#include <nowthen/nowthen.h>

namespace nt = nowthen;
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

struct Mail {
  std::string to;
  std::string payment;
};
NOWTHEN_JSON(Mail, to, payment);

// Steps: ordinary functions. They may block; what they return is recorded.
std::string charge(const Order& order) { return "paid-" + order.item; }
void save(const Order&, const std::string&) {}
void deliver(const Mail&) {}

nt::Task<Receipt> place_order(nt::Context& ctx, Order order) {
  std::string payment = co_await ctx.run("charge", charge, order);  // recorded once
  co_await ctx.run("save", save, order, payment);
  Mail mail{order.email, payment};
  co_await ctx.send("send-confirmation", mail);  // another operation, later
  co_return Receipt{payment};
}

nt::Task<void> send_confirmation(nt::Context& ctx, Mail mail) {
  co_await ctx.run("mail", deliver, mail);
}

int main() {
  nt::Engine engine{nt::Options()};  // in memory; Options().data_dir("data") keeps it
  nt::Declaration declaration = nt::auto_within(5s);
  declaration.allow.modes = {nt::Mode::auto_, nt::Mode::later};
  auto place = engine.add("place-order", place_order, declaration);
  engine.add("send-confirmation", send_confirmation, nt::later());
  if (auto started = engine.start(); !started) {
    std::fprintf(stderr, "%s\n", started.error().message.c_str());
    return 1;
  }

  Order order{"a@example.org", "burger"};
  nt::Answer<Receipt> answer = place.call(order);  // a result, a ticket, or an error
  std::printf("now:  %s\n", answer ? answer.result().payment.c_str() : "no result");

  // The same code finishes later from here on: a policy, changed while it runs.
  auto changed = engine.set_policy("place-order", nt::PolicyPatch().set("mode", "later"), "me");
  std::printf("mode is later: %s\n", changed ? "yes" : changed.error().message.c_str());
  answer = place.call(order);
  std::printf("then: %s\n", answer.has_ticket() ? "a ticket" : "no ticket");
  answer = answer.ticket().wait(10s);
  std::printf("and its result: %s\n", answer ? answer.result().payment.c_str() : "no result");
  engine.stop();
}
