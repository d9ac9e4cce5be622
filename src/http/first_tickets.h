#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <nowthen/json.h>

#include "engine/engine.h"

namespace nowthen::http {

/// Calls of one operation that sent no Prefer: nobody knows whether they can deal with a ticket.
struct PlainCalls {
  std::uint64_t answered = 0;  ///< with a result, in the request
  std::uint64_t handed_over = 0;
  Duration longest{};  ///< that one of the answered took

  void add(const PlainCalls& others);
  friend bool operator==(const PlainCalls&, const PlainCalls&) = default;
};

/// Those of the last hour, by the minute.
class HourOfCalls {
 public:
  void add(WallTime now, const PlainCalls& calls);
  PlainCalls sum(WallTime now) const;

 private:
  struct Minute {
    std::int64_t number = -1;
    PlainCalls calls;
  };
  static constexpr std::int64_t kMinutes = 60;
  std::array<Minute, kMinutes> minutes_;
};

/// Those that one loop has answered, by operation.
class CallsByOperation {
 public:
  void answered(WallTime now, const std::string& operation, Duration after);
  void handed_over(WallTime now, const std::string& operation);
  PlainCalls sum(WallTime now, const std::string& operation) const;
  std::size_t size() const { return hours_.size(); }

  /// Beyond that, operations without a call in the last hour are forgotten; then new ones are not
  /// counted.
  static constexpr std::size_t kOperationsMax = 4'096;

 private:
  void add(WallTime now, const std::string& operation, const PlainCalls& calls);

  std::unordered_map<std::string, std::unique_ptr<HourOfCalls>> hours_;
};

/// What whoever changes a policy is told: how many callers may not expect what they get from now
/// on.
struct Notice {
  std::uint64_t calls = 0;
  std::string text;
};
/// A notice if `change` may hand callers a ticket who got results before. `since`: when counting
/// began.
std::optional<Notice> notice_of(const engine::PolicyReplaced& change, const PlainCalls& calls,
                                WallTime since, WallTime now);
/// `"callers_without_prefer": 312, "notice": "..."`.
void put(JsonWriter& out, const std::optional<Notice>& notice);

/// The counts of all loops of an engine. Each is touched on its loop only.
class FirstTickets {
 public:
  explicit FirstTickets(engine::Engine& engine);

  /// A call without Prefer was answered. Nothing is counted off the loops.
  void count(const std::string& operation, const core::Reply& reply);
  /// What is to be said of a change. Told on a loop.
  void notice(std::string operation, engine::PolicyReplaced change,
              std::move_only_function<void(std::optional<Notice>)> told);

 private:
  engine::Engine& engine_;
  const WallTime since_;
  std::map<const engine::Loop*, CallsByOperation> by_loop_;
};

}  // namespace nowthen::http
