// The same operation for programs in any language: served over HTTP, by a program of ten lines.
//   build/release/examples/served &
//   curl -s localhost:7070/v1/operations/greet -d '"Ann"'

#include <string>

#include <nowthen/nowthen.h>

namespace nt = nowthen;
using namespace std::chrono_literals;

std::string compose(const std::string& name) { return "hello, " + name; }

nt::Task<std::string> greet(nt::Context& ctx, std::string name) {
  std::string text = co_await ctx.run("compose", compose, name);
  co_return text;
}

int main(int argc, char** argv) {
  nt::Engine engine{nt::Options().data_dir("nowthen-data")};
  engine.add("greet", greet, nt::auto_within(300ms));
  return engine.serve(argc > 1 ? argv[1] : "127.0.0.1:7070");
}
