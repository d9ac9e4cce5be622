#pragma once

#include <array>
#include <atomic>
#include <charconv>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include <nowthen/json.h>

#include "engine/engine.h"
#include "http/first_tickets.h"
#include "http/front.h"
#include "http/http_target.h"
#include "http/keys.h"
#include "http/router.h"
#include "http/span_exporter.h"

namespace nowthen::http {

/// How the front of a server is set up.
struct AppOptions {
  std::string token_key;  ///< 32 secret bytes under which attempt tokens are made
  bool loopback = true;   ///< the listener is: a foreign Host or Origin is refused, keys are free
  /// What is wrong with a service that an operation is declared to be served by, if anything.
  std::function<std::optional<Problem>(const HttpTarget&)> check_target;
  /// What is wrong with where a caller wants to be told of an end, if anything.
  std::function<std::optional<Problem>(const Url&)> check_callback;
  /// Copies the data folder to a new one, while it is in use. Blocks for long.
  std::function<Result<void>(const std::string& folder)> back_up;
  bool keys_needed = false;                      ///< also as long as there is none
  WallTime born{};                               ///< when the data folder was made: no id is older
  std::shared_ptr<const SpanExporter> exporter;  ///< of traces, if there is one
};

/// Answers the HTTP API of an engine. One for all loops; what it has of its own may be used from
/// any of them.
class App final : public Front {
 public:
  App(engine::Engine& engine, AppOptions options, std::shared_ptr<KeyRing> keys)
      : engine_(engine),
        options_(std::move(options)),
        keys_(std::move(keys)),
        first_tickets_(engine) {}

  Plan plan(const Request& head) override;
  void answered(int status) override {
    if (status >= 0 && status < static_cast<int>(statuses_.size()))
      statuses_[static_cast<std::size_t>(status)].fetch_add(1, std::memory_order_relaxed);
  }

  /// Answers so far, by status.
  using Statuses = std::array<std::atomic<std::uint64_t>, 600>;
  const Statuses& statuses() const { return statuses_; }
  engine::Engine& engine() { return engine_; }
  const AppOptions& options() const { return options_; }
  KeyRing& keys() { return *keys_; }
  FirstTickets& first_tickets() { return first_tickets_; }
  /// Backs up to `folder` on a thread of its own; one at a time.
  void back_up(const std::string& folder, std::move_only_function<void(Result<void>)> told);
  /// Waits for the backup that is under way. The engine drains, so that none begins any more; its
  /// loops must still run.
  void end_backup();
  /// The problem of an error about `id`: what is not there was there once, or never was.
  Problem absence(InvocationId id, const Error& error) const;

 private:
  std::optional<Problem> admit(const Request& request, const Route& route, Identity& who) const;
  std::optional<Problem> check_site(const Request& request) const;

  engine::Engine& engine_;
  const AppOptions options_;
  const std::shared_ptr<KeyRing> keys_;
  FirstTickets first_tickets_;
  Statuses statuses_{};
  std::mutex backup_mutex_;  ///< guards the two below
  bool backing_up_ = false;
  std::jthread backup_;
};

// ---- what handlers share ---------------------------------------------------------------------

inline Response ok(std::string json, int status = 200) {
  return {status, std::string(kJson), {}, std::move(json)};
}

/// Whether a body says nothing: clients that always send JSON send one of these.
inline bool is_nothing(std::string_view body) {
  return body.empty() || body == "null" || body == "{}";
}

/// What is wrong with the URL of a callback, if anything; the problem names `field`.
std::optional<Problem> check_callback(const App& app, const std::string& url, std::string field);
/// That an operation is nobody's to call, if so.
std::optional<Problem> check_callable(const std::string& operation);

/// Reads a JSON object with exactly the fields of `T` (NOWTHEN_JSON); empty is `{}`.
template <class T>
Result<T> read_body(std::string_view body) {
  T value;
  JsonReader reader(body.empty() ? "{}" : body, JsonReader::Unknown::refused);
  nowthen_json_read(reader, value);
  reader.finish();
  if (!reader.ok()) return Error{ErrorCode::invalid_argument, reader.error().message};
  return value;
}

/// A body as it is stored: JSON, checked and otherwise untouched (empty is null), or bytes.
Result<std::string> stored_body(Request& request);
/// `{"id": ..., "state": ...}`.
std::string id_and_state(InvocationId id, core::State state);

/// "wait=30" and "wait=1.5s" of a query: plain numbers are seconds.
Result<Duration> parse_seconds(std::string_view text);
/// Reads the number that a query parameter is, if it is there; false where it is none of that type.
template <class T>
bool read_number(const Visit& visit, std::string_view name, T& into) {
  const auto given = visit.query.find(name);
  if (given == visit.query.end()) return true;
  const std::string& text = given->second;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), into);
  return end.ec == std::errc() && end.ptr == text.data() + text.size();
}
inline Error stopping() { return {ErrorCode::unavailable, "the engine is stopping"}; }
/// RFC 3339 in UTC.
std::string format_time(WallTime time);

/// What one call and each line of an upload share: Nowthen-Priority and traceparent.
std::optional<Problem> read_urgency_and_trace(const Request& request, core::CallOptions& options);

/// A problem about an id that cannot be one.
Result<InvocationId> id_of(const Visit& visit);
engine::AuditEntry audit_of(const Visit& visit, std::string action, std::string subject,
                            std::string detail = "");

/// The answer to a call, or to somebody who waits for its result.
Response to_response(core::Reply reply);
std::string ticket(InvocationId id, std::string_view state, std::string_view reason);

}  // namespace nowthen::http
