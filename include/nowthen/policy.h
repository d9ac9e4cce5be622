#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nowthen/result.h>

namespace nowthen {

using Duration = std::chrono::microseconds;

/// When the caller is answered. See docs/GLOSSARY.md.
enum class Mode : std::uint8_t {
  now,    ///< the result or an error within the request; never deferred
  auto_,  ///< the result if ready within `answer_within`, else a ticket and the work goes on
  later,  ///< a ticket as soon as it is durable
};

/// What happens to a `now` call that passes `answer_within`.
enum class OnTimeout : std::uint8_t { cancel, finish };
/// When a call without idempotency key is first written.
enum class Durable : std::uint8_t { on_first_step, from_start };
/// What happens when all attempts are used up.
enum class OnExhausted : std::uint8_t { fail, park };

/// The schedule of attempts: wait = min(interval * factor^(n-1), interval_max), +- jitter.
struct Retry {
  std::uint32_t attempts_max = 8;  ///< 1..1,000,000 attempts, the first included
  Duration interval = std::chrono::milliseconds(100);  ///< 0..24 h, wait after the first failure
  double factor = 2.0;                                 ///< 1..100
  Duration interval_max = std::chrono::minutes(1);     ///< 0..30 days
  double jitter = 0.2;                                 ///< 0..1, share of the wait that is random
  friend bool operator==(const Retry&, const Retry&) = default;
};

/// Live configuration of an operation. Mode and `answer_within` are fixed when a call is accepted;
/// everything else is read at each attempt. Each field's name in text form is its name here,
/// with "retry." before those of Retry.
struct Policy {
  Mode mode = Mode::auto_;
  Duration answer_within = std::chrono::milliseconds(300);  ///< 1 ms..10 min, the caller's patience
  Duration wait_max = std::chrono::seconds(60);  ///< 0..10 min, most that a caller may ask for
  Duration start_within = Duration::zero();      ///< a deferred call expires, its delay included;
                                                 ///< 0 = never
  Duration attempt_timeout = std::chrono::minutes(10);  ///< 1 ms..30 days, per attempt, running
  Duration step_timeout = std::chrono::minutes(5);      ///< 1 ms..30 days, per try of a step
  Duration cleanup_within = std::chrono::seconds(30);   ///< 0..1 h, for cleanup after a cancel
  Retry retry;                                          ///< of attempts and of steps
  OnTimeout on_timeout = OnTimeout::cancel;
  Durable durable = Durable::on_first_step;
  OnExhausted on_exhausted = OnExhausted::fail;
  Duration retain = std::chrono::hours(24);  ///< 1 s..10 years: succeeded, cancelled, expired
  Duration retain_failed = std::chrono::hours(24 * 30);  ///< 1 s..10 years: failed
  friend bool operator==(const Policy&, const Policy&) = default;
};

/// A merge patch of a policy: field name -> text value; no value gives the field back.
/// Values are written as in the docs: "later", "300ms", "2h", "0.2", "finish".
struct PolicyPatch {
  std::map<std::string, std::optional<std::string>, std::less<>> fields;

  PolicyPatch& set(std::string field, std::string value);
  PolicyPatch& clear(std::string field);
  friend bool operator==(const PolicyPatch&, const PolicyPatch&) = default;
};

/// What an operator may choose. A field without an entry cannot be overridden when `mode` or
/// `answer_within`; every other field is free within its range.
struct Allow {
  std::vector<Mode> modes;  ///< empty: only the declared mode
  std::optional<std::pair<Duration, Duration>>
      answer_within;  ///< inclusive; none: only the declared
  friend bool operator==(const Allow&, const Allow&) = default;
};

std::string_view to_string(Mode mode);
/// "300ms", "1.5s", "2h", "90us", "1d". `invalid_argument` names the text.
Result<Duration> parse_duration(std::string_view text);
/// The shortest exact form: 300ms, 90s, 2h.
std::string format_duration(Duration duration);

/// All field names, in the order of the struct.
const std::vector<std::string>& policy_fields();
/// The text of one field; `invalid_argument` when there is no such field.
Result<std::string> policy_field(const Policy& policy, std::string_view field);
/// Applies the values of `patch` (fields without value are skipped). Nothing is changed on error;
/// the message names the field, the value and the range.
Result<void> apply_patch(Policy& policy, const PolicyPatch& patch);
/// Checks ranges and that intervals fit each other; the message names the field.
Result<void> validate(const Policy& policy);

/// Declarations, for code: `engine.add("place-order", place_order, auto_within(300ms))`.
struct Declaration {
  Policy policy;
  Allow allow;
  std::string key_scope;      ///< scope of order keys; empty: the operation's own
  bool non_blocking = false;  ///< step functions run on the loop, not on the pool
};
Declaration now_within(Duration answer_within);
Declaration auto_within(Duration answer_within);
Declaration later();

}  // namespace nowthen
