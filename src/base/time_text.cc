#include "base/time_text.h"

#include <cstdio>

namespace nowthen {

std::string seconds_text(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  char text[64];
  std::snprintf(text, sizeof(text), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

std::string time_text(WallTime time) {
  const auto part = time - std::chrono::floor<std::chrono::seconds>(time);
  char text[16];
  std::snprintf(text, sizeof(text), ".%03dZ",
                static_cast<int>(std::chrono::floor<std::chrono::milliseconds>(part).count()));
  return seconds_text(time) + text;
}

}  // namespace nowthen
