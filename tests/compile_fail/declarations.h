#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <nowthen/context.h>

namespace nt = nowthen;

struct Order {
  std::string email;
};
NOWTHEN_JSON(Order, email);
struct Point {
  int x = 0, y = 0;
};
NOWTHEN_JSON(Point, x, y);
struct Undescribed {
  std::string text;
};

int charge(Order order);
int area(Point point);
int change(Order& order);
int take_unique(std::unique_ptr<int> value);
nt::Task<int> child(nt::Context& ctx);
