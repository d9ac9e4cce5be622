#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nowthen/engine.h>

#include "cli/curl_transport.h"
#include "http/certificate.h"

namespace nowthen {
namespace {

using namespace std::chrono_literals;

Task<int> twice(Context&, int value) { co_return 2 * value; }

/// An engine that is served on a thread of its own.
class Served {
 public:
  explicit Served(Engine& engine, ServeOptions options = {}) {
    options.listen("127.0.0.1:0");
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

Result<cli::Reply> post(const std::string& url, const std::string& body,
                        const std::string& ca_file = {}) {
  cli::CurlTransport transport([] { return false; });
  cli::Request request;
  request.method = "POST";
  request.url = url;
  request.body = body;
  request.ca_file = ca_file;
  return transport.send(request);
}

TEST(EngineServe, AnswersOverHttpUntilASignal) {
  Engine engine{Options()};
  const auto operation = engine.add("twice", twice);
  Served served(engine);
  const auto reply = post(served.url() + "/v1/operations/twice", "21");
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

TEST(EngineServe, SpeaksTlsAndReadsItsCertificateAgain) {
  using http::Certificate;
  const std::string cert = Certificate::path_of("serve"), key = Certificate::path_of("serve_key");
  const Certificate first("IP:127.0.0.1"), second("IP:127.0.0.1");
  const std::string trusts_first = first.file("first"), trusts_second = second.file("second");
  first.write_to(cert);
  first.write_key_to(key);
  std::promise<std::string> logged[2];
  int lines = 0;
  Engine engine{Options().on_log([&](const LogLine& line) {
    if (line.message.starts_with("SIGHUP")) logged[lines++].set_value(line.message);
  })};
  engine.add("twice", twice);
  Served served(engine, ServeOptions().tls_cert(cert).tls_key(key));
  const std::string url = served.url();
  EXPECT_TRUE(url.starts_with("https://127.0.0.1:")) << url;
  const auto status = [&](const std::string& ca_file) {
    const auto reply = post(url + "/v1/operations/twice", "21", ca_file);
    return reply ? reply->status : 0;
  };
  EXPECT_EQ(status(trusts_first), 200);
  EXPECT_EQ(status(trusts_second), 0);

  second.write_to(cert);  // and not its key: what was read before stays
  ::kill(::getpid(), SIGHUP);
  const std::string failed = logged[0].get_future().get();
  EXPECT_NE(failed.find("tls_key '" + key + "'"), failed.npos) << failed;
  EXPECT_EQ(status(trusts_first), 200);
  second.write_key_to(key);
  ::kill(::getpid(), SIGHUP);
  logged[1].get_future().get();
  EXPECT_EQ(status(trusts_second), 200);
  EXPECT_EQ(status(trusts_first), 0);

  ::kill(::getpid(), SIGTERM);
  EXPECT_EQ(served.code(), 0);
  for (const std::string& file : {cert, key, trusts_first, trusts_second}) ::unlink(file.c_str());
}

Result<cli::Reply> get(const std::string& url, const std::string& api_key = {}) {
  cli::CurlTransport transport([] { return false; });
  cli::Request request;
  request.method = "GET";
  request.url = url;
  if (!api_key.empty()) request.headers.push_back({"Authorization", "Bearer " + api_key});
  return transport.send(request);
}

class FirstKey : public testing::Test {
 protected:
  void SetUp() override {
    if (!NOWTHEN_WITH_ROCKSDB) GTEST_SKIP() << "folders are RocksDB's";
  }
  void TearDown() override {
    ::unlink(file_.c_str());
    std::filesystem::remove_all(folder_);
  }
  void write(const std::string& text, mode_t mode = 0600) {
    std::ofstream(file_) << text;
    ::chmod(file_.c_str(), mode);
  }
  /// Serves the folder once, and asks for the keys and the audit with `api_key`.
  void serve(const std::string& api_key) {
    log_.clear();
    Engine engine{Options().data_dir(folder_).on_log([this](const LogLine& line) {
      if (line.message.find("API key") != line.message.npos) log_ = line.message;
    })};
    Served served(engine, ServeOptions().bootstrap_key_file(file_));
    const std::string url = served.url();
    EXPECT_EQ(get(url + "/v1/keys")->status, 401);
    const auto keys = get(url + "/v1/keys", api_key), audit = get(url + "/v1/audit", api_key);
    status_ = keys->status;
    keys_ = keys->body;
    audit_ = audit->body;
    ::kill(::getpid(), SIGTERM);
    EXPECT_EQ(served.code(), 0);
  }
  std::string error() {
    testing::internal::CaptureStderr();
    EXPECT_EQ(Engine{Options()}.serve(ServeOptions("127.0.0.1:0").bootstrap_key_file(file_)), 1);
    return testing::internal::GetCapturedStderr();
  }

  const std::string secret_ = "nt_root_0123456789abcdef0123456789ABCDEF";
  const std::string file_ = testing::TempDir() + "nowthen_first_" + std::to_string(::getpid());
  const std::string folder_ = file_ + "_data";
  std::string log_, keys_, audit_;
  int status_ = 0;
};

TEST_F(FirstKey, IsThatOfTheFileUntilThereIsAny) {
  write("  " + secret_ + "\n\n");
  serve(secret_);
  EXPECT_EQ(status_, 200);
  EXPECT_NE(keys_.find(R"("id":"root","name":"bootstrap","role":"admin")"), keys_.npos) << keys_;
  EXPECT_NE(audit_.find(R"("who":"bootstrap_key_file","action":"key.create","subject":"root")"),
            audit_.npos)
      << audit_;
  const std::string other = "nt_other_0123456789abcdef0123456789ABCDEF";
  write(other);
  serve(other);
  EXPECT_EQ(status_, 401);
  EXPECT_EQ(log_, "bootstrap_key_file is left alone: there are API keys");
  ::unlink(file_.c_str());  // nor is it missed
  serve(secret_);
  EXPECT_EQ(status_, 200);
}

TEST_F(FirstKey, OfAFileThatIsNoneIsAnErrorThatDoesNotRepeatIt) {
  const std::string named = "error cannot start: bootstrap_key_file '" + file_ + "' ";
  EXPECT_TRUE(error().ends_with(named + "cannot be read: No such file or directory\n"));
  write(secret_, 0640);
  EXPECT_TRUE(
      error().ends_with(named + "may be read by others than its owner; set its mode to 0600\n"));
  for (const char* text : {"", "hunter2", "nt_root_hunter2", "0123456789abcdef0123456789ABCDEF"}) {
    write(text);
    const std::string said = error();
    EXPECT_NE(said.find(named + "is to hold nt_ID"), said.npos) << said;
    EXPECT_TRUE(*text == '\0' || said.find(text) == said.npos) << said;
  }
}

TEST(EngineServe, SaysWhyItCannotStart) {
  for (const char* address : {"nowhere", "127.0.0.1:99999", "0.0.0.0:0"}) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(Engine{Options()}.serve(address), 1) << address;
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_TRUE(said.contains(" error cannot start: ") && said.contains(address)) << said;
  }
}

}  // namespace
}  // namespace nowthen
