#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "load/load.h"

namespace nowthen::bench {

/// The answer that a call must get.
struct Expected {
  int status = 200;
  std::string body;     ///< empty: any
  bool stored = false;  ///< it has `Nowthen-Invocation`

  bool is(const load::HttpAnswer& answer) const;
};

/// The same request again and again, `ends` operations each; at most `times`.
class Repeat final : public load::Script {
 public:
  Repeat(std::string request, Expected expected, int ends = 1, std::uint64_t times = ~0ull);
  std::string_view next(load::Clock::time_point start) override;
  int take(const load::HttpAnswer& answer) override;

 private:
  const std::string request_;
  const Expected expected_;
  const int ends_;
  std::uint64_t times_;
};

/// Calls an operation with the time of the start as input, in nanoseconds of the steady clock.
class Stamp final : public load::Script {
 public:
  explicit Stamp(std::string operation) : operation_(std::move(operation)) {}
  std::string_view next(load::Clock::time_point start) override;
  int take(const load::HttpAnswer& answer) override;

 private:
  const std::string operation_;
  std::string request_;
};

/// A worker and its customer on one connection: it accepts so many invocations as it has ended
/// before, leases as many as there are, up to `batch`, records `steps` for each, and completes
/// them: by one request when there are several. So what is accepted and not ended stays the same.
class Worker final : public load::Script {
 public:
  /// What it drains was accepted before.
  enum class Work { accept_first, drain };
  Worker(std::string operation, int batch, int steps, Work work = Work::accept_first);
  std::string_view next(load::Clock::time_point start) override;
  int take(const load::HttpAnswer& answer) override;

 private:
  enum class Stage { accepts, leases, records, completes };

  std::string_view complete();
  bool read_tokens(std::string_view body);
  int taken_lease(const load::HttpAnswer& answer);
  int taken_completion(const load::HttpAnswer& answer);

  const std::string operation_;
  const int batch_;
  const int steps_;
  const Work work_;
  const std::string accept_;
  const std::string lease_;
  Stage stage_;
  int to_accept_;
  int steps_left_ = 0;
  std::vector<std::string> tokens_;
  std::string request_;
};

/// The path at which `operation` is called.
std::string path_of(const std::string& operation);

}  // namespace nowthen::bench
