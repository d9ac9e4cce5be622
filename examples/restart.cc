// Through kill -9: one process accepts an order and is killed half-way, the next one finishes it.

#include <cstdio>
#include <string>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nowthen/nowthen.h>

namespace nt = nowthen;
using namespace std::chrono_literals;

int say(const std::string& what) { return std::printf("%s\n", what.c_str()); }

nt::Task<std::string> brew(nt::Context& ctx, std::string drink) {
  co_await ctx.run("pay", say, drink + " is paid");
  co_await ctx.sleep(200ms);
  co_await ctx.run("pour", say, drink + " is poured");
  co_return "enjoy your " + drink;
}

nt::Options options() { return nt::Options().data_dir("data"); }
nt::CallOptions order() { return nt::CallOptions().idempotency_key("order-1"); }

/// Accepts the order, and dies while it sleeps.
void first_process() {
  nt::Engine engine{options()};
  auto drinks = engine.add("brew", brew, nt::auto_within(50ms));
  if (!engine.start()) return;
  nt::Answer<std::string> answer = drinks.call("coffee", order());
  std::printf("the answer is %s\n", answer.has_ticket() ? "a ticket" : "not a ticket");
  std::fflush(stdout);
  ::kill(::getpid(), SIGKILL);
}

/// Has never heard of the order but for its key.
int second_process() {
  nt::Engine engine{options()};
  auto drinks = engine.add("brew", brew, nt::auto_within(50ms));
  if (auto started = engine.start(); !started) {
    std::fprintf(stderr, "%s\n", started.error().message.c_str());
    return 1;
  }
  nt::Answer<std::string> answer = drinks.find("order-1");
  if (answer.has_ticket()) answer = answer.ticket().wait(10s);
  std::printf("%s\n", answer ? answer.result().c_str() : answer.error().message.c_str());
  return 0;
}

int main() {
  if (::fork() == 0) {
    first_process();
    return 1;
  }
  int status = 0;
  ::wait(&status);
  std::printf("the process was %s\n", WIFSIGNALED(status) ? "killed" : "not killed");
  return second_process();
}
