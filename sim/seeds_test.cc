// The first seeds and those that have failed once.

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "sim/run_seed.h"

namespace nowthen::sim {
namespace {

TEST(Seeds, the_first_fifty_histories_are_right) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const Outcome outcome = run_seed(seed);
    ASSERT_TRUE(outcome.right()) << outcome.report;
  }
}

TEST(Seeds, a_seed_is_one_history) {
  const Outcome once = run_seed(7);
  const Outcome again = run_seed(7);
  EXPECT_EQ(once.hash, again.hash);
  EXPECT_NE(once.hash, run_seed(8).hash);
}

TEST(Seeds, those_that_have_failed_once_pass) {
  const char* const folder = std::getenv("NOWTHEN_SOURCE_DIR");
  if (folder == nullptr) GTEST_SKIP() << "NOWTHEN_SOURCE_DIR is not set";
  std::ifstream file(std::string(folder) + "/sim/seeds.txt");
  ASSERT_TRUE(file.is_open());
  std::size_t count = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::uint64_t seed = 0;
    ASSERT_TRUE(std::istringstream(line) >> seed) << line;
    const Outcome outcome = run_seed(seed);
    EXPECT_TRUE(outcome.right()) << line << "\n" << outcome.report;
    ++count;
  }
  EXPECT_GT(count, 0u);
}

}  // namespace
}  // namespace nowthen::sim
