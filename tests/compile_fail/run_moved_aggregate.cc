// expect: name the value: Order order
#include "declarations.h"

nt::Task<int> handler(nt::Context& ctx, Order order) {
  co_return co_await ctx.run("charge", charge, std::move(order));
}
