#include "sdk/fork.h"

#include <charconv>
#include <stdexcept>
#include <utility>

#include <nowthen/failure.h>

#include "base/assert.h"
#include "sdk/attempt.h"
#include "sdk/request.h"

namespace nowthen::sdk {
namespace {

/// Of the branch numbers in a path: about 250 levels of all and race.
constexpr std::size_t kPathBytesMax = 1024;

}  // namespace

class RaceRecord final : public PendingBase {
 public:
  RaceRecord(RequestPtr request, std::size_t winner)
      : PendingBase(std::move(request)), winner_(winner) {}
  Result<void> accept(const Answer& answer) override {
    std::size_t recorded = 0;
    const char* const end = answer.data.data() + answer.data.size();
    if (std::from_chars(answer.data.data(), end, recorded).ptr == end && recorded == winner_)
      return {};
    return Error(ErrorCode::journal_mismatch, "recorded branch " + std::string(answer.data) +
                                                  " as its winner, in the code branch " +
                                                  std::to_string(winner_) + " wins");
  }

 private:
  std::size_t winner_;
};

void ForkState::Slot::ready() { fork->ended(*this); }

ForkState::ForkState(ForkKind k, Fork& o, Branch& p, std::size_t branches)
    : kind(k), result(o), parent(p), slots(branches), running(branches) {
  const std::string number = parent.prefix + std::to_string(++parent.forks) + '.';
  if (kind == ForkKind::race) {
    winner_request = RequestPtr(new Request(*parent.attempt));  // now: later nobody could catch
    winner_request->kind = core::EntryKind::value;
    winner_request->value_of = ValueOf::race;
    winner_request->path = parent.path("race");
  }
  for (std::size_t i = 0; i < branches; ++i) {
    slots[i].fork = this;
    slots[i].branch.attempt = parent.attempt;
    slots[i].branch.prefix = number + std::to_string(i) + '/';
  }
  parent.fork = this;
}

ForkState::~ForkState() {
  if (parent.fork == this) parent.fork = nullptr;
}

void ForkState::ended(Slot& slot) {
  if (starting) {
    early.push_back(&slot);
  } else {
    settle(slot);
  }
}

void ForkState::begun() {
  starting = false;
  if (slots.empty()) {
    if (kind == ForkKind::race)
      result.error = std::make_exception_ptr(std::invalid_argument("a race without branches"));
    return finish();
  }
  for (Slot* slot : std::exchange(early, {})) settle(*slot);
}

void ForkState::settle(Slot& slot) {
  if (decided) return;  // abandoned
  slot.ended = true;
  --running;
  if (kind == ForkKind::all) {
    if (slot.waited->error && !result.error) result.error = slot.waited->error;
    if (running == 0) finish();
  } else if (!parent.attempt->cancelled()) {
    decide(slot);
  } else if (running == 0) {
    result.error = std::make_exception_ptr(Cancelled());
    finish();
  }
}

void ForkState::decide(Slot& slot) {
  decided = true;
  winner = static_cast<std::size_t>(&slot - slots.data());
  if (slot.waited->error) result.error = slot.waited->error;
  for (Slot& other : slots)
    if (&other != &slot) abandon(other.branch, std::exchange(other.waited, nullptr));
  winner_request->subject = std::to_string(winner);
  record = std::make_unique<RaceRecord>(std::move(winner_request), winner);
  record->open(parent, *this);
}

void ForkState::ready() {
  if (record->error) result.error = record->error;
  finish();
}

void ForkState::finish() {
  parent.fork = nullptr;
  result.then->ready();
}

// ---- the public side ------------------------------------------------------------------------

Fork::Fork(ForkKind kind) : kind_(kind) {}
Fork::Fork(Fork&& other) noexcept : state_(std::move(other.state_)), kind_(other.kind_) {}
Fork::~Fork() = default;

void Fork::check_depth(const Frame& awaiting) {
  if (awaiting.branch->prefix.size() < kPathBytesMax) return;
  throw Permanent(ErrorCode::too_large,
                  "branches are nested so deep that their names pass path_bytes_max (" +
                      std::to_string(kPathBytesMax) + ")");
}

void Fork::fork(std::size_t branches, Branch& parent, Continuation& continuation) {
  then = &continuation;
  state_ = std::make_unique<ForkState>(kind_, *this, parent, branches);
}

Branch& Fork::branch(std::size_t index) { return state_->slots[index].branch; }

Continuation& Fork::watch(std::size_t index, Waited& branch) {
  state_->slots[index].waited = &branch;
  return state_->slots[index];
}

void Fork::begun() { state_->begun(); }
std::size_t Fork::winner() const { return state_->winner; }

}  // namespace nowthen::sdk
