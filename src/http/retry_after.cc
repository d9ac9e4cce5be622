#include "http/retry_after.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <vector>

namespace nowthen::http {
namespace {

std::optional<int> number(std::string_view digits) {
  int value = 0;
  const char* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, value);
  if (digits.empty() || parsed.ec != std::errc{} || parsed.ptr != end || value < 0)
    return std::nullopt;
  return value;
}

std::optional<unsigned> month(std::string_view name) {
  constexpr std::array<std::string_view, 12> kNames = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<unsigned>(found - kNames.begin()) + 1;
}

/// "08:49:37"; 60 is a leap second.
std::optional<std::chrono::seconds> time_of_day(std::string_view text) {
  if (text.size() != 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
  const auto hour = number(text.substr(0, 2));
  const auto minute = number(text.substr(3, 2));
  const auto second = number(text.substr(6, 2));
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60)
    return std::nullopt;
  return std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

}  // namespace

std::optional<WallTime> parse_http_date(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty() && words.size() < 7) {
    const std::size_t start = text.find_first_not_of(" ,-");
    if (start == std::string_view::npos) break;
    const std::size_t end = std::min(text.find_first_of(" ,-", start), text.size());
    words.push_back(text.substr(start, end - start));
    text.remove_prefix(end);
  }
  // Sun, 06 Nov 1994 08:49:37 GMT | Sunday, 06-Nov-94 08:49:37 GMT | Sun Nov  6 08:49:37 1994
  const bool asctime = words.size() == 5;
  if (!asctime && (words.size() != 6 || words[5] != "GMT")) return std::nullopt;
  const auto day = number(words[asctime ? 2 : 1]);
  const auto named = month(words[asctime ? 1 : 2]);
  const std::string_view year_text = words[asctime ? 4 : 3];
  auto year = number(year_text);
  const auto clock = time_of_day(words[asctime ? 3 : 4]);
  if (!day || !named || !year || *year > 9999 || !clock) return std::nullopt;
  if (year_text.size() == 2) *year += *year < 70 ? 2000 : 1900;
  const std::chrono::year_month_day date(std::chrono::year{*year}, std::chrono::month{*named},
                                         std::chrono::day{static_cast<unsigned>(*day)});
  if (!date.ok()) return std::nullopt;
  return WallTime(std::chrono::sys_days(date)) + *clock;
}

std::optional<Duration> parse_retry_after(std::string_view value, WallTime now) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!value.empty() && std::ranges::all_of(value, is_digit)) {
    const std::optional<int> seconds = number(value);
    if (!seconds || *seconds > std::chrono::floor<std::chrono::seconds>(kRetryAfterMax).count())
      return kRetryAfterMax;
    return std::chrono::seconds(*seconds);
  }
  const std::optional<WallTime> date = parse_http_date(value);
  if (!date) return std::nullopt;
  return std::clamp<Duration>(*date - now, Duration::zero(), kRetryAfterMax);
}

}  // namespace nowthen::http
