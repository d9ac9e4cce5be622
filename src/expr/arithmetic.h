#pragma once

#include <cstdint>

#include "expr/raised.h"
#include "expr/value.h"

namespace nowthen::expr {

// The signs + - * / % between values of any kinds, as jq has them. Numbers are doubles here.

Value add(Value a, Value b, Raised& raised);
Value subtract(Value a, const Value& b, Raised& raised);
Value multiply(Value a, Value b, Raised& raised);
Value divide(const Value& a, const Value& b, Raised& raised);
Value modulo(const Value& a, const Value& b, Raised& raised);
Value negate(const Value& a, Raised& raised);

/// The pieces of `text` between `separator`s; of an empty separator, its characters.
Value split(std::string_view text, std::string_view separator, Raised& raised);

/// A number as 64 bits, cut to their range; NaN is 0.
std::int64_t to_integer(double number);

}  // namespace nowthen::expr
