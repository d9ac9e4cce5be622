#include "bench/http_scripts.h"

#include <algorithm>

namespace nowthen::bench {
namespace {

constexpr std::string_view kAsync = "Prefer: respond-async\r\n";
const Expected kAccepted{202, "", true};

std::size_t count_of(std::string_view text, std::string_view word) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(word, at)) != text.npos; at += word.size()) ++count;
  return count;
}

std::string lease_path(const std::string& operation, int batch, Worker::Work work) {
  // Nobody accepts anything while it drains: no work is the end.
  const std::string wait = work == Worker::Work::drain ? "0s" : "20s";
  return path_of(operation) + "/lease?max=" + std::to_string(batch) + "&wait=" + wait;
}

}  // namespace

std::string path_of(const std::string& operation) { return "/v1/operations/" + operation; }

bool Expected::is(const load::HttpAnswer& answer) const {
  return answer.status == status && (body.empty() || answer.body == body) &&
         answer.field("Nowthen-Invocation").empty() == !stored;
}

Repeat::Repeat(std::string request, Expected expected, int ends, std::uint64_t times)
    : request_(std::move(request)), expected_(std::move(expected)), ends_(ends), times_(times) {}

std::string_view Repeat::next(load::Clock::time_point) {
  if (times_ == 0) return {};
  --times_;
  return request_;
}

int Repeat::take(const load::HttpAnswer& answer) { return expected_.is(answer) ? ends_ : kWrong; }

std::string_view Stamp::next(load::Clock::time_point start) {
  const std::chrono::nanoseconds at = start.time_since_epoch();
  request_ = load::request("POST", path_of(operation_), std::to_string(at.count()), kAsync);
  return request_;
}

int Stamp::take(const load::HttpAnswer& answer) { return kAccepted.is(answer) ? 1 : kWrong; }

Worker::Worker(std::string operation, int batch, int steps, Work work)
    : operation_(std::move(operation)),
      batch_(batch),
      steps_(steps),
      work_(work),
      accept_(load::request("POST", path_of(operation_), "1", kAsync)),
      lease_(load::request("POST", lease_path(operation_, batch, work))),
      stage_(work == Work::drain ? Stage::leases : Stage::accepts),
      to_accept_(batch) {}

std::string_view Worker::next(load::Clock::time_point) {
  switch (stage_) {
    case Stage::accepts:
      return accept_;
    case Stage::leases:
      return lease_;
    case Stage::records:
      request_ = load::request(
          "PUT",
          "/v1/attempts/" + tokens_.front() + "/steps/step-" + std::to_string(steps_ - steps_left_),
          "1");
      return request_;
    case Stage::completes:
      return complete();
  }
  return {};
}

std::string_view Worker::complete() {
  if (batch_ == 1) {
    request_ = load::request("POST", "/v1/attempts/" + tokens_.front() + "/complete", "1");
    return request_;
  }
  std::string body = R"({"complete":[)";
  for (const std::string& token : tokens_) {
    if (body.back() != '[') body += ',';
    body += R"({"token":")" + token + R"(","result":1})";
  }
  if (tokens_.empty()) return {};
  request_ = load::request("POST", "/v1/attempts", body + "]}");
  return request_;
}

int Worker::take(const load::HttpAnswer& answer) {
  switch (stage_) {
    case Stage::accepts:
      if (!kAccepted.is(answer)) return kWrong;
      if (--to_accept_ == 0) stage_ = Stage::leases;
      return 0;
    case Stage::leases:
      return taken_lease(answer);
    case Stage::records:
      if (answer.status != 201) return kWrong;
      if (--steps_left_ == 0) stage_ = Stage::completes;
      return 0;
    case Stage::completes:
      return taken_completion(answer);
  }
  return kWrong;
}

bool Worker::read_tokens(std::string_view body) {
  constexpr std::string_view kBefore = R"("token":")";
  tokens_.clear();
  for (std::size_t at = 0; (at = body.find(kBefore, at)) != body.npos;) {
    at += kBefore.size();
    const std::size_t end = body.find('"', at);
    if (end == body.npos) return false;
    tokens_.emplace_back(body.substr(at, end - at));
  }
  return tokens_.size() <= static_cast<std::size_t>(batch_);
}

int Worker::taken_lease(const load::HttpAnswer& answer) {
  if (answer.status != 200 || !read_tokens(answer.body)) return kWrong;
  if (tokens_.empty() && work_ == Work::accept_first) return 0;  // again
  steps_left_ = steps_;
  stage_ = steps_ > 0 ? Stage::records : Stage::completes;
  return 0;
}

int Worker::taken_completion(const load::HttpAnswer& answer) {
  const auto ended = static_cast<int>(tokens_.size());
  if (answer.status != 200) return kWrong;
  if (count_of(answer.body, R"("state":"succeeded")") != tokens_.size()) return kWrong;
  to_accept_ = ended;
  stage_ = work_ == Work::drain ? Stage::leases : Stage::accepts;
  return ended;
}

}  // namespace nowthen::bench
