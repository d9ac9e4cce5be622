// expect: awaiting uses it up: write co_await std::move(it)
#include "declarations.h"

nt::Task<int> handler(nt::Context& ctx) {
  auto nap = ctx.sleep(std::chrono::seconds(1));
  co_await nap;
  co_return 1;
}
