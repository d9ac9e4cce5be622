#include "sim/history.h"

#include <cstdio>

#include "base/prng.h"

namespace nowthen::sim {

void History::note(Duration at, unsigned life, std::string_view what) {
  std::uint64_t line = mix64(static_cast<std::uint64_t>(at.count()) ^ mix64(life));
  for (const char c : what) line = (line ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  hash_ = mix64(hash_ ^ line);
  ++count_;
  if (kept_ == 0) return;
  std::string text = std::to_string(at.count() / 1'000) + "ms life " + std::to_string(life) + ": ";
  text.append(what);
  if (kept_ == kPrinted) {
    std::puts(text.c_str());
    std::fflush(stdout);
    return;
  }
  lines_.push_back(std::move(text));
  if (lines_.size() > kept_) lines_.pop_front();
}

}  // namespace nowthen::sim
