#include <array>
#include <charconv>
#include <numeric>
#include <system_error>

#include <nowthen/policy.h>

namespace nowthen {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t us;
};
constexpr std::array<Unit, 6> kUnits = {{{"us", 1},
                                         {"ms", 1'000},
                                         {"s", 1'000'000},
                                         {"m", 60'000'000},
                                         {"h", 3'600'000'000},
                                         {"d", 86'400'000'000}}};

// A century. Longer ones are typing errors, and sums of a few of these stay far from overflow.
constexpr std::int64_t kMaxUs = 36'500 * 86'400'000'000;

// No fraction of a unit that is a whole number of microseconds has more digits: the unit with most
// factors of two, a day, is 2^13 * 5^8 * 3^3 microseconds.
constexpr std::size_t kMaxFractionDigits = 13;

constexpr std::size_t kQuotedMax = 40;

/// The text in quotes, cut, and in ASCII alone, for an error message.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, kQuotedMax)) out += c >= ' ' && c <= '~' ? c : '?';
  return out + (text.size() > kQuotedMax ? "...\"" : "\"");
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view take_digits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

/// The number that `digits` (all digits, at least one) write, or nothing if it needs over 64 bits.
std::optional<std::int64_t> to_number(std::string_view digits) {
  std::int64_t number = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (parsed.ec != std::errc{}) return std::nullopt;
  return number;
}

const Unit* find_unit(std::string_view name) {
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

/// Microseconds of 0.`digits` of a unit, or nothing if they are not a whole number of them.
std::optional<std::int64_t> fraction_us(std::string_view digits, const Unit& unit) {
  while (digits.ends_with('0')) digits.remove_suffix(1);
  if (digits.empty()) return 0;
  if (digits.size() > kMaxFractionDigits) return std::nullopt;
  std::int64_t scale = 1;
  for (std::size_t i = 0; i < digits.size(); ++i) scale *= 10;
  const std::int64_t shared = std::gcd(unit.us, scale);
  const std::int64_t number = *to_number(digits);
  if (number % (scale / shared) != 0) return std::nullopt;
  return number / (scale / shared) * (unit.us / shared);
}

/// `us` (at least one unit) in that unit, or nothing if no decimal writes it exactly.
std::optional<std::string> exact_in(std::int64_t us, const Unit& unit) {
  std::string text = std::to_string(us / unit.us);
  std::int64_t rest = us % unit.us;
  if (rest != 0) text += '.';
  for (std::size_t i = 0; rest != 0; ++i) {
    if (i == kMaxFractionDigits) return std::nullopt;
    rest *= 10;
    text += static_cast<char>('0' + rest / unit.us);
    rest %= unit.us;
  }
  text += unit.name;
  return text;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const auto refuse = [text](std::string_view why) {
    std::string message = quoted(text);
    message += why;
    return Error{ErrorCode::invalid_argument, std::move(message)};
  };
  std::string_view rest = text;
  if (rest.starts_with('-')) return refuse(" is negative; a duration is not");
  const std::string_view whole = take_digits(rest);
  std::string_view fraction;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    fraction = take_digits(rest);
    if (fraction.empty()) return refuse(" has no digit after the point");
  }
  if (whole.empty()) return refuse(" is not a duration; write a number and a unit, as in 300ms");
  if (rest.empty()) return refuse(" has no unit; one of us, ms, s, m, h, d must follow");
  const Unit* unit = find_unit(rest);
  if (unit == nullptr) return refuse(" has a unit that is not one of us, ms, s, m, h, d");

  const std::optional<std::int64_t> count = to_number(whole);
  if (!count || *count > kMaxUs / unit->us) return refuse(" is longer than 36500d");
  const std::optional<std::int64_t> part = fraction_us(fraction, *unit);
  if (!part) return refuse(" is not a whole number of microseconds");
  const std::int64_t us = *count * unit->us + *part;
  if (us > kMaxUs) return refuse(" is longer than 36500d");
  return Duration{us};
}

std::string format_duration(Duration duration) {
  const std::int64_t us = duration.count();
  if (us == 0) return "0s";
  if (us == Duration::min().count()) return "-9223372036854775808us";  // it has no opposite
  if (us < 0) return "-" + format_duration(-duration);
  // Never below one unit: 300ms is better read than the shorter 0.3s. Where two are equally short,
  // the smaller unit wins, which is the one without a fraction.
  std::string shortest;
  for (const Unit& unit : kUnits) {
    if (us < unit.us) break;
    const std::optional<std::string> text = exact_in(us, unit);
    if (text && (shortest.empty() || text->size() < shortest.size())) shortest = *text;
  }
  return shortest;
}

}  // namespace nowthen
