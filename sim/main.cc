// nowthen-sim: simulates histories, one a seed, until one is wrong or all are right.

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "sim/run_seed.h"

namespace {

struct Wanted {
  std::uint64_t seeds = 200;
  std::uint64_t first = 1;
  std::uint64_t seconds = 0;  ///< 0: no limit
  bool verbose = false;
  std::string_view bug;
};

std::uint64_t seed_now = 0;

/// A broken invariant ends the process: say with which seed.
void on_abort(int) {
  std::printf("seed %llu FAILED: no assert: an invariant of the engine is broken\n",
              static_cast<unsigned long long>(seed_now));
  std::fflush(stdout);
  std::_Exit(1);
}

bool read(const char* text, std::uint64_t& into) {
  const char* const end = text + std::strlen(text);
  return std::from_chars(text, end, into).ptr == end;
}

bool parse(int count, char** words, Wanted& wanted) {
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const char* const value = i + 1 < count ? words[i + 1] : "";
    if (word == "--verbose") {
      wanted.verbose = true;
      continue;
    }
    ++i;
    if (word == "--seeds" && read(value, wanted.seeds)) continue;
    if (word == "--seed" && read(value, wanted.first)) {
      wanted.seeds = 1;
      continue;
    }
    if (word == "--from" && read(value, wanted.first)) continue;
    if (word == "--seconds" && read(value, wanted.seconds)) continue;
    if (word == "--bug" && i < count) {
      wanted.bug = value;
      continue;
    }
    return false;
  }
  return true;
}

}  // namespace

int main(int count, char** words) {
  using namespace nowthen::sim;
  Wanted wanted;
  if (!parse(count, words, wanted) || !plant(wanted.bug)) {
    std::fprintf(stderr,
                 "usage: nowthen-sim [--seeds N] [--from S] [--seed S] [--seconds T] "
                 "[--bug NAME] [--verbose]\n%s",
                 bug_names().c_str());
    return 2;
  }
  std::signal(SIGABRT, on_abort);
  std::signal(SIGSEGV, on_abort);
  const auto begin = std::chrono::steady_clock::now();
  const auto seconds = [&begin] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < wanted.seeds; ++i) {
    if (wanted.seconds != 0 && seconds() > static_cast<double>(wanted.seconds)) break;
    seed_now = wanted.first + i;
    const Outcome outcome = run_seed(seed_now, wanted.verbose);
    total = total * 31 + outcome.hash;
    outcome.right() ? ++passed : ++failed;
    if (!outcome.right() || wanted.verbose) std::fputs(outcome.report.c_str(), stdout);
    if (!outcome.right() && !wanted.bug.empty()) break;
  }
  std::printf("%llu passed, %llu failed, hash %016llx, %.1f s\n",
              static_cast<unsigned long long>(passed), static_cast<unsigned long long>(failed),
              static_cast<unsigned long long>(total), seconds());
  return failed == 0 ? 0 : 1;
}
