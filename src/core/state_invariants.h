#pragma once

// For tests: what holds between any two commands.

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "core/invocation.h"
#include "core/partition_state.h"
#include "core/state_dump.h"

namespace nowthen::core {

class StateInvariants {
 public:
  StateInvariants(const PartitionState& state, WallTime now) : state_(state), now_(now) {}

  /// What is broken, one a line; empty if nothing is.
  std::string broken() {
    check_lines();
    for (const auto& [id, live] : state_.live) {
      check_live(id, live);
      if (live.loaded) check_loaded(live, *live.loaded);
    }
    check_places();
    return out_.str();
  }

 private:
  void expect(bool holds, InvocationId id, std::string_view what) {
    if (!holds) out_ << nowthen::to_string(id) << ": " << what << "\n";
  }

  void check_lines() {
    for (const auto& [order, line] : state_.order_lines) {
      expect(!line.empty(), {}, "an empty line is kept");
      AcceptSeq before{};
      for (std::size_t i = 0; i < line.size(); ++i) {
        const InvocationId id = line[i];
        const auto found = state_.live.find(id);
        expect(in_line_.insert(id).second, id, "in line twice");
        expect(found != state_.live.end(), id, "ended, and still in line");
        if (found == state_.live.end()) continue;
        const Live& live = found->second;
        expect(live.accepted_seq > before, id, "not in order of acceptance");
        before = live.accepted_seq;
        if (i == 0) continue;
        held_.insert(id);
        expect(live.state == State::ready || live.state == State::parked, id,
               "beyond ready though another one holds its order key");
        if (live.loaded) expect(live.loaded->attempt == 0, id, "ran before its turn");
      }
    }
  }

  void check_live(InvocationId id, const Live& live) {
    expect(!is_terminal(live.state), id, "ended, and still live");
    running_ += live.state == State::running ? 1 : 0;
    const bool may_run =
        live.state == State::ready && !held_.contains(id) && !state_.loading.contains(id);
    auto& may_run_here = live.operation->pulled ? may_be_taken_[live.operation] : may_run_;
    if (may_run) may_run_here.insert({live.rank, live.accepted_seq, id});
  }

  void check_places() {
    expect(state_.running == running_ + state_.loading.size(), {}, "places are counted wrongly");
    expect(may_run_ == state_.ready, {}, "those that may run are not those in `ready`");
    const bool idle = !state_.draining && state_.running < state_.limits.running_max;
    expect(!idle || state_.ready.empty(), {}, "a place is free and one may run");
    for (const auto& [name, op] : state_.operations) {
      expect(may_be_taken_[op.get()] == op->line, {},
             "those that may be taken are not those in the line of " + name);
      const bool unknown = !op->line.empty() && !op->told;
      expect(!unknown || !idle, {}, "nobody was told of the work of " + name);
      expect(!unknown || state_.draining || state_.cut_short.contains(name), {},
             "nobody will be told of the work of " + name);
    }
    for (const InvocationId id : state_.taken)
      expect(state_.loading.contains(id), id, "taken, and no place is kept for it");
  }

  void check_loaded(const Live& live, const Invocation& inv) {
    const InvocationId id = inv.id;
    const auto is = [&inv](State state) { return inv.state == state; };
    expect(inv.state == live.state && inv.accepted_seq == live.accepted_seq, id,
           "Live and the invocation differ");
    expect(next_due(inv, live.operation->policy) >= live.due, id, "a due time is not covered");
    expect(!inv.resident || is(State::running) || is(State::suspended), id,
           "an attempt is held in this state");
    expect(inv.resident || !is(State::running), id, "runs, and no attempt is held");
    expect(inv.stored || inv.resident || !is(State::suspended), id, "waits, and is not stored");
    expect(inv.stored || !is(State::parked), id, "parked, and is not stored");
    expect(is(State::scheduled) || inv.order.empty() || in_line_.contains(id), id,
           "not in the line of its order key");
    expect(!is(State::scheduled) || (inv.attempt == 0 && !in_line_.contains(id)), id,
           "scheduled, and in line already");
    expect((inv.park_reason != ParkReason::none) == is(State::parked), id,
           "a reason for parking and the state do not fit");
    expect(std::to_underlying(inv.epoch) >= inv.attempt, id, "an epoch per attempt");
    expect(inv.waiters.size() <= state_.limits.waiters_max, id, "too many waiters");
    for (const Waiter& waiter : inv.waiters) {
      expect(waiter.due > now_ || live.due <= now_, id, "a waiter is forgotten");
    }
    check_journal(inv);
    check_waits(live, inv);
  }

  void check_journal(const Invocation& inv) {
    std::set<std::string> paths;
    std::uint32_t before = 0;
    for (const Entry& entry : inv.done) {
      expect(entry.done_seq > before, inv.id, "done_seq does not rise");
      expect(entry.done_seq != inv.cancel_seq, inv.id, "an entry and the cancel share a number");
      before = entry.done_seq;
      expect(paths.insert(entry.path).second, inv.id, "done twice: " + entry.path);
    }
    expect(std::max(before, inv.cancel_seq) == inv.last_seq, inv.id, "last_seq is not the last");
    for (const Entry& entry : inv.open) {
      expect(paths.insert(entry.path).second, inv.id, "open, and there already: " + entry.path);
      expect(!entry.done(), inv.id, "open and done: " + entry.path);
      expect(entry.stage == Stage::left || inv.resident, inv.id,
             "asked for by nobody: " + entry.path);
      expect(entry.stage != Stage::running || inv.state == State::running, inv.id,
             "a function runs while its code waits: " + entry.path);
    }
    expect(inv.done.size() + inv.open.size() <= state_.limits.journal_entries_max, inv.id,
           "too many entries");
  }

  /// Whatever does not run has something that will wake it.
  void check_waits(const Live& live, const Invocation& inv) {
    bool wakes = live.due != kNever;
    for (const Entry& entry : inv.open) {
      wakes |= entry.kind == EntryKind::signal || entry.kind == EntryKind::call ||
               entry.kind == EntryKind::send;
    }
    const bool waits = inv.state == State::suspended || inv.state == State::backing_off ||
                       inv.state == State::scheduled;
    expect(!waits || wakes, inv.id, "nothing will ever wake it");
  }

  const PartitionState& state_;
  const WallTime now_;
  std::ostringstream out_;
  std::set<InvocationId> in_line_;
  std::set<InvocationId> held_;  // not the first of their line
  std::set<ReadyPlace> may_run_;
  std::map<const Operation*, std::set<ReadyPlace>> may_be_taken_;
  std::size_t running_ = 0;
};

inline std::string broken_invariants(const PartitionState& state, WallTime now) {
  return StateInvariants(state, now).broken();
}

}  // namespace nowthen::core
