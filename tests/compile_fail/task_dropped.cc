// expect: ignoring return
#include "declarations.h"

nt::Task<int> handler(nt::Context& ctx) {
  child(ctx);
  co_return 1;
}
