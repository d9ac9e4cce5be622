// expect: a step is an ordinary function; await a Task without run
#include "declarations.h"

nt::Task<int> no_context() { co_return 1; }
nt::Task<int> handler(nt::Context& ctx) {
  auto value = co_await ctx.run("child", no_context);
  co_return 1;
}
