// HTTP as libcurl speaks it, against a server of a few lines.

#include "cli/curl_transport.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/console.h"

namespace nowthen::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

/// Listens at a free port of this machine; takes one request, answers with given bytes, hangs up.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer)
      : answer_(std::move(answer)), listening_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listening_, any, size), 0);
    EXPECT_EQ(::listen(listening_, 1), 0);
    EXPECT_EQ(::getsockname(listening_, any, &size), 0);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::jthread([this] { serve(); });
  }
  ~OneAnswer() {
    ::shutdown(listening_, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
  }
  OneAnswer(const OneAnswer&) = delete;
  OneAnswer& operator=(const OneAnswer&) = delete;

  const std::string& url() const { return url_; }
  /// What came, once it has been answered.
  const std::string& request() {
    thread_.join();
    thread_ = std::jthread([] {});
    return request_;
  }

 private:
  static std::size_t length_of_body(const std::string& head) {
    const std::size_t at = head.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::strtoul(head.c_str() + at + 16, nullptr, 10);
  }
  bool is_whole() const {
    const std::size_t end = request_.find("\r\n\r\n");
    if (request_.find("chunked") < end) return request_.ends_with("\r\n0\r\n\r\n");
    return end != std::string::npos && request_.size() >= end + 4 + length_of_body(request_);
  }
  void serve() {
    const int socket = ::accept(listening_, nullptr, nullptr);
    if (socket < 0) return;
    char bytes[4096];
    while (!is_whole()) {
      const ssize_t count = ::recv(socket, bytes, sizeof bytes, 0);
      if (count <= 0) break;
      request_.append(bytes, static_cast<std::size_t>(count));
    }
    ::send(socket, answer_.data(), answer_.size(), MSG_NOSIGNAL);
    ::close(socket);
  }

  std::string answer_;
  int listening_;
  std::string url_;
  std::string request_;
  std::jthread thread_;  // last: it uses the others
};

class CurlTransportTest : public testing::Test {
 protected:
  Result<Reply> send(Request request) { return transport_.send(request); }
  static Request get(const std::string& url) {
    Request request;
    request.url = url;
    request.timeout = 10s;
    return request;
  }

  bool interrupted_ = false;
  CurlTransport transport_{[this] { return interrupted_; }};
};

TEST_F(CurlTransportTest, a_get_has_no_body_and_gets_headers_and_body) {
  OneAnswer server("HTTP/1.1 200 OK\r\nNowthen-Invocation:  01j9 \r\nContent-Length: 2\r\n\r\n42");
  const auto reply = send(get(server.url() + "/v1/why?x=1"));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->body, "42");
  ASSERT_NE(reply->header("nowthen-invocation"), nullptr);
  EXPECT_THAT(*reply->header("nowthen-invocation"), HasSubstr("01j9"));
  EXPECT_EQ(reply->header("absent"), nullptr);
  EXPECT_TRUE(server.request().starts_with("GET /v1/why?x=1 HTTP/1.1\r\nHost: 127.0.0.1:"));
  EXPECT_THAT(server.request(), HasSubstr("User-Agent: nowthen/"));
  EXPECT_THAT(server.request(), Not(HasSubstr("Content-Length")));
}

TEST_F(CurlTransportTest, methods_headers_and_bodies_go_out_as_they_are) {
  for (const std::string method : {"POST", "PUT", "PATCH", "DELETE"}) {
    for (const std::string& body : {std::string(), std::string("a\0b", 3)}) {
      OneAnswer server("HTTP/1.1 204 No Content\r\n\r\n");
      Request request = get(server.url() + "/");
      request.method = method;
      request.body = body;
      request.headers = {{"Prefer", "respond-async"}, {"Prefer", "wait=2"}};
      ASSERT_TRUE(send(request));
      EXPECT_TRUE(server.request().starts_with(method + " / HTTP/1.1\r\n"));
      EXPECT_THAT(server.request(), HasSubstr("Prefer: respond-async\r\nPrefer: wait=2\r\n"));
      EXPECT_TRUE(server.request().ends_with("\r\n\r\n" + body));
      EXPECT_THAT(server.request(), Not(HasSubstr("Content-Type")));
      EXPECT_THAT(server.request(), Not(HasSubstr("Expect")));
    }
  }
}

TEST_F(CurlTransportTest, an_upload_goes_out_in_chunks_as_it_comes) {
  OneAnswer server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n42");
  Request request = get(server.url() + "/");
  request.method = "POST";
  request.upload = [left = std::string("abcdef")](char* buffer, std::size_t) mutable {
    const std::size_t count = left.copy(buffer, 4);
    left.erase(0, count);
    return Result<std::size_t>(count);
  };
  std::string body;
  request.on_bytes = [&body](std::string_view bytes) { return body += bytes, true; };
  const auto reply = send(std::move(request));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(body, "42");
  EXPECT_TRUE(server.request().starts_with("POST / HTTP/1.1\r\n"));
  EXPECT_TRUE(server.request().ends_with("\r\n\r\n4\r\nabcd\r\n2\r\nef\r\n0\r\n\r\n"))
      << server.request();
  EXPECT_THAT(server.request(), Not(HasSubstr("Expect")));
}

TEST_F(CurlTransportTest, an_upload_that_cannot_be_read_is_given_up) {
  OneAnswer server("");
  Request request = get(server.url() + "/");
  request.method = "POST";
  request.upload = [](char*, std::size_t) -> Result<std::size_t> {
    return Error{ErrorCode::invalid_argument, "cannot read it"};
  };
  const auto reply = send(std::move(request));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().message, "cannot read it");
}

TEST_F(CurlTransportTest, a_redirect_is_an_answer) {
  OneAnswer server(
      "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n");
  const auto reply = send(get(server.url() + "/"));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 302);
}

TEST_F(CurlTransportTest, a_body_can_be_had_as_it_comes_and_ended) {
  OneAnswer server("HTTP/1.1 200 OK\r\n\r\ndata: 1\n\ndata: 2\n\n");
  Request request = get(server.url() + "/");
  std::string got;
  request.on_bytes = [&got](std::string_view bytes) {
    got += bytes;
    return false;
  };
  const auto reply = send(request);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->body, "");
  EXPECT_TRUE(got.starts_with("data: 1"));

  OneAnswer refuses("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}");
  request.url = refuses.url() + "/";
  got.clear();
  const auto refused = send(request);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->body, "{}");
  EXPECT_EQ(got, "");
}

TEST_F(CurlTransportTest, what_was_not_sent_is_told_from_what_broke) {
  std::string nobody;
  {
    const OneAnswer server("");
    nobody = server.url();
  }
  const auto unreached = send(get(nobody + "/"));
  ASSERT_FALSE(unreached);
  EXPECT_EQ(unreached.error().code, ErrorCode::unavailable);
  EXPECT_EQ(unreached.error().message, "cannot reach " + nobody + ": Connection refused");

  OneAnswer server("");
  const auto broke = send(get(server.url() + "/"));
  ASSERT_FALSE(broke);
  EXPECT_EQ(broke.error().code, ErrorCode::failed);
  OneAnswer half("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n42");
  const auto cut_off = send(get(half.url() + "/"));
  ASSERT_FALSE(cut_off);
  EXPECT_EQ(cut_off.error().code, ErrorCode::failed);
}

TEST_F(CurlTransportTest, what_was_sent_before_does_not_count) {
  std::string gone;
  {
    OneAnswer server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n42");
    gone = server.url();
    ASSERT_TRUE(send(get(gone + "/")));
  }
  EXPECT_EQ(send(get(gone + "/")).error().code, ErrorCode::unavailable);
}

TEST_F(CurlTransportTest, headers_without_end_are_refused) {
  OneAnswer server("HTTP/1.1 200 OK\r\nA: " + std::string(90'000, 'x') + "\r\n\r\n");
  const auto reply = send(get(server.url() + "/"));
  ASSERT_FALSE(reply);
}

TEST_F(CurlTransportTest, an_interrupt_ends_it) {
  interrupted_ = true;
  const auto reply = send(get("http://127.0.0.1:1/"));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::cancelled);
}

TEST(SystemConsole, reads_files_and_says_why_it_cannot) {
  SystemConsole console;
  const auto path = std::filesystem::path(testing::TempDir()) / "nowthen_cli_file";
  std::ofstream(path) << "a\nb";
  EXPECT_EQ(console.read(path.string()).value(), "a\nb");
  std::filesystem::remove(path);
  EXPECT_EQ(console.read(path.string()).error().message,
            "cannot read " + path.string() + ": No such file or directory");
  EXPECT_FALSE(console.read(testing::TempDir()));
  EXPECT_EQ(console.variable("NOWTHEN_NOT_SET"), "");
  const auto before = console.now();
  EXPECT_LE(before, console.now());
}

}  // namespace
}  // namespace nowthen::cli
