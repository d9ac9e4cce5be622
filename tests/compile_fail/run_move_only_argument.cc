// expect: arguments of a step are copied
#include "declarations.h"

nt::Task<int> handler(nt::Context& ctx) {
  co_return co_await ctx.run("take", take_unique, std::make_unique<int>(1));
}
