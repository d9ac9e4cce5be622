#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include <nowthen/log.h>

#include "engine/executor.h"
#include "http/declared.h"

namespace nowthen::http {

/// An attempt on its way to a worker.
struct Offer {
  core::Lease lease;
  std::string json;  ///< what the worker is told, but for the end of the lease
  WallTime since{};
};

/// So many bytes of them, or one, are given in one answer.
inline constexpr std::size_t kGivenBytesMax = 16u << 20;

/// A worker that asks for attempts. Waits at every loop at once; the first that has work claims it.
struct LeaseRequest {
  std::string operation;
  std::size_t max = 1;
  std::atomic<bool> claimed = false;  ///< by a loop, or by the end of its time
  /// Hands the attempts over, all under leases until that time. Once, on the loop that claimed it.
  std::function<void(std::vector<Offer>, WallTime lease_until)> told;
  /// The loop that claimed it found no work after all: it looks at the next.
  std::function<void(std::shared_ptr<LeaseRequest>)> wander;
};

/// What a worker says of its attempt while it has it. Bounded by whoever reads it.
struct Said {
  std::string progress;  ///< JSON without line breaks; empty: nothing
  std::vector<std::string> log;
};

/// What the executor needs beside its loop.
struct PullSeams {
  std::string token_key;  ///< under which tokens are made
  Log log = [](const LogLine&) {};
  bool traced = false;  ///< attempts are spans: what the worker does is below its attempt
};

/// Runs attempts by giving them to workers that ask, each for the time of a lease. One per loop;
/// loop thread only. A lease that is not renewed in time is a failed attempt.
class PullExecutor final : public engine::Executor {
 public:
  PullExecutor(engine::LoopPort& port, PullSeams seams) : port_(port), seams_(std::move(seams)) {}

  /// Attempts of the operation are given to workers by `target`; none: they are not.
  void use(const core::Configure& operation, const std::optional<PullTarget>& target);

  // ---- engine::Executor ----
  void begin(const core::Invocation& invocation) override;
  void run_step(core::Lease, std::string_view, std::uint32_t) override {}
  void end_try(core::Lease, std::string_view, std::uint32_t) override {}
  void deliver(core::Lease, const core::Entry&) override {}
  void deliver_cancel(core::Lease lease) override;
  void drop(core::Lease lease) override;
  void work_waits(std::uint16_t partition, const std::string& operation) override;
  void took(std::uint16_t partition, const core::Took& took) override;
  void evict_idle(WallTime now) override;

  // ---- workers ----
  enum class Otherwise : std::uint8_t { remember, forget };
  /// Claims the request if there is work here, else remembers it if it may. True: claimed.
  bool offer_to(const std::shared_ptr<LeaseRequest>& request, Otherwise otherwise);
  /// The attempts reached nobody: they are taken back.
  void give_back(const std::vector<core::Lease>& leases);
  /// Renews a lease; none if there is none. When it ends.
  std::optional<WallTime> renew(const core::Lease& lease);
  /// An attempt that another executor has begun is left to whoever has its token.
  void leave_to_service(const core::Lease& lease, const std::string& operation, Duration time);

  /// The last progress is kept, in memory, as long as the lease is; who listens hears all.
  void say(const core::Lease& lease, const Said& said);
  /// The last progress of the attempt that is leased; null if there is none.
  const std::string* progress(InvocationId id) const;
  /// Calls `heard` with all that is said of the invocation here, until `unlisten`.
  enum class Listening : std::uint64_t { none = 0 };
  Listening listen(InvocationId id, std::function<void(const Said&)> heard);
  void unlisten(InvocationId id, Listening which);

  std::size_t leased() const { return leased_.size(); }

 private:
  /// Attempts that are not asked for yet, in order.
  class Offers {
   public:
    bool empty() const { return offers_.empty(); }
    std::size_t size() const { return offers_.size(); }
    std::size_t bytes() const { return bytes_; }
    const Offer& front() const { return offers_.front(); }
    void push(Offer offer);
    Offer pop();
    /// Whether there was one.
    bool erase(const std::function<bool(const core::Lease&)>& which);

   private:
    std::deque<Offer> offers_;
    std::size_t bytes_ = 0;
  };
  struct Line {
    PullTarget target;
    Duration attempt_timeout{};
    std::set<std::uint16_t> partitions;  ///< where work waits
    bool asking = false;                 ///< a Take is on its way
    std::size_t coming = 0;              ///< taken, and not begun yet
    Offers offers;
    std::size_t usual_bytes = 0;                        ///< of the last offer; 0: there was none
    std::deque<std::shared_ptr<LeaseRequest>> claimed;  ///< by this loop, not answered yet
    std::deque<std::shared_ptr<LeaseRequest>> idle;     ///< may be claimed
  };
  struct Leased {
    core::LeaseEpoch epoch{};
    WallTime until{};
    Duration time{};
    std::string operation;
    std::string progress = {};
  };
  struct Coming {  ///< taken, and not begun yet
    std::string operation;
    WallTime since{};
  };
  static std::size_t room(const Line& line);
  void pump(const std::string& operation, Line& line);
  void answer(const std::string& operation, Line& line);
  void claim_idle(Line& line);
  void dismiss_idle(Line& line);
  bool has_work(const Line& line) const { return !line.offers.empty() || !line.partitions.empty(); }
  void came(InvocationId id);
  void release(const core::Lease& lease);
  std::string describe(const core::Invocation& invocation, const Line& line) const;

  engine::LoopPort& port_;
  const PullSeams seams_;
  std::map<std::string, Line, std::less<>> lines_;  ///< by operation
  std::unordered_map<InvocationId, Coming> coming_;
  std::unordered_map<InvocationId, Leased> leased_;
  std::unordered_map<InvocationId, std::map<Listening, std::function<void(const Said&)>>>
      listeners_;
  std::uint64_t last_listening_ = 0;
};

}  // namespace nowthen::http
