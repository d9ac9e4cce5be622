// expect: name the value: Mail mail
#include "declarations.h"

nt::Task<void> handler(nt::Context& ctx) { co_await ctx.send("mail", Order{"a@example.org"}); }
