// expect: take the input by value
#include "declarations.h"

nt::Task<int> handler(nt::Context&, const Order&) { co_return 1; }
auto made = nt::sdk::make_handler(handler);
