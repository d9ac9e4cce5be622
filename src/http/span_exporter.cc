#include "http/span_exporter.h"

#include <algorithm>
#include <utility>

#include "http/listener.h"
#include "http/otlp.h"
#include "http/retry_after.h"

namespace nowthen::http {
namespace {

using namespace std::chrono_literals;

constexpr Duration kRetryMax = 1min;
constexpr Duration kTellEvery = 1min;
constexpr Duration kLookEvery = 250ms;  // whether it is time to send

/// The collector is chosen by whoever starts the server, wherever it is.
Result<Egress> anywhere() {
  return Egress::make(
      {.loopback_allowed = true, .allow = {"0.0.0.0/0", "::/0", "169.254.0.0/16", "fe80::/10"}});
}

auto steady_now() { return std::chrono::steady_clock::now(); }

}  // namespace

Result<std::unique_ptr<SpanExporter>> SpanExporter::start(SpanExporterOptions options) {
  auto url = parse_url(options.url);
  if (!url) return Error{ErrorCode::invalid_argument, "otlp_url: " + url.error().message};
  if (!url->target.ends_with('/')) url->target += '/';
  url->target += "v1/traces";
  auto egress = anywhere();
  if (!egress) return egress.error();
  auto reactor = make_reactor();
  auto client = Client::make(*reactor, std::make_shared<const Egress>(std::move(*egress)));
  if (!client) return client.error();
  return std::unique_ptr<SpanExporter>(new SpanExporter(std::move(options), std::move(*url),
                                                        std::move(reactor), std::move(*client)));
}

SpanExporter::SpanExporter(SpanExporterOptions options, Url url,
                           std::unique_ptr<engine::Reactor> reactor, std::unique_ptr<Client> client)
    : options_(std::move(options)),
      url_(std::move(url)),
      reactor_(std::move(reactor)),
      client_(std::move(client)),
      thread_([this] { run(); }) {}

SpanExporter::~SpanExporter() { stop(Duration::zero()); }

void SpanExporter::take(const core::Span& span) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= options_.waiting_max) {
    ++lost_;
    return;
  }
  waiting_.push_back(span);
  if (waiting_.size() == options_.batch_max) reactor_->wake();
}

void SpanExporter::stop(Duration patience) {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    deadline_ = steady_now() + patience;
  }
  reactor_->wake();
  thread_.join();
}

// ---- its thread ------------------------------------------------------------------------------

void SpanExporter::run() {
  next_ = steady_now() + options_.batch_every;
  while (!over()) {
    if (!on_its_way_ && is_due()) {
      fill_batch();
      if (!batch_.empty()) send();
    }
    lose(0, "");  // of what `take` had no place for
    reactor_->wait(std::min<Duration>(options_.batch_every, hurry_ ? 10ms : kLookEvery));
  }
  client_.reset();
}

bool SpanExporter::is_due() {
  const std::lock_guard lock(mutex_);
  return hurry_ || steady_now() >= next_ ||
         (batch_.empty() && waiting_.size() >= options_.batch_max);
}

/// Whether it stops, and nothing is left, or no time.
bool SpanExporter::over() {
  const std::lock_guard lock(mutex_);
  hurry_ = stopping_;
  if (!stopping_) return false;
  if (waiting_.empty() && batch_.empty()) return true;
  if (steady_now() < deadline_) return false;
  lost_ += waiting_.size() + batch_.size();
  return true;
}

/// The oldest that wait, unless a batch is to be sent again.
void SpanExporter::fill_batch() {
  if (!batch_.empty()) return;
  const std::lock_guard lock(mutex_);
  const auto size = std::min(waiting_.size(), options_.batch_max);
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(size);
  batch_.assign(std::move_iterator(waiting_.begin()), std::move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
}

void SpanExporter::send() {
  on_its_way_ = true;
  next_ = steady_now() + options_.batch_every;
  ClientRequest request;
  request.url = url_;
  request.headers = {{"Content-Type", "application/json"}, {"User-Agent", "nowthen"}};
  request.body = encode_otlp(batch_);
  request.timeout = options_.answer_within;
  client_->send(std::move(request), [this](std::variant<ClientResponse, ClientError> answer) {
    answered(std::move(answer));
  });
}

void SpanExporter::answered(std::variant<ClientResponse, ClientError> answer) {
  on_its_way_ = false;
  const auto* response = std::get_if<ClientResponse>(&answer);
  const int status = response != nullptr ? response->status : 0;
  if (status >= 200 && status < 300) {
    sent_ += batch_.size();
    batch_.clear();
    failures_ = 0;
    return;
  }
  const std::string why = response != nullptr ? "the collector answers " + std::to_string(status)
                                              : std::get<ClientError>(answer).message;
  const bool busy = response == nullptr || status == 429 || status >= 500;
  if (!busy || hurry_) {
    lose(batch_.size(), why);
    batch_.clear();
    return;
  }
  Duration wait = options_.retry_after * (1LL << std::min<std::size_t>(failures_++, 20));
  if (response != nullptr) {
    const std::string* asked = response->header("Retry-After");
    const auto now =
        std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
    if (asked != nullptr) wait = std::max(wait, parse_retry_after(*asked, now).value_or(wait));
  }
  next_ = steady_now() + std::min(wait, kRetryMax);
  why_lost_ = why;
}

/// Counts what is lost, and says so now and then.
void SpanExporter::lose(std::size_t spans, const std::string& why) {
  lost_ += spans;
  if (!why.empty()) why_lost_ = why;
  const std::uint64_t lost = lost_;
  const Moment now = steady_now();
  if (lost == lost_told_ || now < tell_next_) return;
  options_.log({.level = LogLevel::warning,
                .message = std::to_string(lost - lost_told_) + " spans of traces are lost: " +
                           (why_lost_.empty() ? "more come than are sent" : why_lost_)});
  lost_told_ = lost;
  tell_next_ = now + kTellEvery;
}

}  // namespace nowthen::http
