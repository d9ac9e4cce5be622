// Goal: what a server has backed up serves again where it is restored; a damaged backup is found
// before anything is copied.
// Method: real servers on real folders.

#include "server/folder_commands.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>

#include <gtest/gtest.h>
#include <unistd.h>

#include <nowthen/engine.h>

#include "cli/curl_transport.h"
#include "server/serving.h"

namespace nowthen::server {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class Folders : public testing::Test {
 protected:
  void SetUp() override {
    if (!NOWTHEN_WITH_ROCKSDB) GTEST_SKIP() << "folders are RocksDB's";
    std::string pattern = testing::TempDir() + "/nowthen-folders-XXXXXX";
    root = ::mkdtemp(pattern.data());
    data = root + "/data";
    backup = root + "/backup";
  }
  void TearDown() override {
    if (!root.empty()) fs::remove_all(root);
  }

  static std::unique_ptr<Serving> serve(const std::string& folder) {
    auto host = std::make_shared<sdk::Host>(Options().data_dir(folder));
    auto serving = Serving::start(std::move(host), "127.0.0.1:0");
    EXPECT_TRUE(serving) << serving.error().message;
    return serving ? std::move(*serving) : nullptr;
  }
  std::string send(Serving& serving, const std::string& method, const std::string& path,
                   const std::string& body, int status) {
    cli::CurlTransport transport([] { return false; });
    cli::Request request;
    request.method = method;
    request.url = serving.url() + path;
    request.body = body;
    if (!api_key.empty()) request.headers.push_back({"Authorization", "Bearer " + api_key});
    const auto reply = transport.send(request);
    EXPECT_TRUE(reply) << reply.error().message;
    if (!reply) return {};
    EXPECT_EQ(reply->status, status) << path << reply->body;
    return reply->body;
  }
  /// A server with an admin's key and three calls that wait, backed up.
  void make_backup() {
    const auto serving = serve(data);
    const std::string made =
        send(*serving, "POST", "/v1/keys", R"({"name":"root","role":"admin"})", 201);
    const std::size_t at = made.find("nt_");
    api_key = made.substr(at, made.find('"', at) - at);
    send(*serving, "PUT", "/v1/operations/op",
         R"({"executor":{"pull":{}},"policy":{"mode":"later"}})", 201);
    send(*serving, "PATCH", "/v1/operations/op/policy", R"({"retain":"1h"})", 200);
    for (const char* body : {"1", "2", "3"}) send(*serving, "POST", "/v1/operations/op", body, 202);
    send(*serving, "POST", "/v1/backup", R"({"dir":")" + backup + R"("})", 200);
    serving->stop(1s);
  }
  std::string printed(int (*command)(const std::vector<std::string>&),
                      const std::vector<std::string>& words, int code) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    EXPECT_EQ(command(words), code);
    return testing::internal::GetCapturedStdout() + testing::internal::GetCapturedStderr();
  }

  std::string root, data, backup, api_key;
};

TEST_F(Folders, what_was_backed_up_serves_where_it_is_restored) {
  make_backup();
  EXPECT_EQ(printed(verify, {backup}, 0), "3 live, 0 ended, 0 entries; ok\n");
  const std::string to = root + "/new/place";
  EXPECT_EQ(printed(restore, {backup, to + "/"}, 0),
            "restored to " + to + "/: 3 live, 0 ended, 0 entries\n");
  EXPECT_EQ(fs::status(to + "/SECRET").permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_FALSE(fs::exists(to + ".partial"));
  EXPECT_FALSE(fs::exists(to + "/TOKENS"));  // no token of the life before is taken
  const auto serving = serve(to);
  const std::string found = send(*serving, "GET", "/v1/operations/op", "", 200);
  EXPECT_NE(found.find(R"("ready":3)"), found.npos) << found;
  serving->stop(1s);
  EXPECT_EQ(printed(verify, {to}, 0), "3 live, 0 ended, 0 entries; ok\n");
  // A folder that has served is as good as a backup.
  EXPECT_TRUE(fs::exists(to + "/TOKENS"));
  EXPECT_NE(printed(restore, {to, root + "/third"}, 0), "");
  EXPECT_FALSE(fs::exists(root + "/third/TOKENS"));
}

TEST_F(Folders, nothing_is_written_over) {
  make_backup();
  fs::create_directories(root + "/empty");
  EXPECT_TRUE(restore_folder(backup, root + "/empty"));
  EXPECT_EQ(restore_folder(backup, root + "/empty").error().code, ErrorCode::already_exists);
  std::ofstream(root + "/file") << "mine";
  EXPECT_EQ(restore_folder(backup, root + "/file").error().code, ErrorCode::already_exists);
}

TEST_F(Folders, damaged_backup_is_found_and_not_restored) {
  make_backup();
  fs::path largest;
  for (const auto& file : fs::recursive_directory_iterator(backup)) {
    if (file.path().extension() != ".sst") continue;
    if (largest.empty() || file.file_size() > fs::file_size(largest)) largest = file.path();
  }
  std::string text;
  {
    std::ifstream in(largest, std::ios::binary);
    text.assign(std::istreambuf_iterator<char>(in), {});
  }
  text[100] = static_cast<char>(text[100] ^ 1);
  std::ofstream(largest, std::ios::binary) << text;
  EXPECT_NE(printed(verify, {backup}, 1).find("problems: "), std::string::npos);
  EXPECT_NE(printed(restore, {backup, root + "/to"}, 1).find("nothing was copied"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(root + "/to"));
  EXPECT_FALSE(fs::exists(root + "/to.partial"));
}

TEST_F(Folders, keys_without_their_secret_are_a_problem) {
  make_backup();
  fs::remove(backup + "/SECRET");
  const std::string said = printed(verify, {backup}, 1);
  EXPECT_NE(said.find("entries; problems: 1\n  there are API keys, but not the file SECRET"),
            said.npos)
      << said;
  const std::string json = printed(verify, {"--json", backup}, 1);
  EXPECT_NE(json.find(R"("live":3,"ended":0,"entries":0,"rows":)"), json.npos) << json;
  EXPECT_NE(json.find(R"("problems":1,"first_problems":["there are)"), json.npos) << json;
}

TEST_F(Folders, folder_of_a_server_is_its_own) {
  const auto serving = serve(data);
  const std::string said = printed(verify, {data}, 1);
  EXPECT_NE(said.find("belongs to process " + std::to_string(::getpid())), said.npos) << said;
  EXPECT_EQ(restore_folder(data, root + "/to").error().code, ErrorCode::locked);
  serving->stop(1s);
}

TEST_F(Folders, what_is_no_folder_or_no_command_line_is_told) {
  EXPECT_NE(printed(verify, {root}, 1).find("is no data folder"), std::string::npos);
  EXPECT_EQ(restore_folder(root + "/none", root + "/to").error().code, ErrorCode::invalid_argument);
  EXPECT_NE(printed(verify, {}, 2), "");
  EXPECT_NE(printed(verify, {"--fast", "a"}, 2), "");
  EXPECT_NE(printed(restore, {"a"}, 2), "");
  EXPECT_TRUE(printed(verify, {"--help"}, 0).starts_with("usage: nowthen verify"));
  EXPECT_TRUE(printed(restore, {"--help"}, 0).starts_with("usage: nowthen restore"));
}

}  // namespace
}  // namespace nowthen::server
