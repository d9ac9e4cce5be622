#include "base/assert.h"

#include <gtest/gtest.h>

namespace nowthen {
namespace {

TEST(AssertDeathTest, broken_invariant_is_printed_with_its_place_and_aborts) {
  const int one = 1;
  EXPECT_DEATH(NT_ASSERT(one == 2), "assert_test.cc:[0-9]+: broken invariant: one == 2");
}

TEST(Assert, held_invariant_evaluates_its_condition_once_and_goes_on) {
  int evaluated = 0;
  NT_ASSERT(++evaluated == 1);
  EXPECT_EQ(evaluated, 1);
}

}  // namespace
}  // namespace nowthen
