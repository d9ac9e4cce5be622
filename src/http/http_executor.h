#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include <nowthen/log.h>

#include "engine/executor.h"
#include "http/client.h"
#include "http/http_target.h"
#include "http/secrets.h"
#include "http/verdict.h"

namespace nowthen::http {

/// What the executor needs beside its loop. All are called on the loop.
struct HttpSeams {
  Client& client;  ///< must outlive the executor
  std::shared_ptr<const Secrets> secrets;
  /// The token by which a service that answered 202 ends the attempt.
  std::function<std::string(const core::Lease&)> token;
  /// The policy's attempt_timeout, as it is now.
  std::function<Duration(const std::string& operation)> attempt_timeout;
  /// The service keeps the attempt: from here on someone else watches its lease, and is told of its
  /// cancel and its drop. This executor has forgotten it.
  std::function<void(const core::Lease&, const std::string& operation, Duration lease)>
      left_to_service;
  Log log = [](const LogLine&) {};
  bool traced = false;  ///< attempts are spans: what the service does is below its attempt
};

/// Runs the attempts of operations that services serve by HTTP: one POST each (docs/http.md,
/// "Serving by HTTP").
///
/// `on_unknown: park`: the request is an at-most-once step, "request" in the journal, begun before
/// it is sent: a process that dies meanwhile leaves a doubt that a person resolves, and what that
/// person says is the result. A service that answered with a failure has answered: that step is
/// recorded as failed, and the next attempt asks again as "request#2".
/// `on_unknown: retry`: nothing is recorded but the end.
///
/// A request ends a little before attempt_timeout does, so that what is recorded is what is known:
/// whether it was sent. A cancel lets a request that is under way end, and its result be recorded.
/// `step_timeout` means nothing here. Loop thread only.
class HttpExecutor final : public engine::Executor {
 public:
  HttpExecutor(engine::LoopPort& port, HttpSeams seams);
  ~HttpExecutor() override;

  /// Attempts of `operation` that begin from now on go to `target`; null: nowhere.
  void use(const std::string& operation, std::shared_ptr<const HttpTarget> target);

  void begin(const core::Invocation& invocation) override;
  void run_step(core::Lease lease, std::string_view path, std::uint32_t tries) override;
  void end_try(core::Lease, std::string_view, std::uint32_t) override {}
  void deliver(core::Lease lease, const core::Entry& entry) override;
  void deliver_cancel(core::Lease lease) override;
  void drop(core::Lease lease) override;
  void evict_idle(WallTime) override {}

 private:
  struct Attempt {
    core::Lease lease;
    std::string operation;
    std::string trace;
    std::shared_ptr<const HttpTarget> target;
    ClientRequest request;
    WallTime deadline{};
    RequestId sent = RequestId::none;
    std::string path;  ///< of its step; empty: it has none
    std::uint32_t tries = 0;
    std::optional<Verdict> verdict;  ///< of a step: waits until it is recorded
  };

  Attempt* find(const core::Lease& lease);
  Result<ClientRequest> request_of(const core::Invocation& invocation, const HttpTarget& target,
                                   WallTime deadline) const;
  void send(Attempt& attempt);
  std::vector<std::string> unspoken(const Attempt& attempt) const;
  void conclude(Attempt& attempt, Verdict verdict);
  void tell_failure(const Attempt& attempt, const std::string& why);
  void end(const core::Lease& lease, Verdict verdict);
  void finish(const core::Lease& lease, core::Outcome outcome);

  engine::LoopPort& port_;
  HttpSeams seams_;
  std::unordered_map<std::string, std::shared_ptr<const HttpTarget>> targets_;
  std::unordered_map<InvocationId, Attempt> attempts_;
  struct Failing {
    WallTime tell_next{};
    std::size_t untold = 0;
  };
  std::unordered_map<std::string, Failing> failing_;  ///< operations whose service has failed
};

}  // namespace nowthen::http
