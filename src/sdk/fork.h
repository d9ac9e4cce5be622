#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <nowthen/task.h>

#include "sdk/branch.h"
#include "sdk/request.h"

namespace nowthen::sdk {

/// The entry that says which branch of a race ended first.
class RaceRecord;

/// The branches of one `all` or `race` while it is awaited.
///
/// all: told when every branch has ended; the first error counts.
/// race: the first end is the winner; the others are abandoned, then the winner is recorded, then
/// the code is told. After a cancel there is no winner any more: every branch is awaited.
struct ForkState final : Continuation {
  struct Slot final : Continuation {
    Branch branch;
    ForkState* fork = nullptr;
    Waited* waited = nullptr;
    bool ended = false;
    void ready() override;
  };

  ForkState(ForkKind k, Fork& o, Branch& p, std::size_t branches);
  ~ForkState();
  ForkState(const ForkState&) = delete;
  ForkState& operator=(const ForkState&) = delete;

  void ended(Slot& slot);
  void begun();
  void ready() override;  // the winner is recorded

  const ForkKind kind;
  Waited& result;
  Branch& parent;
  std::vector<Slot> slots;
  std::size_t running;       // branches that have not ended
  std::vector<Slot*> early;  // branches that ended while others were still being started
  bool starting = true;
  bool decided = false;
  std::size_t winner = 0;
  RequestPtr winner_request;  // race: made when it begins
  std::unique_ptr<RaceRecord> record;

 private:
  void settle(Slot& slot);
  void decide(Slot& slot);
  void finish();
};

}  // namespace nowthen::sdk
