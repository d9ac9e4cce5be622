#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "expr/value.h"

namespace nowthen::expr {

/// What a step of a program raised, if anything, and how many more it may take. Errors are values
/// that programs may catch; that a budget is used up is none of them.
class Raised {
 public:
  enum class What : std::uint8_t { nothing, error, budget };
  static constexpr std::uint64_t kStepsMax = 10'000'000;  ///< unless the host says otherwise

  explicit operator bool() const { return what_ != What::nothing; }
  What what() const { return what_; }
  const Value& value() const { return value_; }
  Value take() {
    what_ = What::nothing;
    return std::move(value_);
  }

  /// Returns null, so that it may be returned in turn.
  Value error(Value value) { return set(What::error, std::move(value)); }
  Value error(std::string_view message) { return error(Value(message)); }
  Value budget(std::string_view message) { return set(What::budget, Value(message)); }

  /// Takes steps for work that grows with its input. False: so many are not left, which is raised.
  bool spend(std::uint64_t count) {
    if (count <= steps) {
      steps -= count;
      return true;
    }
    steps = 0;
    budget("steps");
    return false;
  }

  std::uint64_t steps = kStepsMax;  ///< that are left

 private:
  Value set(What what, Value value) {
    if (what_ != What::nothing) return {};
    what_ = what;
    value_ = std::move(value);
    return {};
  }

  What what_ = What::nothing;
  Value value_;
};

/// How an error names a value: "string (\"abc\")"; what is long is cut.
std::string described(const Value& value);
/// The value as JSON, cut after 29 bytes.
std::string shortened(const Value& value);

}  // namespace nowthen::expr
