// Functions of numbers. Those of two and three numbers do not use their input.

#include <cmath>
#include <limits>

#include "expr/arithmetic.h"
#include "expr/builtins.h"
#include "expr/paths.h"

namespace nowthen::expr {
namespace {

bool numbers(Call& call, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    if (call.arguments[i].is_number()) continue;
    call.raised.error(described(call.arguments[i]) + " number required");
    return false;
  }
  return true;
}

template <double (*F)(double)>
Value of_one(Call& call) {
  if (!call.input.is_number()) return call.raised.error(described(call.input) + " number required");
  return Value(F(call.input.number()));
}

template <double (*F)(double, double)>
Value of_two(Call& call) {
  if (!numbers(call, 2)) return {};
  return Value(F(call.arguments[0].number(), call.arguments[1].number()));
}

template <double (*F)(double, double, double)>
Value of_three(Call& call) {
  if (!numbers(call, 3)) return {};
  return Value(
      F(call.arguments[0].number(), call.arguments[1].number(), call.arguments[2].number()));
}

template <double (*F)(double)>
constexpr Builtin one(std::string_view name) {
  return {name, 0, of_one<F>};
}
template <double (*F)(double, double)>
constexpr Builtin two(std::string_view name) {
  return {name, 2, of_two<F>, true, false};
}

double exp10_of(double x) { return std::pow(10, x); }
double significand_of(double x) {
  if (x == 0 || std::isinf(x) || std::isnan(x)) return x;
  return std::ldexp(x, -std::ilogb(x));
}
int clamped(double x) { return static_cast<int>(std::fmin(std::fmax(x, -1e6), 1e6)); }
double ldexp_of(double x, double by) { return std::isnan(by) ? by : std::ldexp(x, clamped(by)); }
double scalb_of(double x, double by) {
  return by == std::trunc(by) ? ldexp_of(x, by) : std::numeric_limits<double>::quiet_NaN();
}
// The log-gamma of the C library keeps the sign in a global.
double lgamma_of(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

Value lgamma_with_sign(Call& call) {
  if (!call.input.is_number()) return call.raised.error(described(call.input) + " number required");
  int sign = 0;
  Value parts[] = {Value(::lgamma_r(call.input.number(), &sign)), Value()};
  parts[1] = Value(static_cast<double>(sign));
  return Value::array(parts, 2);
}

Value frexp(Call& call) {
  if (!call.input.is_number()) return call.raised.error(described(call.input) + " number required");
  const double number = call.input.number();
  int exponent = 0;
  const double fraction = std::frexp(number, &exponent);
  const bool finite = std::isfinite(number);
  Value parts[] = {Value(finite ? fraction : number),
                   Value(finite ? static_cast<double>(exponent) : 0.0)};
  return Value::array(parts, 2);
}

Value modf(Call& call) {
  if (!call.input.is_number()) return call.raised.error(described(call.input) + " number required");
  double whole = 0;
  const double part = std::modf(call.input.number(), &whole);
  Value parts[] = {Value(part), Value(whole)};
  return Value::array(parts, 2);
}

Value absolute(Call& call) {
  if (!call.input.is_number())
    return call.raised.error(described(call.input) + " has no absolute value");
  if (call.input.is_exact())
    return call.input.text().starts_with('-') ? negate(call.input, call.raised)
                                              : std::move(call.input);
  return call.input.number() < 0 ? Value(-call.input.number()) : std::move(call.input);
}

Value infinite(Call&) { return Value(std::numeric_limits<double>::infinity()); }
Value not_a_number(Call&) { return Value(std::numeric_limits<double>::quiet_NaN()); }

template <bool (*F)(double)>
Value whether(Call& call) {
  if (!call.input.is_number()) return call.raised.error(described(call.input) + " number required");
  return Value(F(call.input.number()));
}
bool is_infinite(double x) { return std::isinf(x); }
bool is_not_a_number(double x) { return std::isnan(x); }
bool is_normal(double x) { return std::isnormal(x); }

constexpr Builtin kBuiltins[] = {one<std::floor>("floor"),
                                 one<std::ceil>("ceil"),
                                 one<std::round>("round"),
                                 one<std::trunc>("trunc"),
                                 one<std::rint>("rint"),
                                 one<std::nearbyint>("nearbyint"),
                                 one<std::fabs>("fabs"),
                                 one<std::sqrt>("sqrt"),
                                 one<std::cbrt>("cbrt"),
                                 one<std::exp>("exp"),
                                 one<std::exp2>("exp2"),
                                 one<exp10_of>("exp10"),
                                 one<exp10_of>("pow10"),
                                 one<std::expm1>("expm1"),
                                 one<std::log>("log"),
                                 one<std::log2>("log2"),
                                 one<std::log10>("log10"),
                                 one<std::log1p>("log1p"),
                                 one<std::logb>("logb"),
                                 one<std::sin>("sin"),
                                 one<std::cos>("cos"),
                                 one<std::tan>("tan"),
                                 one<std::asin>("asin"),
                                 one<std::acos>("acos"),
                                 one<std::atan>("atan"),
                                 one<std::sinh>("sinh"),
                                 one<std::cosh>("cosh"),
                                 one<std::tanh>("tanh"),
                                 one<std::asinh>("asinh"),
                                 one<std::acosh>("acosh"),
                                 one<std::atanh>("atanh"),
                                 one<std::tgamma>("tgamma"),
                                 one<lgamma_of>("lgamma"),
                                 one<lgamma_of>("gamma"),
                                 one<significand_of>("significand"),
                                 one<::j0>("j0"),
                                 one<::j1>("j1"),
                                 one<::y0>("y0"),
                                 one<::y1>("y1"),
                                 two<std::pow>("pow"),
                                 two<std::atan2>("atan2"),
                                 two<std::fmod>("fmod"),
                                 two<std::fmin>("fmin"),
                                 two<std::fmax>("fmax"),
                                 two<std::fdim>("fdim"),
                                 two<std::hypot>("hypot"),
                                 two<std::copysign>("copysign"),
                                 two<std::nextafter>("nextafter"),
                                 two<std::nextafter>("nexttoward"),
                                 two<std::remainder>("drem"),
                                 two<ldexp_of>("ldexp"),
                                 two<scalb_of>("scalb"),
                                 two<ldexp_of>("scalbln"),
                                 {"fma", 3, of_three<std::fma>, true, false},
                                 {"lgamma_r", 0, lgamma_with_sign},
                                 {"frexp", 0, frexp},
                                 {"modf", 0, modf},
                                 {"abs", 0, absolute},
                                 {"infinite", 0, infinite, true, false},
                                 {"nan", 0, not_a_number, true, false},
                                 {"isinfinite", 0, whether<is_infinite>},
                                 {"isnan", 0, whether<is_not_a_number>},
                                 {"isnormal", 0, whether<is_normal>}};

}  // namespace

std::span<const Builtin> math_builtins() { return kBuiltins; }

}  // namespace nowthen::expr
