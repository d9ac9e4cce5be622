#include "http/pull_executor.h"

#include <algorithm>

#include <nowthen/json.h>

#include "base/utf8.h"
#include "core/trace.h"
#include "http/describe.h"
#include "http/keys.h"
#include "http/problem.h"

namespace nowthen::http {
namespace {

/// What reached no worker for so long is taken back: another loop may have workers.
constexpr Duration kOfferedFor = std::chrono::seconds(1);
constexpr Duration kComingFor = std::chrono::seconds(5);
constexpr std::size_t kFirstTaken = 16;  // while it is not known how large they are
constexpr std::size_t kIdleKept = 64;    // of requests, before those that are over are swept

}  // namespace

// ---- the engine's side -----------------------------------------------------------------------

void PullExecutor::use(const core::Configure& operation, const std::optional<PullTarget>& target) {
  const auto found = lines_.find(operation.operation);
  if (!target) {
    if (found == lines_.end()) return;
    while (!found->second.offers.empty()) release(found->second.offers.pop().lease);
    found->second.partitions.clear();  // requests that wait end by their time
    return;
  }
  Line& line = found != lines_.end() ? found->second : lines_[operation.operation];
  line.target = *target;
  line.attempt_timeout = operation.policy.attempt_timeout;
}

void PullExecutor::begin(const core::Invocation& invocation) {
  came(invocation.id);
  Line& line = lines_[invocation.operation];
  core::Lease lease;
  lease.id = invocation.id;
  lease.epoch = invocation.epoch;
  std::string json = describe(invocation, line);
  line.usual_bytes = json.size();
  line.offers.push({lease, std::move(json), port_.now()});
  pump(invocation.operation, line);
}

/// Without its end, and without the end of the lease.
std::string PullExecutor::describe(const core::Invocation& invocation, const Line& line) const {
  core::Lease lease;
  lease.id = invocation.id;
  lease.epoch = invocation.epoch;
  std::string text;
  JsonWriter out(text);
  const std::string id = to_string(invocation.id);
  out.begin_object();
  out.field("token");
  out.string(attempt_token(seams_.token_key, lease));
  out.field("invocation");
  out.string(id);
  out.field("operation");
  out.string(as_utf8(invocation.operation));
  out.field("attempt");
  out.natural(invocation.attempt);
  put_value(out, "input", invocation.input);
  out.field("idempotency_key");
  out.string(id);
  out.field("lease");
  out.string(format_duration(line.target.lease));
  out.field("deadline");
  json::write_time(out, after(invocation.attempt_started, line.attempt_timeout));
  if (!invocation.trace.empty()) {
    out.field("traceparent");
    out.string(as_utf8(core::traceparent_of_attempt(invocation, seams_.traced)));
  }
  out.field("steps");
  out.begin_object();
  for (const core::Entry& entry : invocation.done) {
    if (core::is_step(entry.kind) && entry.outcome.ok())
      put_value(out, as_utf8(entry.path), entry.outcome.data);
  }
  out.end_object();
  return text;
}

void PullExecutor::Offers::push(Offer offer) {
  bytes_ += offer.json.size();
  offers_.push_back(std::move(offer));
}

Offer PullExecutor::Offers::pop() {
  Offer first = std::move(offers_.front());
  offers_.pop_front();
  bytes_ -= first.json.size();
  return first;
}

bool PullExecutor::Offers::erase(const std::function<bool(const core::Lease&)>& which) {
  const auto gone = [this, &which](const Offer& offer) {
    if (!which(offer.lease)) return false;
    bytes_ -= offer.json.size();
    return true;
  };
  return std::erase_if(offers_, gone) > 0;
}

void PullExecutor::deliver_cancel(core::Lease lease) {
  // Who works on it hears of it with the next heartbeat; what nobody has is taken back.
  for (auto& [operation, line] : lines_) {
    const auto same = [&lease](const core::Lease& offered) {
      return offered.id == lease.id && offered.epoch == lease.epoch;
    };
    if (line.offers.erase(same)) return release(lease);
  }
}

void PullExecutor::drop(core::Lease lease) {
  came(lease.id);
  if (leased_.erase(lease.id) > 0) return;
  for (auto& [operation, line] : lines_)
    line.offers.erase([&lease](const core::Lease& offered) { return offered.id == lease.id; });
}

void PullExecutor::work_waits(std::uint16_t partition, const std::string& operation) {
  Line& line = lines_[operation];
  line.partitions.insert(partition);
  claim_idle(line);
  pump(operation, line);
}

void PullExecutor::took(std::uint16_t partition, const core::Took& took) {
  const auto found = lines_.find(took.operation);
  if (found == lines_.end()) return;
  Line& line = found->second;
  line.asking = false;
  for (const InvocationId id : took.ids) {
    if (coming_.try_emplace(id, Coming{took.operation, port_.now()}).second) ++line.coming;
  }
  if (took.more) {
    line.partitions.insert(partition);
    claim_idle(line);
  }
  pump(took.operation, line);
}

/// One that was taken has begun, or never will.
void PullExecutor::came(InvocationId id) {
  const auto found = coming_.find(id);
  if (found == coming_.end()) return;
  const auto line = lines_.find(found->second.operation);
  if (line != lines_.end()) --line->second.coming;
  coming_.erase(found);
}

void PullExecutor::evict_idle(WallTime now) {
  // One that ended before it was said to be taken never comes.
  std::vector<InvocationId> lost;
  for (const auto& [id, coming] : coming_) {
    if (after(coming.since, kComingFor) <= now) lost.push_back(id);
  }
  for (const InvocationId id : lost) came(id);
  for (auto& [operation, line] : lines_) {
    while (!line.offers.empty() &&
           (now == kNever || after(line.offers.front().since, kOfferedFor) <= now)) {
      release(line.offers.pop().lease);
    }
    pump(operation, line);
    if (now == kNever) dismiss_idle(line);
  }
  if (now == kNever) return;
  std::vector<core::Lease> over;
  for (const auto& [id, leased] : leased_) {
    if (leased.until > now) continue;
    core::Lease lease;
    lease.id = id;
    lease.epoch = leased.epoch;
    over.push_back(lease);
  }
  for (const core::Lease& lease : over) {
    const Leased leased = leased_.extract(lease.id).mapped();
    core::FailAttempt failed;
    failed.id = lease.id;
    failed.epoch = lease.epoch;
    failed.error = {ErrorCode::timed_out,
                    "its lease of " + format_duration(leased.time) + " ended without a word"};
    seams_.log({.level = LogLevel::warning,
                .message = failed.error.message,
                .operation = leased.operation,
                .invocation = lease.id});
    port_.submit(std::move(failed));
  }
}

// ---- the workers' side -----------------------------------------------------------------------

/// How many more may be taken: as many as are good for an answer, not for the memory.
std::size_t PullExecutor::room(const Line& line) {
  if (line.usual_bytes == 0) return line.coming > 0 ? 0 : kFirstTaken;
  const std::size_t held = line.offers.bytes() + line.coming * line.usual_bytes;
  if (held >= kGivenBytesMax) return 0;
  return std::max<std::size_t>(1, (kGivenBytesMax - held) / line.usual_bytes);
}

/// Takes work for the requests that this loop has claimed, and answers those that it can.
void PullExecutor::pump(const std::string& operation, Line& line) {
  answer(operation, line);
  std::size_t wanted = 0;
  for (const auto& request : line.claimed) wanted += request->max;
  const std::size_t had = line.offers.size() + line.coming;
  if (line.asking || wanted <= had) return;
  const std::size_t more = std::min(wanted - had, room(line));
  if (more == 0) return;
  if (!line.partitions.empty()) {
    const std::uint16_t partition = *line.partitions.begin();
    line.partitions.erase(line.partitions.begin());
    line.asking = true;
    port_.submit_to(partition, core::Take{operation, static_cast<std::uint32_t>(more)});
    return;
  }
  if (had > 0) return;
  // Others were faster. The requests look elsewhere.
  for (auto& request : std::exchange(line.claimed, {})) request->wander(request);
}

void PullExecutor::answer(const std::string& operation, Line& line) {
  while (!line.claimed.empty() && !line.offers.empty()) {
    const auto request = line.claimed.front();
    const bool more = line.asking || line.coming > 0 || !line.partitions.empty();
    const bool enough = line.offers.size() >= request->max || line.offers.bytes() >= kGivenBytesMax;
    if (!enough && more) return;
    line.claimed.pop_front();
    std::vector<Offer> given;
    std::size_t bytes = 0;
    const WallTime until = after(port_.now(), line.target.lease);
    while (given.size() < request->max && !line.offers.empty()) {
      bytes += line.offers.front().json.size();
      if (!given.empty() && bytes > kGivenBytesMax) break;
      Offer offer = line.offers.pop();
      leased_[offer.lease.id] = {offer.lease.epoch, until, line.target.lease, operation};
      given.push_back(std::move(offer));
    }
    const auto told = std::move(request->told);
    told(std::move(given), until);
    if (line.claimed.empty() && !line.offers.empty()) claim_idle(line);
  }
}

bool PullExecutor::offer_to(const std::shared_ptr<LeaseRequest>& request, Otherwise otherwise) {
  Line& line = lines_[request->operation];
  if (!has_work(line)) {
    if (otherwise == Otherwise::forget) return false;
    if (line.idle.size() >= kIdleKept) {
      std::erase_if(line.idle, [](const auto& each) { return each->claimed.load(); });
    }
    line.idle.push_back(request);
    return false;
  }
  if (request->claimed.exchange(true)) return true;
  line.claimed.push_back(request);
  pump(request->operation, line);
  return true;
}

void PullExecutor::claim_idle(Line& line) {
  // As many as there may be work for is not known: one for each word of work; the others follow
  // when the first has found that there is more.
  while (!line.idle.empty()) {
    const auto request = std::move(line.idle.front());
    line.idle.pop_front();
    if (request->claimed.exchange(true)) continue;
    line.claimed.push_back(request);
    return;
  }
}

/// The engine stops: whoever waits need not wait until its end.
void PullExecutor::dismiss_idle(Line& line) {
  for (const auto& request : std::exchange(line.idle, {})) {
    if (request->claimed.exchange(true)) continue;
    const auto told = std::move(request->told);
    told({}, port_.now());
  }
}

void PullExecutor::give_back(const std::vector<core::Lease>& leases) {
  for (const core::Lease& lease : leases) {
    const auto found = leased_.find(lease.id);
    if (found == leased_.end() || found->second.epoch != lease.epoch) continue;
    leased_.erase(found);
    release(lease);
  }
}

void PullExecutor::release(const core::Lease& lease) {
  core::Release back;
  back.id = lease.id;
  back.epoch = lease.epoch;
  port_.submit(back);
}

std::optional<WallTime> PullExecutor::renew(const core::Lease& lease) {
  const auto found = leased_.find(lease.id);
  if (found == leased_.end() || found->second.epoch != lease.epoch) return std::nullopt;
  found->second.until = after(port_.now(), found->second.time);
  return found->second.until;
}

void PullExecutor::leave_to_service(const core::Lease& lease, const std::string& operation,
                                    Duration time) {
  leased_[lease.id] = {lease.epoch, after(port_.now(), time), time, operation};
}

void PullExecutor::say(const core::Lease& lease, const Said& said) {
  const auto found = leased_.find(lease.id);
  if (found != leased_.end() && found->second.epoch == lease.epoch && !said.progress.empty())
    found->second.progress = said.progress;
  const auto listeners = listeners_.find(lease.id);
  if (listeners == listeners_.end()) return;
  for (const auto& [which, heard] : std::map(listeners->second)) heard(said);
}

const std::string* PullExecutor::progress(InvocationId id) const {
  const auto found = leased_.find(id);
  return found == leased_.end() || found->second.progress.empty() ? nullptr
                                                                  : &found->second.progress;
}

PullExecutor::Listening PullExecutor::listen(InvocationId id,
                                             std::function<void(const Said&)> heard) {
  const auto which = static_cast<Listening>(++last_listening_);
  listeners_[id].emplace(which, std::move(heard));
  return which;
}

void PullExecutor::unlisten(InvocationId id, Listening which) {
  const auto found = listeners_.find(id);
  if (found == listeners_.end()) return;
  found->second.erase(which);
  if (found->second.empty()) listeners_.erase(found);
}

}  // namespace nowthen::http
