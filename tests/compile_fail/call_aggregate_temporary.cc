// expect: name the value: Mail mail
#include "declarations.h"

nt::Task<int> handler(nt::Context& ctx) {
  co_return co_await ctx.call<int>("charge", Order{"a@example.org"}, nt::CallOptions());
}
