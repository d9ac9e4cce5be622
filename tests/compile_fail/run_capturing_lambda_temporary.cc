// expect: name the function object: auto fn
#include "declarations.h"

nt::Task<int> handler(nt::Context& ctx, Order order) {
  auto size = ctx.run("size", [order] { return static_cast<int>(order.email.size()); });
  co_return co_await std::move(size);
}
