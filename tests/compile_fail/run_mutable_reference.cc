// expect: the function cannot be called with these arguments
#include "declarations.h"

nt::Task<int> handler(nt::Context& ctx, Order order) {
  co_return co_await ctx.run("change", change, order);
}
