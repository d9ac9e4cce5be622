// One at a time for each account, with state of its own; a repeated call is the same call.

#include <cstdio>
#include <optional>

#include <nowthen/nowthen.h>

namespace nt = nowthen;
using namespace std::chrono_literals;

nt::Task<int> deposit(nt::Context& ctx, int amount) {
  std::optional<int> before = co_await ctx.state<int>("balance");  // of this call's order key
  int balance = before.value_or(0) + amount;
  ctx.set_state("balance", balance);  // committed with what the handler does next, here its end
  co_return balance;
}

int main() {
  nt::Engine engine{nt::Options()};
  auto account = engine.add("deposit", deposit, nt::now_within(5s));
  if (auto started = engine.start(); !started) {
    std::fprintf(stderr, "%s\n", started.error().message.c_str());
    return 1;
  }

  nt::CallOptions first = nt::CallOptions().order_key("alice").idempotency_key("payment-1");
  std::printf("alice has %d\n", account.call(20, first).result());
  std::printf("alice has %d, asked again\n", account.call(20, first).result());
  nt::CallOptions second = nt::CallOptions().order_key("alice").idempotency_key("payment-2");
  std::printf("alice has %d\n", account.call(30, second).result());
  std::printf("bob has %d\n", account.call(5, nt::CallOptions().order_key("bob")).result());

  nt::Answer<int> other = account.call(99, first);  // the key of the first call, another input
  std::printf("%s\n", nt::to_string(other.error().code).data());
}
