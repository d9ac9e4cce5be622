#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nowthen/context.h>

#include "base/time.h"
#include "core/command.h"
#include "sdk/step_run.h"

namespace nowthen::sdk {

class PendingBase;

/// What a value entry records, and where it comes from.
enum class ValueOf : std::uint8_t { none, time, race, state };

/// How far a request is.
enum class Stage : std::uint8_t {
  made,       ///< nobody awaits it yet
  held,       ///< awaited; a replay is under way, so its answer may be recorded
  submitted,  ///< the core knows of it
  running,    ///< a step whose function runs
  retrying,   ///< a step whose last try failed; the core runs it again or gives it up
};

/// One request of the code to the engine. Off the frame, because a step and the fact that it was
/// asked for outlive the coroutine that asked.
struct Request {
  /// Throws `Permanent` (too_large) when the attempt has as many as a journal may have entries.
  explicit Request(Attempt& of);
  ~Request();
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  core::EntryKind kind = core::EntryKind::step;
  ValueOf value_of = ValueOf::none;
  Stage stage = Stage::made;
  bool late = false;       ///< step: its function waited before it began
  bool counted = false;    ///< in Attempt: something will come of it without waiting
  bool timed = false;      ///< signal: gives up after `wait`
  bool by_time = false;    ///< sleep: until `due`, not for `wait`
  Attempt* const attempt;  ///< of the context that made it
  std::string name;        ///< "charge", "sleep", "signal:approve"
  std::string subject;     ///< signal, state: its bare name; race: the recorded value
  std::string path;        ///< once awaited
  Duration wait{};
  WallTime due = kNever;
  std::uint32_t tries = 0;  ///< step: the try that runs
  std::shared_ptr<const Job> job;
  std::shared_ptr<Try> queued;  ///< step: the try that waits for a thread, or has had it
  std::unique_ptr<core::Invoke> child;
  std::vector<core::StateWrite> writes;
  std::vector<std::string> losers;  ///< race: the waits that lost it
  /// Whether the try that runs has not begun, and now never will.
  bool withdraw() { return queued != nullptr && std::exchange(queued, nullptr)->withdraw(); }
  PendingBase* pending = nullptr;  ///< who is told; null once abandoned

  Request* older = nullptr;  ///< neighbours in a RequestTable
  Request* younger = nullptr;
};

/// "step 'charge'", "sleep 'sleep#2'": for messages.
std::string describe(core::EntryKind kind, std::string_view path);

}  // namespace nowthen::sdk
