// Waiting for people: a claim is checked, decided by a person or by the clock, and paid.

#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>

#include <nowthen/nowthen.h>

namespace nt = nowthen;
using namespace std::chrono_literals;

struct Claim {
  std::string id;
  int amount = 0;
};
NOWTHEN_JSON(Claim, id, amount);

std::string check(const Claim& claim) {
  static int tries = 0;
  if (++tries < 3) throw std::runtime_error("the register is away");  // tried again, with backoff
  if (claim.amount > 1'000) throw nt::Permanent("not covered");       // not tried again
  return "covered";
}
void pay(const Claim& claim) { std::printf("pays %d for %s\n", claim.amount, claim.id.c_str()); }

nt::Task<std::string> settle_claim(nt::Context& ctx, Claim claim) {
  try {
    co_await ctx.run("check", check, claim);
  } catch (const nt::StepFailed& failed) {
    co_return "refused: " + failed.message();
  }
  // Days may pass here, and restarts: nothing of it is on a thread, or in memory but its record.
  std::optional<std::string> decision = co_await ctx.wait_signal<std::string>("decision", 336h);
  if (decision.value_or("too late") != "approved") co_return "refused: by a person";
  co_await ctx.run("pay", pay, claim);
  co_return "paid";
}

int main() {
  nt::Engine engine{nt::Options()};
  nt::Declaration declaration = nt::later();
  declaration.policy.retry.interval = 1ms;
  auto settle = engine.add("settle-claim", settle_claim, declaration);
  if (auto started = engine.start(); !started) {
    std::fprintf(stderr, "%s\n", started.error().message.c_str());
    return 1;
  }

  nt::Answer<std::string> small = settle.call(Claim{"c-1", 300});
  std::printf("c-1 is %s\n", small.has_ticket() ? "accepted" : small.error().message.c_str());
  std::string approved = "approved";
  (void)engine.signal(small.id(), "decision", approved);  // may come before the code waits for it
  small = small.ticket().wait(10s);
  std::printf("c-1 is %s\n", small ? small.result().c_str() : "still open");

  nt::Answer<std::string> large = settle.call(Claim{"c-2", 5'000}).ticket().wait(10s);
  std::printf("c-2 is %s\n", large ? large.result().c_str() : "still open");
}
