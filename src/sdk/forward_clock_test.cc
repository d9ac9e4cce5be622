#include "sdk/forward_clock.h"

#include <gtest/gtest.h>

namespace nowthen::sdk {
namespace {

using namespace std::chrono_literals;

class SteppedClock final : public ForwardClock {
 public:
  void pass(Duration duration) {
    wall += duration;
    steady += duration;
  }
  WallTime wall{100h};
  Duration steady = 5h;

 private:
  WallTime wall_now() const override { return wall; }
  Duration steady_now() const override { return steady; }
};

TEST(ForwardClock, shows_the_time_and_follows_steps_forward) {
  SteppedClock clock;
  EXPECT_EQ(clock.now(), WallTime(100h));
  clock.pass(1min);
  EXPECT_EQ(clock.now(), WallTime(100h + 1min));
  clock.wall += 1h;
  EXPECT_EQ(clock.now(), WallTime(101h + 1min));
}

TEST(ForwardClock, goes_on_at_half_speed_after_a_step_back_until_it_is_caught_up) {
  SteppedClock clock;
  clock.now();
  clock.wall -= 1h;
  EXPECT_EQ(clock.now(), WallTime(100h));
  clock.pass(10min);
  EXPECT_EQ(clock.now(), WallTime(100h + 5min));
  for (int i = 0; i < 110; ++i) {
    clock.pass(1min);
    clock.now();
  }
  EXPECT_EQ(clock.now(), WallTime(101h));
  clock.pass(1min);
  EXPECT_EQ(clock.now(), WallTime(101h + 1min));
}

}  // namespace
}  // namespace nowthen::sdk
