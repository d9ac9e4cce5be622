#include <csignal>
#include <future>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

#include <nowthen/engine.h>

#include "cli/curl_transport.h"

namespace nowthen {
namespace {

using namespace std::chrono_literals;

Task<int> twice(Context&, int value) { co_return 2 * value; }

/// An engine that is served on a thread of its own.
class Served {
 public:
  explicit Served(Engine& engine) {
    ServeOptions options("127.0.0.1:0");
    options.on_ready([this](const std::string& url) { ready_.set_value(url); });
    thread_ = std::jthread([this, &engine, options] { code_.set_value(engine.serve(options)); });
  }
  std::string url() { return ready_.get_future().get(); }
  int code() { return code_.get_future().get(); }

 private:
  std::promise<std::string> ready_;
  std::promise<int> code_;
  std::jthread thread_;
};

TEST(EngineServe, AnswersOverHttpUntilASignal) {
  Engine engine{Options()};
  const auto operation = engine.add("twice", twice);
  Served served(engine);
  cli::CurlTransport transport([] { return false; });
  cli::Request request;
  request.method = "POST";
  request.url = served.url() + "/v1/operations/twice";
  request.body = "21";
  const auto reply = transport.send(request);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->body, "42");
  EXPECT_EQ(operation.call(4).result(), 8);  // from within it is still an engine like any other
  ::kill(::getpid(), SIGTERM);
  EXPECT_EQ(served.code(), 0);
  EXPECT_EQ(operation.call(4).error().code, ErrorCode::unavailable);
}

TEST(EngineServe, GivesSignalsBackAsTheyWere) {
  ::signal(SIGTERM, SIG_IGN);
  Engine engine{Options()};
  Served served(engine);
  served.url();
  ::kill(::getpid(), SIGINT);
  EXPECT_EQ(served.code(), 0);
  EXPECT_EQ(::signal(SIGTERM, SIG_DFL), SIG_IGN);
}

TEST(EngineServe, SaysWhyItCannotStart) {
  for (const char* address : {"nowhere", "127.0.0.1:99999", "0.0.0.0:0"}) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(Engine{Options()}.serve(address), 1) << address;
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_TRUE(said.starts_with("nowthen: ") && said.find(address) != said.npos) << said;
  }
}

}  // namespace
}  // namespace nowthen
