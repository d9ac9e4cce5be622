#include "core/why.h"

#include <algorithm>
#include <chrono>

namespace nowthen::core {
namespace {

/// RFC 3339, in UTC, to the millisecond.
std::string at(WallTime time) {
  using namespace std::chrono;
  if (time == kNever) return "no set time";
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<milliseconds>(time - day));
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text;
}

std::string entry_line(const Entry& entry) {
  switch (entry.kind) {
    case EntryKind::sleep: return "waits for timer '" + entry.path + "' at " + at(entry.due);
    case EntryKind::call:
      return "waits for child " + nowthen::to_string(entry.child) + " ('" + entry.path + "')";
    case EntryKind::signal:
      return "waits for '" + entry.path + "'" +
             (entry.due == kNever ? "" : " until " + at(entry.due));
    default: break;
  }
  if (entry.stage == Stage::running) {
    return "step '" + entry.path + "' is running, try " + std::to_string(entry.tries + 1);
  }
  return "step '" + entry.path + "' is tried again at " + at(entry.due) + ", after: " +
         entry.outcome.data;
}

std::string ready_line(const PartitionState& state, const Invocation& inv) {
  if (!inv.order.empty()) {
    const auto line = state.order_lines.find(inv.order);
    if (line != state.order_lines.end() && line->second.front() != inv.id) {
      const auto place = std::ranges::find(line->second, inv.id) - line->second.begin();
      return "waits for order key '" + inv.order.key + "' of scope '" + inv.order.scope +
             "', held by " + nowthen::to_string(line->second.front()) + ", place " +
             std::to_string(place) + " in its line";
    }
  }
  if (state.draining) return "the engine is stopping";
  const auto place = state.ready.find(place_of(inv));
  if (place == state.ready.end()) return "is about to run";
  return "waits for a free place (running_max " + std::to_string(state.limits.running_max) +
         "), " + std::to_string(std::distance(state.ready.begin(), place)) + " before it";
}

}  // namespace

std::vector<std::string> why(const PartitionState& state, const Invocation& inv) {
  std::vector<std::string> causes;
  switch (inv.state) {
    case State::scheduled: causes.push_back("scheduled for " + at(inv.not_before)); break;
    case State::ready: causes.push_back(ready_line(state, inv)); break;
    case State::backing_off:
      causes.push_back("attempt " + std::to_string(inv.attempt + 1) + " begins at " +
                       at(inv.backoff_due) + ", after: " + inv.note);
      break;
    case State::parked:
      causes.push_back("parked as " + std::string(to_string(inv.park_reason)) + ": " + inv.note);
      causes.push_back(inv.park_reason == ParkReason::outcome_unknown
                           ? "a person can resolve the step, restart or cancel it"
                           : "a person can resume, restart or cancel it");
      break;
    default:
      if (inv.cancel_seq != 0) causes.push_back("is being cancelled: " + inv.cancel_note);
      for (const Entry& entry : inv.open) causes.push_back(entry_line(entry));
      if (causes.empty()) causes.push_back("its code runs, attempt " + std::to_string(inv.attempt));
  }
  return causes;
}

}  // namespace nowthen::core
