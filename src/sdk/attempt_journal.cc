// What the journal has for an attempt: results, the cancel, and the check that the code still fits.

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include <nowthen/failure.h>

#include "base/planted.h"
#include "sdk/attempt.h"

namespace nowthen::sdk {

void Attempt::settle(const Inbox::Item& item) {
  if (item.entry == nullptr) return settle_cancel(item.seq != 0 ? item.seq : seen_ + 1);
  const core::Entry& entry = *item.entry;
  seen_ = entry.done_seq;
  Request* const first = planted(Bug::journal_by_position) ? waiting_.oldest() : nullptr;
  if (Request* request = first != nullptr ? first : waiting_.find(entry.path);
      request && request->kind == entry.kind) {
    answer(waiting_.take(*request), entry);
  } else if (request = abandoned_.find(entry.path); request && request->kind == entry.kind) {
    uncount(*request);
    abandoned_.take(*request);
  } else {
    const Request* asked = asked_instead();
    mismatch(entry, asked == nullptr ? "the code asks for nothing"
                                     : "the code asks for " + describe(asked->kind, asked->path));
  }
}

/// The request that a recorded result is most likely mistaken for.
const Request* Attempt::asked_instead() const {
  for (const Request* each = waiting_.oldest(); each != nullptr; each = each->younger)
    if (inbox_.find(each->path) == nullptr) return each;
  return waiting_.oldest();
}

void Attempt::mismatch(const core::Entry& entry, const std::string& how) {
  if (mismatch_) return;
  mismatch_ = "entry " + std::to_string(entry.done_seq) + ": recorded " +
              describe(entry.kind, entry.path) + ", " + how;
}

/// Whether the handler may end here: results that are left must be of no interest.
bool Attempt::fits_journal(const std::string& how) {
  inbox_.each([&](const core::Entry& entry) {
    const Request* request = abandoned_.find(entry.path);
    if (request != nullptr && request->kind == entry.kind) return true;
    mismatch(entry, how);
    return false;
  });
  if (!live_) check_open(how);
  return !mismatch_;
}

/// At the end of a replay: whether the code has asked for everything that a former attempt began
/// and that is not done. Tries of a step leave no trace; its code may change until it has a result.
void Attempt::check_open(const std::string& how) {
  for (const auto& [path, kind] : open_) {
    if (mismatch_ || kind == core::EntryKind::step || kind == core::EntryKind::cleanup) continue;
    const Request* request = find(path);
    if (request == nullptr || request->kind != kind)
      mismatch_ = "begun and not done: " + describe(kind, path) + ", " + how;
  }
}

/// Gives a recorded result to the code.
void Attempt::answer(RequestPtr request, const core::Entry& entry) {
  uncount(*request);
  PendingBase& pending = *request->pending;
  pending.opened_ = nullptr;
  const core::Outcome& outcome = entry.outcome;
  const bool gave_up = request->timed && outcome.code == ErrorCode::timed_out;
  if (!outcome.ok() && !gave_up) {
    pending.error = std::make_exception_ptr(StepFailed(entry.path, outcome.code, outcome.data));
    pending.then->ready();
    return;
  }
  try {
    if (const auto fits = pending.accept({outcome.code, outcome.data, entry.child}); !fits) {
      const bool foreign =
          entry.kind == core::EntryKind::signal || entry.kind == core::EntryKind::call;
      const std::string& why = fits.error().message;
      if (!foreign) {  // what this code recorded itself, it must understand
        return mismatch(entry, "which does not fit the code: " + why);
      }
      pending.error = std::make_exception_ptr(
          CodecFailed("the answer to " + describe(entry.kind, entry.path) + ": " + why));
    }
  } catch (...) {
    pending.error = std::current_exception();
  }
  pending.then->ready();
}

/// Waits end with `Cancelled`. Of steps, those whose function runs are waited for; in a replay they
/// are known by their record: one that did not run is not there, or is recorded as cancelled.
void Attempt::settle_cancel(std::uint32_t seq) {
  seen_ = std::max(seen_, seq);
  if (cancelled_) return;
  cancelled_ = true;
  std::vector<Request*> ending;
  for (Request* each = waiting_.oldest(); each != nullptr; each = each->younger) {
    if (each->kind == core::EntryKind::cleanup) continue;
    if (is_step(each->kind)) {
      const core::Entry* record = live_ ? nullptr : inbox_.find(each->path);
      const bool ran = record != nullptr && record->outcome.code != ErrorCode::cancelled;
      if (ran || (each->stage == Stage::running && !each->withdraw())) continue;
      if (each->stage == Stage::running) complete_unrun(*each);
    }
    ending.push_back(each);
  }
  for (Request* each : ending) cancel(*each);
}

void Attempt::cancel(Request& request) {
  PendingBase& pending = *request.pending;
  uncount(request);
  abandon(request);
  pending.error = std::make_exception_ptr(Cancelled());
  pending.then->ready();
}

}  // namespace nowthen::sdk
