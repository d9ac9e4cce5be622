#include "expr/decimal.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

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

/// Digits with the point behind the digit of 10^0, where there is one; `magnitude` is that of the
/// first digit. No zeros are added behind.
void append_plain(std::string& out, std::string_view digits, long long magnitude) {
  if (magnitude < 0) {
    out.append("0.").append(static_cast<std::size_t>(-magnitude - 1), '0').append(digits);
    return;
  }
  const auto before_point = static_cast<std::size_t>(magnitude + 1);
  out.append(digits.substr(0, before_point));
  if (before_point < digits.size()) out.append(".").append(digits.substr(before_point));
}

/// Digits with the point behind the first one, up to before the exponent.
void append_scientific(std::string& out, std::string_view digits) {
  out += digits[0];
  if (digits.size() > 1) out.append(".").append(digits.substr(1));
}

std::string write(const Parts& parts) {
  std::string text = parts.negative ? "-" : "";
  const long long magnitude = parts.magnitude();
  if (parts.exponent > 0 || magnitude < -6) {
    append_scientific(text, parts.digits);
    text += magnitude < 0 ? "E" : "E+";
    return text + std::to_string(magnitude);
  }
  append_plain(text, parts.digits, magnitude);
  return text;
}

/// Canonical, if all of it can be read again.
std::optional<std::string> written(Parts parts) {
  parts.digits.erase(0, std::min(parts.digits.find_first_not_of('0'), parts.digits.size() - 1));
  const auto too_large = [](long long exponent) {
    return exponent > kExponentMax || exponent < -kExponentMax;
  };
  if (too_large(parts.exponent) || too_large(parts.magnitude())) return std::nullopt;
  return write(parts);
}

/// The digits as they are with the exponent `exponent`, which is not larger than theirs.
std::string digits_down_to(const Parts& parts, long long exponent) {
  return parts.digits + std::string(static_cast<std::size_t>(parts.exponent - exponent), '0');
}

/// Of coefficients, the first of which is not less where they are subtracted.
std::string sum_of(std::string_view a, std::string_view b, bool subtract) {
  std::string sum(std::max(a.size(), b.size()) + 1, '0');
  int carry = 0;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    const auto digit = [i](std::string_view of) {
      return i < of.size() ? of[of.size() - 1 - i] - '0' : 0;
    };
    int by = digit(a) + carry + (subtract ? -digit(b) : digit(b));
    carry = by > 9 ? 1 : by < 0 ? -1 : 0;
    by -= 10 * carry;
    sum[sum.size() - 1 - i] = static_cast<char>('0' + by);
  }
  return sum;
}

bool is_less(std::string_view a, std::string_view b) {
  const auto plain = [](std::string_view of) {
    return of.substr(std::min(of.find_first_not_of('0'), of.size() - 1));
  };
  a = plain(a);
  b = plain(b);
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

/// Of a number with up to 15 digits, at most 4 of them behind the point: those that read back as
/// the same number are its shortest text. False, and nothing appended, if it is no such number.
bool append_short(std::string& out, double number) {
  constexpr double kMost = 1e15;
  if (!(std::fabs(number) < kMost) || (number == 0 && std::signbit(number))) return false;
  double power = 1;
  for (std::size_t places = 0; places <= 4; ++places, power *= 10) {
    const double scaled = std::nearbyint(number * power);
    if (std::fabs(scaled) >= kMost || scaled / power != number) continue;
    char text[24];
    const auto digits = static_cast<std::uint64_t>(std::fabs(scaled));
    const auto end = std::to_chars(text, text + sizeof(text), digits);
    const std::string_view all(text, static_cast<std::size_t>(end.ptr - text));
    if (number < 0) out += '-';
    append_plain(out, all, static_cast<long long>(all.size()) - 1 - static_cast<long long>(places));
    return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> canonical(std::string_view number) {
  auto parts = take_apart(number);
  if (!parts) return std::nullopt;
  return written(std::move(*parts));
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
  if (append_short(out, number)) return;
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
  if (magnitude < -4 || magnitude >= count + 15) {
    append_scientific(out, digits);
    out += magnitude < 0 ? "e-" : "e+";
    const int size = std::abs(magnitude);
    if (size < 10) out += '0';
    out += std::to_string(size);
    return;
  }
  append_plain(out, digits, magnitude);
  if (magnitude >= count) out.append(static_cast<std::size_t>(magnitude + 1 - count), '0');
}

std::optional<std::string> add_decimals(std::string_view a, std::string_view b) {
  const Parts left = *take_apart(a);
  const Parts right = *take_apart(b);
  Parts sum;
  sum.exponent = std::min(left.exponent, right.exponent);
  const auto digits = [&](const Parts& of) {
    return static_cast<long long>(of.digits.size()) + of.exponent - sum.exponent;
  };
  if (std::max(digits(left), digits(right)) > static_cast<long long>(kDecimalDigitsMax))
    return std::nullopt;
  const std::string more = digits_down_to(left, sum.exponent);
  const std::string less = digits_down_to(right, sum.exponent);
  const bool subtract = left.negative != right.negative;
  const bool swapped = subtract && is_less(more, less);
  sum.negative = swapped ? right.negative : left.negative;
  sum.digits = swapped ? sum_of(less, more, true) : sum_of(more, less, subtract);
  if (sum.digits.find_first_not_of('0') == std::string::npos) sum.negative = false;
  return written(std::move(sum));
}

std::optional<std::string> multiply_decimals(std::string_view a, std::string_view b) {
  const Parts left = *take_apart(a);
  const Parts right = *take_apart(b);
  if (left.digits.size() + right.digits.size() > kDecimalDigitsMax) return std::nullopt;
  std::vector<int> columns(left.digits.size() + right.digits.size(), 0);
  for (std::size_t i = left.digits.size(); i-- > 0;) {
    int carry = 0;
    for (std::size_t j = right.digits.size(); j-- > 0;) {
      int& column = columns[i + j + 1];
      column += (left.digits[i] - '0') * (right.digits[j] - '0') + carry;
      carry = column / 10;
      column %= 10;
    }
    columns[i] += carry;
  }
  Parts product;
  product.exponent = left.exponent + right.exponent;
  for (const int column : columns) product.digits += static_cast<char>('0' + column);
  const bool is_zero = product.digits.find_first_not_of('0') == std::string::npos;
  product.negative = !is_zero && left.negative != right.negative;
  return written(std::move(product));
}

std::optional<std::string> round_decimal(std::string_view number, int places, Rounding mode) {
  Parts parts = *take_apart(number);
  const long long exponent = -static_cast<long long>(places);
  if (parts.exponent >= exponent) {
    if (parts.is_zero()) parts.exponent = exponent;
    const long long zeros = parts.exponent - exponent;
    if (zeros > static_cast<long long>(kDecimalDigitsMax)) return std::nullopt;
    parts.digits = digits_down_to(parts, exponent);
    parts.exponent = exponent;
    return written(std::move(parts));
  }
  const long long gone = exponent - parts.exponent;
  const auto size = static_cast<long long>(parts.digits.size());
  const auto kept = static_cast<std::size_t>(std::max(0LL, size - gone));
  // What goes away, compared with a half of what stays last.
  const std::string_view rest = std::string_view(parts.digits).substr(kept);
  const bool nothing = rest.find_first_not_of('0') == rest.npos;
  int half = gone > size ? -1 : rest[0] < '5' ? -1 : rest[0] > '5' ? 1 : 0;
  if (half == 0 && rest.find_first_not_of('0', 1) != rest.npos) half = 1;
  const bool odd = kept > 0 && (parts.digits[kept - 1] - '0') % 2 == 1;
  bool up = false;
  switch (mode) {
    case Rounding::half_up:
      up = half >= 0;
      break;
    case Rounding::half_even:
      up = half > 0 || (half == 0 && odd);
      break;
    case Rounding::half_down:
      up = half > 0;
      break;
    case Rounding::up:
      up = true;
      break;
    case Rounding::down:
      break;
    case Rounding::ceiling:
      up = !parts.negative;
      break;
    case Rounding::floor:
      up = parts.negative;
      break;
  }
  std::string digits = parts.digits.substr(0, kept);
  if (digits.empty()) digits = "0";
  if (up && !nothing) digits = sum_of(digits, "1", false);
  parts.digits = std::move(digits);
  parts.exponent = exponent;
  if (parts.digits.find_first_not_of('0') == std::string::npos) parts.negative = false;
  return written(std::move(parts));
}

}  // namespace nowthen::expr
