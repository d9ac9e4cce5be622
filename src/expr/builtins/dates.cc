// Dates. Broken down they are arrays, as in jq: [year, month from 0, day, hours, minutes, seconds,
// day of the week from Sunday as 0, day of the year from 0]. The time zone is UTC.

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <ctime>
#include <optional>
#include <string>

#include "expr/builtins.h"
#include "expr/memory.h"

namespace nowthen::expr {
namespace {

constexpr double kSecondsMax = 6.7e16;  // the year 2^31, about

/// Broken down, and the fraction of its seconds.
struct Moment {
  std::tm parts{};
  double fraction = 0;
};

std::optional<Moment> broken_down(double seconds) {
  if (!(std::fabs(seconds) < kSecondsMax)) return std::nullopt;
  Moment moment;
  const double whole = std::floor(seconds);
  moment.fraction = seconds - whole;
  const auto time = static_cast<std::time_t>(whole);
  if (::gmtime_r(&time, &moment.parts) == nullptr) return std::nullopt;
  return moment;
}

Value as_array(const Moment& moment) {
  const std::tm& t = moment.parts;
  const double all[] = {t.tm_year + 1900.0,
                        static_cast<double>(t.tm_mon),
                        static_cast<double>(t.tm_mday),
                        static_cast<double>(t.tm_hour),
                        static_cast<double>(t.tm_min),
                        t.tm_sec + moment.fraction,
                        static_cast<double>(t.tm_wday),
                        static_cast<double>(t.tm_yday)};
  Value array = Value::array();
  for (const double each : all) array.append(Value(each));
  return array;
}

/// Parts that are not there are their least ones.
std::optional<Moment> from_array(const Value& array) {
  const Elements elements = array.elements();
  if (elements.size() == 0) return std::nullopt;
  double parts[8] = {1970, 0, 1, 0, 0, 0, 0, 0};
  for (std::size_t i = 0; i < elements.size() && i < 8; ++i) {
    if (!elements[i].is_number()) return std::nullopt;
    parts[i] = std::trunc(elements[i].number());
    if (!(std::fabs(parts[i]) < 2e9)) return std::nullopt;
  }
  Moment moment;
  std::tm& t = moment.parts;
  t.tm_year = static_cast<int>(parts[0]) - 1900;
  int* const fields[] = {&t.tm_mon, &t.tm_mday, &t.tm_hour, &t.tm_min,
                         &t.tm_sec, &t.tm_wday, &t.tm_yday};
  for (std::size_t i = 0; i < 7; ++i) *fields[i] = static_cast<int>(parts[i + 1]);
  return moment;
}

Value gmtime(Call& call) {
  if (!call.input.is_number()) return call.raised.error("gmtime() requires numeric inputs");
  const auto moment = broken_down(call.input.number());
  if (!moment)
    return call.raised.error("error converting number of seconds since epoch to datetime");
  return as_array(*moment);
}

Value mktime(Call& call) {
  if (!call.input.is_array()) return call.raised.error("mktime requires array inputs");
  auto moment = from_array(call.input);
  if (!moment) return call.raised.error("mktime requires parsed datetime inputs");
  return Value(static_cast<double>(::timegm(&moment->parts)));
}

/// Of what a format begins with: a conversion with its flags, width and modifier, or a character.
std::size_t conversion_length(std::string_view format) {
  if (!format.starts_with('%')) return 1;
  std::size_t at = format.find_first_not_of("_-0^#+", 1);
  at = std::min(format.find_first_not_of("0123456789", at), format.size());
  at = std::min(format.find_first_not_of("EO", at), format.size());
  return std::min(at + 1, format.size());
}

bool is_epoch(std::string_view conversion) {
  return conversion.size() > 1 && conversion.starts_with('%') && conversion.ends_with('s');
}

bool has_epoch(std::string_view format) {
  while (!format.empty()) {
    const std::size_t length = conversion_length(format);
    if (is_epoch(format.substr(0, length))) return true;
    format.remove_prefix(length);
  }
  return false;
}

Value formatted(Call& call, const char* name) {
  std::optional<Moment> moment;
  if (call.input.is_number()) moment = broken_down(call.input.number());
  if (call.input.is_array()) moment = from_array(call.input);
  if (!moment) return call.raised.error(std::string(name) + " requires parsed datetime inputs");
  if (!call.arguments[0].is_string())
    return call.raised.error(std::string(name) + " requires a string format");
  std::tm& t = moment->parts;
  if (t.tm_mon < 0 || t.tm_mon > 11 || t.tm_wday < 0 || t.tm_wday > 6)
    return call.raised.error(std::string(name) + " requires parsed datetime inputs");
  // What the C library makes of %s depends on the time zone of the machine.
  std::tm copy = t;
  const std::string epoch = std::to_string(::timegm(&copy));
  std::string format;
  std::string_view given = call.arguments[0].text();
  given = given.substr(0, given.find('\0'));  // as in jq
  for (std::size_t at = 0; at < given.size();) {
    const std::string_view part = given.substr(at, conversion_length(given.substr(at)));
    format += is_epoch(part) ? std::string_view(epoch) : part;
    at += part.size();
  }
  t.tm_zone = "UTC";
  // A letter more than is wanted, so that nothing at all says that there was no room.
  format += '.';
  const std::size_t size = format.size() * 16 + 256;
  if (Memory::is_short_of(size)) return call.raised.budget("memory: a format is too long");
  if (!call.raised.spend(size / 64)) return {};
  std::string text(size, '\0');
  text.resize(std::strftime(text.data(), text.size(), format.c_str(), &t));
  if (text.empty()) return call.raised.error(std::string(name) + ": the result is too long");
  text.pop_back();
  return Value(std::string_view(text));
}

Value strftime(Call& call) { return formatted(call, "strftime/1"); }
Value strflocaltime(Call& call) { return formatted(call, "strflocaltime/1"); }

Value strptime(Call& call) {
  if (!call.input.is_string() || !call.arguments[0].is_string())
    return call.raised.error("strptime/1 requires string inputs and arguments");
  const std::string text(call.input.text());
  const std::string format(call.arguments[0].text());
  Moment moment;
  moment.parts.tm_mday = 1;
  const char* end = ::strptime(text.c_str(), format.c_str(), &moment.parts);
  // What is left may begin with white space, and comes behind the rest.
  if (end == nullptr || !(*end == '\0' || std::isspace(static_cast<unsigned char>(*end))))
    return call.raised.error("date \"" + text + "\" does not match format \"" + format + "\"");
  std::tm copy = moment.parts;
  if (has_epoch(format)) {  // which was taken for a time of the machine's zone
    const std::time_t epoch = std::mktime(&copy);
    ::gmtime_r(&epoch, &moment.parts);
    copy = moment.parts;
  }
  // The day of the week and of the year follow from the others.
  const std::time_t time = ::timegm(&copy);
  if (::gmtime_r(&time, &copy) != nullptr) {
    moment.parts.tm_wday = copy.tm_wday;
    moment.parts.tm_yday = copy.tm_yday;
  }
  Value parts = as_array(moment);
  if (*end != '\0') parts.append(Value(std::string_view(end)));
  return parts;
}

Value now(Call& call) { return Value(call.around.now); }

/// A day since 1970: of seconds, or of a text that begins with YYYY-MM-DD.
std::optional<double> day_of(const Value& value) {
  if (value.is_number()) {
    if (!(std::fabs(value.number()) < kSecondsMax)) return std::nullopt;
    return std::floor(value.number() / 86'400);
  }
  if (!value.is_string()) return std::nullopt;
  const std::string_view text = value.text();
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  if (text.size() > 10 && text[10] != 'T' && text[10] != ' ') return std::nullopt;
  int parts[3] = {0, 0, 0};
  for (std::size_t i = 0, part = 0; i < 10; ++i) {
    if (i == 4 || i == 7) {
      ++part;
      continue;
    }
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    parts[part] = parts[part] * 10 + (text[i] - '0');
  }
  using namespace std::chrono;
  const year_month_day day(year(parts[0]), month(static_cast<unsigned>(parts[1])),
                           std::chrono::day(static_cast<unsigned>(parts[2])));
  if (!day.ok()) return std::nullopt;
  return static_cast<double>(sys_days(day).time_since_epoch().count());
}

/// days_between($from; $to): whole days of the calendar, below 0 if $to is earlier.
Value days_between(Call& call) {
  const auto from = day_of(call.arguments[0]);
  const auto to = day_of(call.arguments[1]);
  if (from && to) return Value(*to - *from);
  return call.raised.error(described(call.arguments[from ? 1 : 0]) +
                           " is not a date: YYYY-MM-DD or seconds since 1970");
}

constexpr Builtin kBuiltins[] = {{"gmtime", 0, gmtime},
                                 {"localtime", 0, gmtime},
                                 {"mktime", 0, mktime},
                                 {"strftime", 1, strftime},
                                 {"strflocaltime", 1, strflocaltime},
                                 {"strptime", 1, strptime},
                                 {"now", 0, now, false, false},
                                 {"days_between", 2, days_between, true, false}};

}  // namespace

std::span<const Builtin> date_builtins() { return kBuiltins; }

}  // namespace nowthen::expr
