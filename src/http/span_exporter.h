#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <nowthen/log.h>
#include <nowthen/policy.h>
#include <nowthen/result.h>

#include "core/effect.h"
#include "http/client.h"
#include "http/url.h"

namespace nowthen::http {

struct SpanExporterOptions {
  std::string url;  ///< of an OpenTelemetry collector, without /v1/traces
  Log log;
  std::size_t waiting_max = 8'192;  ///< what comes beyond that is lost, and counted
  std::size_t batch_max = 512;
  Duration batch_every = std::chrono::seconds(1);
  Duration retry_after = std::chrono::milliseconds(500);  ///< twice that each time, to a minute
  Duration answer_within = std::chrono::seconds(10);
};

/// Sends spans to a collector (OTLP over HTTP, JSON), on a thread and a client of its own: whoever
/// hands one over never waits. A batch that the collector has no time for (429, 5xx, no answer) is
/// sent again until it is taken; what it refuses otherwise is lost.
class SpanExporter {
 public:
  /// `invalid_argument` if the URL is none.
  static Result<std::unique_ptr<SpanExporter>> start(SpanExporterOptions options);
  /// What is left is lost.
  ~SpanExporter();

  /// Any thread.
  void take(const core::Span& span);
  /// Sends what is left, each batch once, for up to `patience`. No `take` may follow.
  void stop(Duration patience);

  std::uint64_t sent() const { return sent_; }
  std::uint64_t lost() const { return lost_; }

 private:
  using Moment = std::chrono::steady_clock::time_point;
  SpanExporter(SpanExporterOptions options, Url url, std::unique_ptr<engine::Reactor> reactor,
               std::unique_ptr<Client> client);
  void run();
  bool over();
  bool is_due();
  void fill_batch();
  void send();
  void answered(std::variant<ClientResponse, ClientError> answer);
  void lose(std::size_t spans, const std::string& why);

  const SpanExporterOptions options_;
  const Url url_;
  const std::unique_ptr<engine::Reactor> reactor_;

  std::mutex mutex_;  ///< guards the three below
  std::vector<core::Span> waiting_;
  bool stopping_ = false;
  Moment deadline_ = Moment::max();
  std::atomic<std::uint64_t> sent_ = 0;
  std::atomic<std::uint64_t> lost_ = 0;

  // Its thread only.
  std::unique_ptr<Client> client_;
  std::vector<core::Span> batch_;  ///< on its way, or to be sent again
  bool on_its_way_ = false;
  bool hurry_ = false;  ///< it stops: nothing is sent twice
  std::size_t failures_ = 0;
  Moment next_{};  ///< nothing is sent before, unless a batch is full
  std::uint64_t lost_told_ = 0;
  Moment tell_next_{};
  std::string why_lost_;

  std::thread thread_;
};

}  // namespace nowthen::http
