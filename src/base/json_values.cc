// JSON forms of our own value types.

#include <cstdio>
#include <string>
#include <string_view>

#include <nowthen/json.h>

#include "base/time_text.h"

namespace nowthen {

void nowthen_json_write(JsonWriter& writer, const InvocationId& id) {
  writer.string(to_string(id));
}

void nowthen_json_read(JsonReader& reader, InvocationId& id) {
  std::string text;
  reader.string(text);
  if (!reader.ok()) return;
  const Result<InvocationId> parsed = parse_invocation_id(text);
  if (!parsed) return reader.fail("expected the id of an invocation");
  id = *parsed;
}

namespace json {
namespace {

using Time = std::chrono::sys_time<Duration>;

/// The digits of `text` from `at`, as a number; -1 if they are not `count` digits.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return -1;
  int number = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return -1;
    number = number * 10 + (c - '0');
  }
  return number;
}

/// RFC 3339 5.6, with the zone Z and at most six digits of a second. False if it is something else.
bool parse(std::string_view text, Time& time) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':' || text.back() != 'Z')
    return false;
  const int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  const int month = digits(text, 5, 2), day = digits(text, 8, 2);
  const std::chrono::year_month_day date(std::chrono::year(digits(text, 0, 4)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (digits(text, 0, 4) < 0 || month < 0 || day < 0 || !date.ok()) return false;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
  int micros = 0;
  if (const std::size_t fraction = text.size() - 20; fraction != 0) {
    if (text[19] != '.' || fraction < 2 || fraction > 7) return false;
    micros = digits(text, 20, fraction - 1);
    if (micros < 0) return false;
    for (std::size_t i = fraction; i < 7; ++i) micros *= 10;
  }
  time = std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + std::chrono::microseconds(micros);
  return true;
}

}  // namespace

void write_duration(JsonWriter& writer, Duration duration) {
  writer.string(format_duration(duration));
}

void read_duration(JsonReader& reader, Duration& duration) {
  std::string text;
  reader.string(text);
  if (!reader.ok()) return;
  const Result<Duration> parsed = parse_duration(text);
  if (!parsed) return reader.fail("expected a duration like \"300ms\"");
  duration = *parsed;
}

// Years that RFC 3339 cannot name are written as microseconds since the epoch.
void write_time(JsonWriter& writer, Time time) {
  using std::chrono::January;
  constexpr std::chrono::sys_days kFirst = std::chrono::year(0) / January / 1;
  constexpr std::chrono::sys_days kEnd = std::chrono::year(10'000) / January / 1;
  if (time < kFirst || time >= kEnd) return writer.integer(time.time_since_epoch().count());
  std::string out = seconds_text(time);
  const auto part = time - std::chrono::floor<std::chrono::seconds>(time);
  if (const int micros = static_cast<int>(part.count()); micros != 0) {
    char text[16];
    int length = std::snprintf(text, sizeof(text), ".%06d", micros);
    while (text[length - 1] == '0') --length;
    out.append(text, static_cast<std::size_t>(length));
  }
  writer.string(out + 'Z');
}

void read_time(JsonReader& reader, Time& time) {
  if (reader.next_is_number()) {
    std::int64_t micros = 0;
    reader.integer(micros, INT64_MIN, INT64_MAX);
    time = Time(Duration(micros));
    return;
  }
  std::string text;
  reader.string(text);
  if (reader.ok() && !parse(text, time)) reader.fail("expected a time like 2026-01-31T12:00:00Z");
}

}  // namespace json
}  // namespace nowthen
