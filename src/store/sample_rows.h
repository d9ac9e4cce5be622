#pragma once

#include <initializer_list>
#include <string>

#include "base/prng.h"
#include "core/effect.h"
#include "core/invocation.h"

namespace nowthen::store {

// Random values of the types that rows hold, for tests. Every field is now and then at its default,
// small, or extreme. The same seed gives the same value.
class SampleRows {
 public:
  explicit SampleRows(std::uint64_t seed) : random_(seed) {}

  bool coin() { return random_.below(2) == 0; }
  std::uint64_t number(std::uint64_t bound) { return random_.below(bound); }
  InvocationId id() {
    return InvocationId::make(1'790'000'000'000 + number(1u << 30),
                              static_cast<std::uint16_t>(number(1u << 16)), random_.next());
  }
  std::string text(std::size_t size_max = 40) {
    std::string text(coin() ? 0 : number(size_max + 1), '\0');
    for (char& byte : text) byte = static_cast<char>(random_.next());
    return text;
  }
  std::string name() { return "n" + text(); }
  WallTime time() {
    switch (number(5)) {
      case 0:
        return WallTime{};
      case 1:
        return kNever;
      case 2:
        return WallTime::min();
      default:
        return from_us(1'790'000'000'000'000 + static_cast<std::int64_t>(number(1u << 31)));
    }
  }
  std::uint32_t small() { return static_cast<std::uint32_t>(coin() ? number(3) : random_.next()); }
  core::Outcome outcome(std::size_t size_max = 40) {
    core::Outcome outcome;
    if (coin()) outcome.code = static_cast<ErrorCode>(number(24));
    outcome.data = text(size_max);
    return outcome;
  }
  core::OrderKey order() { return coin() ? core::OrderKey{} : core::OrderKey{name(), name()}; }
  core::ParentLink parent() { return {id(), name(), id()}; }

  core::Entry entry(std::size_t size_max = 40) {
    core::Entry entry;
    entry.path = name();
    entry.kind = static_cast<core::EntryKind>(number(8));
    entry.tries = coin() ? 0 : small();
    entry.due = time();
    entry.since = time();
    if (coin()) entry.child = id();
    entry.outcome = outcome(size_max);
    return entry;
  }

  core::Invocation invocation(std::size_t size_max = 40) {
    core::Invocation it;
    it.id = id();
    it.operation = name();
    it.version = small();
    it.mode = static_cast<Mode>(number(3));
    it.priority = static_cast<std::uint8_t>(number(10));
    it.order = order();
    it.idempotency_key = text();
    it.fingerprint = coin() ? 0 : random_.next();
    for (auto n = number(3); n > 0; --n) it.held_above.push_back(order());
    it.depth = small();
    for (auto n = number(3); n > 0; --n) it.parents.push_back(parent());
    it.accepted_seq = static_cast<core::AcceptSeq>(coin() ? number(100) : random_.next());
    it.accepted = time();
    it.not_before = time();
    it.start_due = time();
    it.answer_due = time();
    it.on_timeout = static_cast<OnTimeout>(number(2));
    it.state = static_cast<core::State>(number(10));
    it.park_reason = static_cast<core::ParkReason>(number(7));
    it.note = text();
    it.attempt = small();
    it.epoch = static_cast<core::LeaseEpoch>(coin() ? it.attempt : small());
    it.failures = small();
    it.crashes = small();
    it.done_at_start = small();
    it.backoff_due = time();
    it.attempt_started = time();
    it.cancel_seq = small();
    it.cancel_note = text();
    it.trace = text();
    it.callback = text();
    it.told_by = id();
    it.cleanup_due = time();
    it.ended = time();
    it.outcome = outcome(size_max);
    it.input = text(size_max);
    for (auto n = number(4); n > 0; --n) it.open.push_back(entry(size_max));
    for (auto n = number(4); n > 0; --n) {
      it.done.push_back(entry(size_max));
      it.done.back().done_seq = static_cast<std::uint32_t>(it.done.size());
    }
    for (auto n = number(3); n > 0; --n) it.signals.push_back({name(), text(size_max)});
    return it;
  }

  core::Message message() {
    core::Message message;
    message.partition = static_cast<std::uint16_t>(number(1u << 16));
    switch (number(3)) {
      case 0:
        message.body = core::Cancel{.id = id(), .reason = text()};
        break;
      case 1:
        message.body = core::ChildEnded{.parent = parent(), .outcome = outcome()};
        break;
      default: {
        core::Invoke invoke;
        invoke.id = id();
        invoke.operation = name();
        invoke.version = small();
        invoke.input = text();
        if (coin()) invoke.options.prefer = static_cast<Mode>(number(3));
        if (coin()) invoke.options.wait = Duration{static_cast<std::int64_t>(random_.next())};
        invoke.options.priority = static_cast<std::uint8_t>(number(10));
        invoke.options.delay = Duration{static_cast<std::int64_t>(number(1u << 30))};
        invoke.options.order_key = text();
        invoke.options.idempotency_key = text();
        invoke.options.trace = text();
        invoke.options.callback = text();
        if (coin()) invoke.parent = parent();
        invoke.sent = coin();
        for (auto n = number(3); n > 0; --n) invoke.held_above.push_back(order());
        invoke.depth = small();
        message.body = std::move(invoke);
      }
    }
    return message;
  }

 private:
  Prng random_;
};

}  // namespace nowthen::store
