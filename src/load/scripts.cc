#include "load/scripts.h"

#include <algorithm>

namespace nowthen::load {
namespace {

constexpr std::string_view kAsync = "Prefer: respond-async\r\n";
const Expected kAccepted{202, "", true};

std::size_t count_of(std::string_view text, std::string_view word) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(word, at)) != text.npos; at += word.size()) ++count;
  return count;
}

std::string lease_path(const Worker::Job& job) {
  const std::string wait = job.work == Worker::Work::drain ? "0s" : "20s";
  return path_of(job.operation) + "/lease?max=" + std::to_string(job.batch) + "&wait=" + wait;
}

}  // namespace

std::string path_of(const std::string& operation) { return "/v1/operations/" + operation; }

bool Expected::is(const HttpAnswer& answer) const {
  return answer.status == status && (body.empty() || answer.body == body) &&
         answer.field("Nowthen-Invocation").empty() == !stored;
}

Repeat::Repeat(std::string request, Expected expected, int ends, std::uint64_t times)
    : request_(std::move(request)), expected_(std::move(expected)), ends_(ends), times_(times) {}

std::string_view Repeat::next(Clock::time_point) {
  if (times_ == 0) return {};
  --times_;
  return request_;
}

int Repeat::take(const HttpAnswer& answer) { return expected_.is(answer) ? ends_ : kWrong; }

std::string_view Stamp::next(Clock::time_point start) {
  const std::chrono::nanoseconds at = start.time_since_epoch();
  request_ = request("POST", path_of(operation_), std::to_string(at.count()), kAsync);
  return request_;
}

int Stamp::take(const HttpAnswer& answer) { return kAccepted.is(answer) ? 1 : kWrong; }

Worker::Worker(Job job)
    : job_(std::move(job)),
      accept_(request("POST", path_of(job_.operation), "1", job_.fields + std::string(kAsync))),
      lease_(request("POST", lease_path(job_), "", job_.fields)),
      stage_(job_.work == Work::accept ? Stage::accepts : Stage::leases),
      to_accept_(job_.batch) {}

std::string_view Worker::next(Clock::time_point) {
  switch (stage_) {
    case Stage::accepts:
      return accept_;
    case Stage::leases:
      return lease_;
    case Stage::records:
      request_ = request("PUT",
                         "/v1/attempts/" + tokens_.front() + "/steps/step-" +
                             std::to_string(job_.steps - steps_left_),
                         "1", job_.fields);
      return request_;
    case Stage::completes:
      return complete();
  }
  return {};
}

std::string_view Worker::complete() {
  if (job_.batch == 1) {
    request_ = request("POST", "/v1/attempts/" + tokens_.front() + "/complete", "1", job_.fields);
    return request_;
  }
  std::string body = R"({"complete":[)";
  for (const std::string& token : tokens_) {
    if (body.back() != '[') body += ',';
    body += R"({"token":")" + token + R"(","result":1})";
  }
  if (tokens_.empty()) return {};
  request_ = request("POST", "/v1/attempts", body + "]}", job_.fields);
  return request_;
}

int Worker::take(const HttpAnswer& answer) {
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
  return tokens_.size() <= static_cast<std::size_t>(job_.batch);
}

int Worker::taken_lease(const HttpAnswer& answer) {
  if (answer.status != 200 || !read_tokens(answer.body)) return kWrong;
  if (tokens_.empty() && job_.work != Work::drain) return 0;  // again
  steps_left_ = job_.steps;
  stage_ = job_.steps > 0 ? Stage::records : Stage::completes;
  return 0;
}

int Worker::taken_completion(const HttpAnswer& answer) {
  const auto ended = static_cast<int>(tokens_.size());
  if (answer.status != 200) return kWrong;
  if (count_of(answer.body, R"("state":"succeeded")") != tokens_.size()) return kWrong;
  to_accept_ = ended;
  stage_ = job_.work == Work::accept ? Stage::accepts : Stage::leases;
  return ended;
}

}  // namespace nowthen::load
