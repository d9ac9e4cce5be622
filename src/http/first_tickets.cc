#include "http/first_tickets.h"

#include <algorithm>
#include <mutex>

#include "http/describe.h"

namespace nowthen::http {
namespace {

using namespace std::chrono_literals;

std::int64_t minute_of(WallTime now) {
  return std::chrono::floor<std::chrono::minutes>(now.time_since_epoch()).count();
}

/// "of the last hour", or "of the 12m since the server started".
std::string period(WallTime since, WallTime now) {
  const Duration counted = std::max<Duration>(now - since, Duration::zero());
  if (counted >= 1h) return "of the last hour";
  const Duration whole = counted >= 1min
                             ? Duration(std::chrono::floor<std::chrono::minutes>(counted))
                             : Duration(std::chrono::floor<std::chrono::seconds>(counted));
  return "of the " + format_duration(whole) + " since the server started";
}

/// Whether a call like those that were answered may get a ticket by it.
bool hands_over_more(const engine::PolicyReplaced& change, Duration longest) {
  if (!change.before || change.before->mode > change.after.mode) return false;
  if (change.before->mode < change.after.mode) return true;
  return change.after.mode == Mode::auto_ &&
         change.after.answer_within < change.before->answer_within &&
         longest > change.after.answer_within;
}
static_assert(Mode::now < Mode::auto_ && Mode::auto_ < Mode::later);

}  // namespace

void PlainCalls::add(const PlainCalls& others) {
  answered += others.answered;
  handed_over += others.handed_over;
  longest = std::max(longest, others.longest);
}

void HourOfCalls::add(WallTime now, const PlainCalls& calls) {
  const std::int64_t number = minute_of(now);
  Minute& minute = minutes_[static_cast<std::size_t>(number % kMinutes)];
  if (minute.number != number) minute = {number, {}};
  minute.calls.add(calls);
}

PlainCalls HourOfCalls::sum(WallTime now) const {
  PlainCalls sum;
  for (const Minute& minute : minutes_) {
    if (minute.number >= 0 && minute.number > minute_of(now) - kMinutes) sum.add(minute.calls);
  }
  return sum;
}

void CallsByOperation::add(WallTime now, const std::string& operation, const PlainCalls& calls) {
  auto found = hours_.find(operation);
  if (found == hours_.end()) {
    if (hours_.size() == kOperationsMax)
      std::erase_if(hours_,
                    [now](const auto& each) { return each.second->sum(now) == PlainCalls(); });
    if (hours_.size() == kOperationsMax) return;
    found = hours_.emplace(operation, std::make_unique<HourOfCalls>()).first;
  }
  found->second->add(now, calls);
}

void CallsByOperation::answered(WallTime now, const std::string& operation, Duration after) {
  add(now, operation, {.answered = 1, .longest = after});
}

void CallsByOperation::handed_over(WallTime now, const std::string& operation) {
  add(now, operation, {.handed_over = 1});
}

PlainCalls CallsByOperation::sum(WallTime now, const std::string& operation) const {
  const auto found = hours_.find(operation);
  return found == hours_.end() ? PlainCalls() : found->second->sum(now);
}

std::optional<Notice> notice_of(const engine::PolicyReplaced& change, const PlainCalls& calls,
                                WallTime since, WallTime now) {
  if (!hands_over_more(change, calls.longest)) return std::nullopt;
  const std::string counted = period(since, now);
  if (calls.answered == 0)
    return Notice{0, "no call without Prefer " + counted + " was answered in the request"};
  const bool one = calls.answered == 1;
  std::string text = std::to_string(calls.answered) + (one ? " call " : " calls ") + counted +
                     " sent no Prefer and " + (one ? "was" : "were") +
                     " answered in the request; from now on such calls may get 202 and a ticket";
  if (calls.handed_over != 0)
    text += " (" + std::to_string(calls.handed_over) + " got one already)";
  return Notice{calls.answered, std::move(text)};
}

void put(JsonWriter& out, const std::optional<Notice>& notice) {
  if (!notice) return;
  put(out, "callers_without_prefer", notice->calls);
  put(out, "notice", notice->text);
}

FirstTickets::FirstTickets(engine::Engine& engine) : engine_(engine), since_(engine.now()) {
  for (const auto& loop : engine.loops()) by_loop_.try_emplace(loop.get());
}

void FirstTickets::count(const std::string& operation, const core::Reply& reply) {
  engine::Loop* here = engine::Loop::here();
  const auto found = by_loop_.find(here);
  if (found == by_loop_.end() || reply.refused) return;
  if (!core::is_terminal(reply.state)) {
    found->second.handed_over(here->now(), operation);
  } else if (reply.outcome.ok() && reply.decision.kind == core::Decision::Kind::answered) {
    found->second.answered(here->now(), operation, reply.decision.after);
  }
}

void FirstTickets::notice(std::string operation, engine::PolicyReplaced change,
                          std::move_only_function<void(std::optional<Notice>)> told) {
  if (!notice_of(change, {.longest = Duration::max()}, since_, since_)) return told(std::nullopt);
  struct Sum {
    std::mutex mutex;
    PlainCalls calls;
    std::size_t left;
    std::move_only_function<void(std::optional<Notice>)> told;
  };
  auto sum = std::make_shared<Sum>();
  sum->left = by_loop_.size();
  sum->told = std::move(told);
  for (const auto& loop : engine_.loops()) {
    loop->post([this, &loop = *loop, operation, change, sum] {
      {
        const std::lock_guard lock(sum->mutex);
        sum->calls.add(by_loop_.at(&loop).sum(loop.now(), operation));
        if (--sum->left > 0) return;
      }
      sum->told(notice_of(change, sum->calls, since_, loop.now()));
    });
  }
}

}  // namespace nowthen::http
