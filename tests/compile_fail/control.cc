// expect nothing: the forms that the other files get wrong, written as they should be.
#include "declarations.h"

nt::Task<int> handler(nt::Context& ctx, Order order) {
  int sum = co_await ctx.run("charge", charge, order);
  auto fn = [order] { return static_cast<int>(order.email.size()); };
  sum += co_await ctx.run("size", fn);
  sum += co_await ctx.run("point", area, Point{1, 2});  // nothing to destroy in it
  co_await ctx.send("mail", order);
  Order echoed = co_await ctx.call<Order>("echo", order);
  co_await child(ctx);
  nt::Pending<void> nap = ctx.sleep(std::chrono::seconds(1));
  co_await std::move(nap);
  auto [a, b] = co_await nt::all(child(ctx), ctx.run("charge", charge, echoed));
  co_return sum + a + b;
}
auto made = nt::sdk::make_handler(handler);
