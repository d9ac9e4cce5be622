// The process that kill_test kills: an engine under load on one data folder.
//   victim FOLDER LEDGER load      accepts work until killed; prints "accepted ID" for each ticket;
//                                  when its store fails it prints "fatal MESSAGE" and exits with 74
//   victim FOLDER LEDGER deadly    accepts a hundred, then one whose code kills the process
//   victim FOLDER LEDGER drain     reads ids from stdin, waits for each; prints "ended ID STATE";
//                                  what is parked it resumes, and prints "blamed ID NOTE" before
// Every run of a step is one line of the ledger: "TOKEN".

#include <atomic>
#include <cstdio>
#include <iostream>
#include <semaphore>
#include <string>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <nowthen/nowthen.h>

namespace nt = nowthen;
using namespace std::chrono_literals;

namespace {

int ledger = -1;

/// A side effect that the world sees: one line, whole, in the order in which it happened.
int work(int value) {
  const std::string line = nt::step_token() + "\n";
  if (::write(ledger, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
  return value + 1;
}

nt::Task<int> three_steps(nt::Context& ctx, int value) {
  value = co_await ctx.run("a", work, value);
  value = co_await ctx.run("b", work, value);
  co_await ctx.sleep(5ms);
  co_return co_await ctx.run("c", work, value);
}

int kill_process() { return ::raise(SIGKILL); }

nt::Task<int> deadly(nt::Context& ctx, int) { co_return co_await ctx.run("deadly", kill_process); }

void say_accepted(nt::InvocationId id) {
  const std::string line = "accepted " + nt::to_string(id) + "\n";
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::abort();
}

void load(const nt::Operation<int, int>& operation) {
  constexpr int kAtOnce = 32;
  std::counting_semaphore<kAtOnce> room(kAtOnce);
  for (int i = 0;; ++i) {
    room.acquire();
    operation.call(i, nt::CallOptions().respond_async(), [&room](const nt::Answer<int>& answer) {
      if (answer.has_ticket()) say_accepted(answer.id());
      room.release();
    });
  }
}

void drain(nt::Engine& engine, const nt::Operation<int, int>& operation) {
  std::string text;
  while (std::cin >> text) {
    const auto id = nt::parse_invocation_id(text);
    if (!id) std::abort();
    if (const auto status = engine.status(*id); status && status->state == "parked") {
      std::printf("blamed %s %s\n", text.c_str(), status->note.c_str());
      if (!engine.resume(*id)) std::abort();
    }
    const nt::Answer<int> answer = operation.ticket(*id).wait(30s);
    std::printf("ended %s %s\n", text.c_str(), answer.state().c_str());
    if (!answer.has_ticket()) continue;
    for (const std::string& why : engine.status(*id)->why) std::cerr << text << " " << why << "\n";
  }
}

void kill_itself(const nt::Operation<int, int>& bystanders, const nt::Operation<int, int>& killer) {
  for (int i = 0; i < 100; ++i) {
    bystanders.call(i, nt::CallOptions().respond_async(),
                    [](const nt::Answer<int>& answer) { say_accepted(answer.id()); });
  }
  (void)killer.call(0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  ledger = ::open(argv[2], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  nt::Engine engine{nt::Options().data_dir(argv[1]).on_fatal([](const nt::Error& error) {
    const std::string line = "fatal " + error.message + "\n";
    ::_exit(::write(STDOUT_FILENO, line.data(), line.size()) < 0 ? 1 : 74);
  })};
  nt::Declaration declaration = nt::auto_within(100ms);
  const auto operation = engine.add("three-steps", three_steps, declaration);
  const auto killer = engine.add("deadly", deadly, nt::later());
  if (auto started = engine.start(); !started) {
    std::printf("victim: %s\n", started.error().message.c_str());
    return 1;
  }
  const std::string mode = argv[3];
  if (mode == "load") load(operation);
  if (mode == "deadly") kill_itself(operation, killer);
  drain(engine, operation);
  engine.stop();
}
