// Exact arithmetic of decimals: what doubles round, these do not.

#include <string>

#include "expr/builtins.h"
#include "expr/decimal.h"
#include "expr/read.h"

namespace nowthen::expr {
namespace {

/// The canonical text of a number, or of a string that is one.
std::optional<std::string> decimal_of(Call& call, const Value& value) {
  if (value.is_exact()) return std::string(value.text());
  std::optional<std::string> text;
  if (value.is_number() && value.number() - value.number() == 0) {
    std::string written;
    append_double(written, value.number());
    text = canonical(written);
  } else if (value.is_string()) {
    const auto read = read_json(value.text());
    if (read && read->is_number()) return decimal_of(call, *read);
  }
  if (!text) call.raised.error(described(value) + " is not a decimal number");
  return text;
}

Value number_of(Call& call, const std::optional<std::string>& text) {
  if (!text)
    return call.raised.error("a decimal number would have more than " +
                             std::to_string(kDecimalDigitsMax) + " digits");
  return *read_json(*text);
}

using Operation = std::optional<std::string> (*)(std::string_view, std::string_view);

Value of_two(Call& call, Operation operation, bool is_product = false) {
  const auto a = decimal_of(call, call.arguments[0]);
  const auto b = a ? decimal_of(call, call.arguments[1]) : std::nullopt;
  if (!b) return {};
  if (!call.raised.spend((is_product ? a->size() * b->size() : a->size() + b->size()) / 16))
    return {};
  return number_of(call, operation(*a, *b));
}

Value decimal_add(Call& call) { return of_two(call, add_decimals); }
Value decimal_mul(Call& call) { return of_two(call, multiply_decimals, true); }
Value decimal_sub(Call& call) {
  return of_two(call, [](std::string_view a, std::string_view b) {
    return add_decimals(a, b.starts_with('-') ? std::string(b.substr(1)) : "-" + std::string(b));
  });
}

Value decimal_cmp(Call& call) {
  const auto a = decimal_of(call, call.arguments[0]);
  const auto b = a ? decimal_of(call, call.arguments[1]) : std::nullopt;
  if (!b) return {};
  const auto order = compare_decimals(*a, *b);
  return Value(order < 0 ? -1.0 : order > 0 ? 1.0 : 0.0);
}

Value rounded(Call& call, const Value& mode) {
  constexpr std::string_view kModes[] = {"half_up", "half_even", "half_down", "up",
                                         "down",    "ceiling",   "floor"};
  const auto number = decimal_of(call, call.arguments[0]);
  if (!number) return {};
  const Value& digits = call.arguments[1];
  const double places = digits.is_number() ? digits.number() : 0.5;
  if (places != static_cast<double>(static_cast<int>(places < -1e6 || places > 1e6 ? 0 : places)))
    return call.raised.error(described(digits) + " is not a number of digits behind the point");
  for (std::size_t i = 0; i < std::size(kModes); ++i) {
    if (mode.is_string() && mode.text() == kModes[i])
      return number_of(call,
                       round_decimal(*number, static_cast<int>(places), static_cast<Rounding>(i)));
  }
  return call.raised.error(described(mode) +
                           " is not a way of rounding: half_up, half_even, half_down, up, down, "
                           "ceiling or floor");
}

Value decimal_round(Call& call) { return rounded(call, Value("half_up")); }
Value decimal_round_by(Call& call) { return rounded(call, call.arguments[2]); }

constexpr Builtin kBuiltins[] = {{"decimal_add", 2, decimal_add, true, false},
                                 {"decimal_sub", 2, decimal_sub, true, false},
                                 {"decimal_mul", 2, decimal_mul, true, false},
                                 {"decimal_cmp", 2, decimal_cmp, true, false},
                                 {"decimal_round", 2, decimal_round, true, false},
                                 {"decimal_round", 3, decimal_round_by, true, false}};

}  // namespace

std::span<const Builtin> decimal_builtins() { return kBuiltins; }

}  // namespace nowthen::expr
