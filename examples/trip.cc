// Undoing after a cancel, and a test of it: a day passes in no time, a process dies on the way.

#include <cstdio>
#include <string>

#include <nowthen/nowthen.h>
#include <nowthen/testing.h>

namespace nt = nowthen;
using namespace std::chrono_literals;

std::string reserve(const std::string& who) {
  return std::printf("a seat for %s\n", who.c_str()), "12A";
}
void release(const std::string& seat) { std::printf("%s is free again\n", seat.c_str()); }
void board(const std::string& seat) { std::printf("%s is taken\n", seat.c_str()); }

nt::Task<void> travel(nt::Context& ctx, std::string who) {
  std::string seat = co_await ctx.run("reserve", reserve, who);
  bool leaves = false;
  try {
    co_await ctx.sleep(24h);
    leaves = true;
  } catch (const nt::Cancelled&) {
  }
  if (leaves) {
    co_await ctx.run("board", board, seat);
  } else {
    co_await ctx.cleanup("release", release, seat);  // the one kind of step after a cancel
  }
}

int main() {
  nt::TestEngine engine;
  auto trip = engine.add("travel", travel, nt::later());
  if (!engine.start()) return 1;

  nt::Ticket<void> ann = trip.call("ann").ticket();
  nt::Ticket<void> bob = trip.call("bob").ticket();
  engine.run();
  engine.crash();  // as kill -9, and a new start on the same data: no seat is reserved again
  engine.advance(12h);
  (void)engine.cancel(bob.id(), "ill");
  engine.run();
  std::printf("bob: %s\n", bob.poll().state().c_str());
  engine.advance(12h);
  std::printf("ann: %s\n", ann.poll().state().c_str());
}
