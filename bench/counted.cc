#include "bench/counted.h"

#include <stdexcept>

#include <nowthen/codec.h>

#include "load/scripts.h"

namespace nowthen::bench {

Counted ask_counted(const load::Target& target) {
  const auto answer = load::ask_once(target, load::request("POST", load::path_of("counted")));
  if (answer && answer->status == 200) {
    if (auto counted = Codec<Counted>::decode(answer->body)) return *counted;
  }
  throw std::runtime_error("the server does not count: " +
                           (answer ? answer->body : answer.error().message));
}

}  // namespace nowthen::bench
