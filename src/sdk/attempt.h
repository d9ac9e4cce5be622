#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nowthen/context.h>

#include "engine/executor.h"
#include "sdk/branch.h"
#include "sdk/handlers.h"
#include "sdk/inbox.h"
#include "sdk/request_table.h"
#include "sdk/run_queue.h"
#include "sdk/step_run.h"

namespace nowthen::sdk {

/// One attempt at an invocation: its coroutines, what they wait for, and what the journal still has
/// for them. While recorded results are left it is a replay: new requests are held back. Loop
/// thread.
class Attempt final : public Continuation {
 public:
  /// What its owner does after a call.
  enum class Next : std::uint8_t {
    wait,    ///< for what the engine tells it
    resume,  ///< it has run long enough: call `resume` later
    keep,    ///< it is suspended; its frames may be dropped some time
    end,     ///< it has said its last word
  };

  Attempt(engine::LoopPort& port, const core::Invocation& invocation,
          std::shared_ptr<const sdk::Operation> operation, Duration evict_after);
  ~Attempt();
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  Next begin(const core::Invocation& invocation);
  Next resume();
  Next deliver(const core::Entry& entry);
  Next deliver_cancel();
  /// The function to run for the step at `path`; null when nothing is to be run: then `resume`.
  std::shared_ptr<const Job> start_step(std::string_view path, std::uint32_t tries);
  /// That the try just started waits for a thread.
  std::shared_ptr<Try> queue_step(std::string_view path);
  /// Its function begins now, after it has waited.
  void step_began(std::string_view path, std::uint32_t tries);
  Next end_try(std::string_view path, std::uint32_t tries);
  Next step_ended(std::string_view path, std::uint32_t tries, StepEnd end);
  /// Says that the frames are dropped. Precondition: kept.
  void evict();

  const core::Lease& lease() const { return lease_; }
  const sdk::Operation& operation() const { return *operation_; }

  // For Context, frames and forks.
  Context& context() { return context_; }
  RunQueue& queue() { return queue_; }
  bool cancelled() const { return cancelled_; }
  std::uint32_t number() const { return number_; }
  std::uint64_t random();
  void write_state(std::string_view name, std::optional<std::string> value);
  void open(PendingBase& pending, RequestPtr request, Branch& branch);
  void abandon(Request& request);
  void count_frame() { ++frames_; }
  void uncount_frame() { --frames_; }
  std::size_t frames() const { return frames_; }
  void count_request();
  void uncount_request() { --requests_; }

  // For its owner: neighbours among the kept ones, the longest kept first.
  Attempt* kept_before = nullptr;
  Attempt* kept_after = nullptr;
  WallTime kept_since{};
  bool kept = false;
  bool resume_posted = false;

 private:
  void ready() override { root_ended_ = true; }  // the handler returned or threw

  Next advance();
  Next rest();
  Next finish();
  Next finish_with(std::exception_ptr error);
  void say_finish(ErrorCode code, std::string data);
  template <class Command>
  Command under_lease() const;

  void submit(Request& request);
  void submit_held();
  void submit_entry(Request& request);
  void submit_value(Request& request);
  void count(Request& request);
  void uncount(Request& request);
  Request* find(std::string_view path) const;
  Request* find_step(std::string_view path) const;
  void complete_step(Request& request, StepEnd end);
  void complete_unrun(Request& request);
  bool suspend_kept() const;

  void settle(const Inbox::Item& item);
  void settle_cancel(std::uint32_t seq);
  void cancel(Request& request);
  void answer(RequestPtr request, const core::Entry& entry);
  void answer_state(PendingBase& pending, const core::StateWrite& set);
  bool fits_journal(const std::string& how);
  void check_open(const std::string& how);
  void mismatch(const core::Entry& entry, const std::string& how);
  const Request* asked_instead() const;

  engine::LoopPort& port_;
  const std::shared_ptr<const sdk::Operation> operation_;
  const core::Lease lease_;
  const std::uint32_t number_;
  const Duration evict_after_;
  Context context_;
  std::uint64_t randoms_ = 0;

  RunQueue queue_;
  Branch branch_;
  std::optional<Root> root_;
  bool root_ended_ = false;
  std::size_t frames_ = 0;
  std::size_t requests_ = 0;  // that exist, awaited or not

  Inbox inbox_;
  bool live_ = false;  // the journal is replayed, requests go out
  bool cancelled_ = false;
  bool suspended_ = false;  // said so, and nothing has changed since
  bool closing_ = false;
  std::uint32_t seen_ = 0;  // the last done_seq given to the code
  std::optional<std::string> mismatch_;

  RequestTable waiting_;
  RequestTable abandoned_;                // asked for; their results are of no interest any more
  std::size_t active_ = 0;                // requests of which something comes without waiting
  std::vector<core::StateWrite> writes_;  // for the next request
  std::vector<std::string> losers_;       // waits, for the record of the race that is decided
  // Of a former attempt, sorted by path: their writes are in force, and the code must ask for them.
  std::vector<std::pair<std::string, core::EntryKind>> open_;
};

}  // namespace nowthen::sdk
