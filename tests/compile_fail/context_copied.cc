// expect: deleted
#include "declarations.h"

nt::Task<int> handler(nt::Context& ctx) {
  nt::Context mine = ctx;
  co_return 1;
}
