#include "bench/counted.h"

#include <cstdio>
#include <cstdlib>

#include <nowthen/codec.h>

#include "load/scripts.h"

namespace nowthen::bench {

Counted ask_counted(const load::Target& target) {
  const auto answer = load::ask_once(target, load::request("POST", load::path_of("counted")));
  if (answer && answer->status == 200) {
    if (auto counted = Codec<Counted>::decode(answer->body)) return *counted;
  }
  std::fprintf(stderr, "the server does not count: %s\n",
               answer ? answer->body.c_str() : answer.error().message.c_str());
  std::exit(1);
}

}  // namespace nowthen::bench
