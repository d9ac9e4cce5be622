// expect: this type has no JSON form
#include "declarations.h"

Undescribed make();
nt::Task<int> handler(nt::Context& ctx) {
  co_await ctx.run("make", make);
  co_return 1;
}
