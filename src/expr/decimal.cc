#include "expr/decimal.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace nowthen::expr {
namespace {

/// A number taken apart: coefficient * 10^exponent.
struct Parts {
  bool negative = false;
  std::string digits;  ///< of the coefficient, without leading zeros; "0" for zero
  long long exponent = 0;

  bool is_zero() const { return digits == "0"; }
  /// Of its first digit.
  long long magnitude() const { return exponent + static_cast<long long>(digits.size()) - 1; }
};

/// Of the grammar of JSON, and of canonical texts, which are within it.
std::optional<Parts> take_apart(std::string_view text) {
  Parts parts;
  if (text.starts_with('-')) {
    parts.negative = true;
    text.remove_prefix(1);
  }
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    parts.digits += text.substr(from, at - from);
    return static_cast<long long>(at - from);
  };
  digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    parts.exponent -= digits();
  }
  if (at < text.size()) {  // the letter
    std::string_view exponent = text.substr(at + 1);
    if (exponent.starts_with('+')) exponent.remove_prefix(1);
    long long number = 0;
    const auto end = std::from_chars(exponent.data(), exponent.data() + exponent.size(), number);
    if (end.ec != std::errc() || number > kExponentMax || number < -kExponentMax)
      return std::nullopt;
    parts.exponent += number;
  }
  parts.digits.erase(0, std::min(parts.digits.find_first_not_of('0'), parts.digits.size() - 1));
  return parts;
}

std::string write(const Parts& parts) {
  std::string text = parts.negative ? "-" : "";
  const std::string& digits = parts.digits;
  const long long magnitude = parts.magnitude();
  if (parts.exponent > 0 || magnitude < -6) {
    text += digits[0];
    if (digits.size() > 1) text.append(".").append(digits, 1);
    text += magnitude < 0 ? "E" : "E+";
    return text + std::to_string(magnitude);
  }
  if (magnitude < 0)
    return text + "0." + std::string(static_cast<std::size_t>(-magnitude - 1), '0') + digits;
  const auto before_point = static_cast<std::size_t>(magnitude + 1);
  text.append(digits, 0, before_point);
  if (before_point < digits.size()) text.append(".").append(digits, before_point);
  return text;
}

}  // namespace

std::optional<std::string> canonical(std::string_view number) {
  const auto parts = take_apart(number);
  if (!parts) return std::nullopt;
  return write(*parts);
}

double to_double(std::string_view decimal) {
  double number = 0;
  const auto end = std::from_chars(decimal.data(), decimal.data() + decimal.size(), number);
  if (end.ec != std::errc::result_out_of_range) return number;
  const auto parts = take_apart(decimal);
  const bool large = parts && parts->magnitude() > 0;
  const double size = large ? std::numeric_limits<double>::infinity() : 0.0;
  return decimal.starts_with('-') ? -size : size;
}

std::strong_ordering compare_decimals(std::string_view a, std::string_view b) {
  if (a == b) return std::strong_ordering::equal;
  const Parts left = *take_apart(a);
  const Parts right = *take_apart(b);
  const auto sign = [](const Parts& of) { return of.is_zero() ? 0 : of.negative ? -1 : 1; };
  if (const auto signs = sign(left) <=> sign(right); signs != 0 || left.is_zero()) return signs;
  const auto sizes = [&] {
    if (const auto by = left.magnitude() <=> right.magnitude(); by != 0) return by;
    const std::size_t both = std::min(left.digits.size(), right.digits.size());
    if (const int by = left.digits.compare(0, both, right.digits, 0, both); by != 0)
      return by <=> 0;
    const bool more_left = left.digits.find_first_not_of('0', both) != std::string::npos;
    const bool more_right = right.digits.find_first_not_of('0', both) != std::string::npos;
    return more_left <=> more_right;
  }();
  return left.negative ? 0 <=> sizes : sizes;
}

void append_double(std::string& out, double number) {
  if (std::isnan(number)) {
    out += "null";
    return;
  }
  number =
      std::clamp(number, std::numeric_limits<double>::lowest(), std::numeric_limits<double>::max());
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), number, std::chars_format::scientific);
  std::string_view written(text, static_cast<std::size_t>(end.ptr - text));
  if (written.starts_with('-')) {
    out += '-';
    written.remove_prefix(1);
  }
  const std::size_t letter = written.find('e');
  std::string digits(1, written[0]);
  if (letter > 1) digits += written.substr(2, letter - 2);
  int magnitude = 0;
  const std::size_t exponent = letter + (written[letter + 1] == '+' ? 2 : 1);
  std::from_chars(written.data() + exponent, written.data() + written.size(), magnitude);
  const int count = static_cast<int>(digits.size());
  if (magnitude < -5 || magnitude >= count + 15) {
    out += digits[0];
    if (count > 1) out.append(".").append(digits, 1);
    out += magnitude < 0 ? "e-" : "e+";
    const int size = std::abs(magnitude);
    if (size < 10) out += '0';
    out += std::to_string(size);
  } else if (magnitude < 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-magnitude - 1), '0');
    out += digits;
  } else if (magnitude >= count - 1) {
    out += digits;
    out.append(static_cast<std::size_t>(magnitude + 1 - count), '0');
  } else {
    out.append(digits, 0, static_cast<std::size_t>(magnitude) + 1);
    out += '.';
    out.append(digits, static_cast<std::size_t>(magnitude) + 1);
  }
}

}  // namespace nowthen::expr
