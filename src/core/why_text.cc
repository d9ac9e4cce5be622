// The causes of why.h as sentences.

#include "base/time_text.h"
#include "core/why.h"

namespace nowthen::core {
namespace {

using Kind = Cause::Kind;

std::string at(WallTime time) {
  if (time == kNever) return "no set time";
  if (time == kAtOnce) return "once, when its code asks for it";
  return time_text(time);
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string order_key(const Cause& cause) {
  return "waits for order key " + quoted(cause.name) + " of scope " + quoted(cause.scope) +
         ", held by " + nowthen::to_string(cause.holder) + ", place " +
         std::to_string(cause.position) + " in its line";
}

std::string place(const Cause& cause) {
  return "waits for a free place (running_max " + std::to_string(cause.number) + "), " +
         std::to_string(cause.position - 1) + " before it";
}

std::string parked(const Cause& cause) {
  std::string text =
      "parked as " + std::string(to_string(cause.reason)) + ": " + cause.note + "; a person can ";
  for (std::size_t i = 0; i < cause.answers.size(); ++i) {
    if (i > 0) text += i + 1 == cause.answers.size() ? " or " : ", ";
    text += cause.answers[i];
  }
  return text + " it";
}

}  // namespace

std::string_view to_string(Cause::Kind kind) {
  static constexpr std::string_view kWords[] = {
      "not_due",      "order_key", "place",      "worker",    "stopping",   "loading",
      "backing_off",  "timer",     "child",      "signal",    "step_retry", "parked",
      "step_running", "attempt",   "cancelling", "row_needed"};
  static_assert(std::size(kWords) == static_cast<std::size_t>(Cause::Kind::row_needed) + 1);
  return kWords[static_cast<std::size_t>(kind)];
}

std::string to_string(const Cause& cause) {
  switch (cause.kind) {
    case Kind::not_due:
      return "scheduled for " + at(cause.until);
    case Kind::order_key:
      return order_key(cause);
    case Kind::place:
      return place(cause);
    case Kind::worker:
      return "waits for a worker of operation " + quoted(cause.name) + ", place " +
             std::to_string(cause.position) + " of " + std::to_string(cause.of) +
             " in its partition";
    case Kind::stopping:
      return "the engine is stopping";
    case Kind::loading:
      return "is about to run";
    case Kind::backing_off:
      return "attempt " + std::to_string(cause.number) + " begins at " + at(cause.until) +
             ", after: " + cause.note;
    case Kind::timer:
      return "waits for timer " + quoted(cause.name) + " at " + at(cause.until);
    case Kind::child:
      return "waits for child " + nowthen::to_string(cause.holder) + " (" + quoted(cause.name) +
             ")";
    case Kind::signal:
      return "waits for " + quoted(cause.name) +
             (cause.until == kNever ? "" : " until " + at(cause.until));
    case Kind::step_retry:
      return "step " + quoted(cause.name) + " is tried again at " + at(cause.until) +
             ", after: " + cause.note;
    case Kind::parked:
      return parked(cause);
    case Kind::step_running:
      return "step " + quoted(cause.name) + " is running, try " + std::to_string(cause.number) +
             ", since " + at(cause.since);
    case Kind::attempt:
      return "its code runs, attempt " + std::to_string(cause.number) + ", since " +
             at(cause.since);
    case Kind::cancelling:
      return "is being cancelled: " + cause.note + "; may clean up until " + at(cause.until);
    case Kind::row_needed:
      return "the rest is in its row";
  }
  return "unknown";
}

std::vector<std::string> why(const PartitionState& state, const Invocation& invocation) {
  std::vector<std::string> lines;
  for (const Cause& cause : causes(state, invocation)) lines.push_back(to_string(cause));
  return lines;
}

}  // namespace nowthen::core
