// expect: a task gives a value, not a reference
#include "declarations.h"

nt::Task<int&> handler(nt::Context& ctx);
int use(nt::Context& ctx) { return sizeof(handler(ctx)); }
