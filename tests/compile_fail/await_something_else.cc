// expect: a handler awaits Tasks, what Context gives, all() and race() only
#include "declarations.h"

nt::Task<int> handler(nt::Context&) {
  co_await std::suspend_always();
  co_return 1;
}
