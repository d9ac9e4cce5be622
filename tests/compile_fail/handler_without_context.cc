// expect: a handler is Task<R> f(Context&) or Task<R> f(Context&, Input)
#include "declarations.h"

nt::Task<int> handler(Order) { co_return 1; }
auto made = nt::sdk::make_handler(handler);
