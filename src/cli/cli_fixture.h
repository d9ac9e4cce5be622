#pragma once

// For tests: a console and a server that are recorded, and a run of the program between them.

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/cli.h"

namespace nowthen::cli {

class FakeConsole final : public Console {
 public:
  void out(std::string_view text) override { output += text; }
  void error(std::string_view text) override { errors += text; }
  bool out_is_terminal() const override { return terminal; }
  bool flushed() override { return !disk_full; }
  Result<std::string> read(const std::string& path) override {
    const auto file = files.find(path);
    if (file != files.end()) return file->second;
    return Error{ErrorCode::invalid_argument, "cannot read " + path + ": No such file"};
  }
  Result<Source> open(const std::string& path) override {
    const auto whole = read(path);
    if (!whole) return whole.error();
    return Source([left = *whole](char* buffer, std::size_t size) mutable -> Result<std::size_t> {
      const std::size_t count = left.copy(buffer, size);
      left.erase(0, count);
      return count;
    });
  }
  std::string variable(const char* name) const override {
    const auto found = variables.find(name);
    return found == variables.end() ? "" : found->second;
  }
  Duration now() const override { return time; }
  void pause(Duration length) override { time += length; }
  void watch_interrupts() override {}
  bool interrupted() const override { return is_interrupted; }

  std::string output;
  std::string errors;
  bool terminal = false;
  bool disk_full = false;
  bool is_interrupted = false;
  Duration time{};
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> variables;
};

/// Answers with what was put into its script, in order; after that it cannot be reached.
class FakeServer final : public Transport {
 public:
  using Scripted = std::function<Result<Reply>(const Request&)>;

  FakeServer& then(Scripted scripted) {
    script_.push_back(std::move(scripted));
    return *this;
  }
  FakeServer& answers(int status, std::string body, std::vector<Header> headers = {}) {
    if (status >= 400 && body.starts_with(R"({"type")")) {
      headers.push_back({"content-type", "application/problem+json"});
    } else if (!body.empty()) {
      headers.push_back({"content-type", "application/json"});
    }
    return then([reply = Reply{status, std::move(headers), std::move(body)}](
                    const Request& request) -> Result<Reply> {
      if (!request.on_bytes || reply.status > 299) return reply;
      if (!reply.body.empty()) request.on_bytes(reply.body);
      return Reply{reply.status, reply.headers, {}};
    });
  }
  FakeServer& breaks(Error error) {
    return then([error = std::move(error)](const Request&) -> Result<Reply> { return error; });
  }

  Result<Reply> send(const Request& request) override {
    requests.push_back(request);
    std::array<char, 7> part;
    for (std::size_t count = 1; request.upload && count > 0;) {
      const auto got = request.upload(part.data(), part.size());
      if (!got) return got.error();
      count = *got;
      requests.back().body.append(part.data(), count);
    }
    if (script_.empty()) {
      return Error{ErrorCode::unavailable,
                   "cannot reach " + request.url.substr(0, 21) + ": Connection refused"};
    }
    const Scripted next = std::move(script_.front());
    script_.pop_front();
    return next(request);
  }

  std::vector<Request> requests;

 private:
  std::deque<Scripted> script_;
};

/// "POST http://... \n name: value\n ...\n\n body": what golden texts compare.
inline std::string to_text(const Request& request) {
  std::string text = request.method + " " + request.url;
  for (const Header& header : request.headers) text += "\n" + header.name + ": " + header.value;
  if (!request.body.empty()) text += "\n\n" + request.body;
  return text;
}

/// One run of `nowthen`, and what can be seen of it.
struct Program {
  FakeConsole console;
  FakeServer server;
  std::vector<LocalCommand> locals;

  int operator()(const std::vector<std::string>& words) {
    console.output.clear();
    console.errors.clear();
    return cli::run(words, console, server, locals);
  }
  const std::string& output() const { return console.output; }
  const std::string& errors() const { return console.errors; }
  /// The requests since the last time, as text.
  std::string sent() {
    std::string text;
    for (const Request& request : server.requests) {
      if (!text.empty()) text += "\n---\n";
      text += to_text(request);
    }
    server.requests.clear();
    return text;
  }
};

inline constexpr const char* kId = "01j9x3k5w8m2c0q7r4t6v8y1za";

inline std::string problem(int status, const std::string& slug, const std::string& detail) {
  return R"({"type": "/errors/)" + slug + R"(", "title": "t", "status": )" +
         std::to_string(status) + R"(, "detail": ")" + detail + R"("})";
}

}  // namespace nowthen::cli
