// expect: ignoring return
#include "declarations.h"

nt::Task<int> handler(nt::Context& ctx) {
  ctx.sleep(std::chrono::seconds(1));
  co_return 1;
}
