// The exporter against collectors that take, refuse, are busy, or do not answer.

#include "http/span_exporter.h"

#include <condition_variable>

#include <gtest/gtest.h>

#include "http/loopback_server.h"

namespace nowthen::http {
namespace {

using namespace std::chrono_literals;

std::size_t spans_in(const std::string& request) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = request.find("\"spanId\"", at)) != request.npos; ++at) ++count;
  return count;
}

/// Answers each request by its number, from 0 on.
class Collector {
 public:
  using Answer = std::function<std::string(int)>;
  explicit Collector(Answer answer)
      : server_([this, answer = std::move(answer)](Peer& peer, int) {
          while (auto request = peer.request()) {
            int number = 0;
            {
              const std::lock_guard lock(mutex_);
              number = static_cast<int>(requests_.size());
              requests_.push_back(*request);
            }
            came_.notify_all();
            const std::string said = answer(number);
            if (said.empty()) return peer.await_end();
            peer.send("HTTP/1.1 " + said + "\r\nContent-Length: 2\r\n\r\n{}");
          }
        }) {}

  std::string url() const { return server_.url(""); }
  std::vector<std::string> requests(std::size_t count = 0) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(came_.wait_for(lock, 60s, [&] { return requests_.size() >= count; }));
    return requests_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<std::string> requests_;
  LoopbackServer server_;
};

std::string taken(int) { return "200 OK"; }

class SpanExporterTest : public testing::Test {
 protected:
  std::unique_ptr<SpanExporter> start(const std::string& url) {
    options.url = url;
    options.log = [this](const LogLine& line) {
      const std::lock_guard lock(mutex);
      log.push_back(line.message);
    };
    auto exporter = SpanExporter::start(options);
    EXPECT_TRUE(exporter) << exporter.error().message;
    return std::move(*exporter);
  }
  static void take(SpanExporter& exporter, std::size_t count) {
    core::Span span;
    span.trace = "0af7651916cd43dd8448eb211c80319c";
    for (std::size_t i = 0; i < count; ++i) {
      span.id = static_cast<core::SpanId>(i + 1);
      exporter.take(span);
    }
  }

  SpanExporterOptions options;
  std::mutex mutex;
  std::vector<std::string> log;
};

TEST_F(SpanExporterTest, sends_what_came_in_batches_and_what_is_left_at_a_stop) {
  options.batch_every = 1h;
  Collector collector(taken);
  const auto exporter = start(collector.url());
  take(*exporter, 512);
  EXPECT_EQ(spans_in(collector.requests(1)[0]), 512u);  // full
  take(*exporter, 30);
  exporter->stop(60s);
  const auto requests = collector.requests(2);
  EXPECT_TRUE(requests[1].starts_with("POST /v1/traces HTTP/1.1\r\n")) << requests[1];
  EXPECT_TRUE(requests[1].contains("\r\nContent-Type: application/json\r\n"));
  EXPECT_EQ(spans_in(requests[1]), 30u);
  EXPECT_EQ(exporter->sent(), 542u);
  EXPECT_EQ(exporter->lost(), 0u);
}

TEST_F(SpanExporterTest, sends_a_batch_again_that_the_collector_had_no_time_for) {
  options.batch_every = options.retry_after = 5ms;
  Collector collector([](int number) -> std::string {
    if (number == 0) return "503 Busy";
    return number == 1 ? "429 Slowly\r\nRetry-After: 0" : "200 OK";
  });
  const auto exporter = start(collector.url() + "/prefix/");
  take(*exporter, 3);
  const auto requests = collector.requests(3);
  EXPECT_EQ(requests[0], requests[1]);
  EXPECT_EQ(requests[0], requests[2]);
  EXPECT_TRUE(requests[0].starts_with("POST /prefix/v1/traces HTTP/1.1\r\n")) << requests[0];
  exporter->stop(60s);
  EXPECT_EQ(exporter->sent(), 3u);
  EXPECT_TRUE(log.empty());
}

TEST_F(SpanExporterTest, counts_what_the_collector_refuses_and_says_so_once) {
  options.batch_every = 5ms;
  Collector collector([](int) -> std::string { return "400 Bad"; });
  const auto exporter = start(collector.url());
  take(*exporter, 2);
  collector.requests(1);
  take(*exporter, 3);
  exporter->stop(60s);
  EXPECT_EQ(exporter->lost(), 5u);
  EXPECT_EQ(exporter->sent(), 0u);
  ASSERT_EQ(log.size(), 1u);
  EXPECT_TRUE(log[0].ends_with(" spans of traces are lost: the collector answers 400")) << log[0];
}

TEST_F(SpanExporterTest, keeps_no_more_than_its_limit) {
  options.batch_every = 1h;
  options.waiting_max = 10;
  Collector collector(taken);
  const auto exporter = start(collector.url());
  take(*exporter, 25);
  EXPECT_EQ(exporter->lost(), 15u);
  exporter->stop(60s);
  EXPECT_EQ(exporter->sent(), 10u);
  EXPECT_EQ(exporter->lost(), 15u);
}

TEST_F(SpanExporterTest, a_stop_waits_for_no_collector_that_is_not_there) {
  std::string gone;
  {
    gone = Collector(taken).url();
  }
  const auto exporter = start(gone);
  take(*exporter, 7);
  const auto began = std::chrono::steady_clock::now();
  exporter->stop(60s);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 30s);
  EXPECT_EQ(exporter->lost(), 7u);
}

TEST_F(SpanExporterTest, a_stop_waits_no_longer_than_it_may) {
  options.batch_every = 1ms;
  Collector collector([](int) { return std::string(); });  // it never answers
  const auto exporter = start(collector.url());
  take(*exporter, 7);
  collector.requests(1);
  take(*exporter, 5);
  exporter->stop(50ms);
  EXPECT_EQ(exporter->sent(), 0u);
  EXPECT_EQ(exporter->lost(), 12u);
}

TEST_F(SpanExporterTest, a_url_that_is_none_is_an_error) {
  options.url = "localhost:4318";
  const auto exporter = SpanExporter::start(options);
  ASSERT_FALSE(exporter);
  EXPECT_TRUE(exporter.error().message.starts_with("otlp_url: ")) << exporter.error().message;
}

}  // namespace
}  // namespace nowthen::http
