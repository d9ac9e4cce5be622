// Several things at once: all of them, or the first that comes.

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include <nowthen/nowthen.h>

namespace nt = nowthen;
using namespace std::chrono_literals;

int ask(const std::string& insurer) { return 100 + static_cast<int>(insurer.size()); }

nt::Task<int> quote(nt::Context& ctx, std::string insurer) {
  co_return co_await ctx.run("ask", ask, insurer);
}

nt::Task<int> cheapest(nt::Context& ctx, std::vector<std::string> insurers) {
  std::vector<nt::Pending<int>> asked;
  for (const std::string& insurer : insurers) asked.push_back(ctx.call<int>("quote", insurer));
  std::vector<int> prices = co_await nt::all(std::move(asked));  // each its own invocation
  co_return *std::ranges::min_element(prices);
}

nt::Task<std::string> patient(nt::Context& ctx) {
  auto first = co_await nt::race(ctx.sleep(1h), ctx.wait_signal<std::string>("offer"));
  if (first.index == 0) co_return "nobody came";
  co_return std::get<1>(first.value);
}

int main() {
  nt::Engine engine{nt::Options()};
  engine.add("quote", quote);
  auto best = engine.add("cheapest", cheapest, nt::auto_within(5s));
  auto waiting = engine.add("patient", patient, nt::later());
  if (auto started = engine.start(); !started) {
    std::fprintf(stderr, "%s\n", started.error().message.c_str());
    return 1;
  }

  std::vector<std::string> insurers{"north", "southern", "west"};
  std::printf("the cheapest is %d\n", best.call(insurers).result());
  nt::Ticket<std::string> ticket = waiting.call().ticket();
  std::string offer = "an offer";
  (void)engine.signal(ticket.id(), "offer", offer);
  std::printf("%s came first\n", ticket.wait(10s).result().c_str());
}
