// expect: this type has no JSON form
#include "declarations.h"

nt::Task<int> handler(nt::Context&, Undescribed) { co_return 1; }
auto made = nt::sdk::make_handler(handler);
