#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "load/load.h"

namespace nowthen::load {

/// The answer that a call must get.
struct Expected {
  int status = 200;
  std::string body;     ///< empty: any
  bool stored = false;  ///< it has `Nowthen-Invocation`

  bool is(const HttpAnswer& answer) const;
};

/// The same request again and again, `ends` operations each; at most `times`.
class Repeat final : public Script {
 public:
  Repeat(std::string request, Expected expected, int ends = 1, std::uint64_t times = ~0ull);
  std::string_view next(Clock::time_point start) override;
  int take(const HttpAnswer& answer) override;

 private:
  const std::string request_;
  const Expected expected_;
  const int ends_;
  std::uint64_t times_;
};

/// Calls an operation with the time of the start as input, in nanoseconds of the steady clock.
class Stamp final : public Script {
 public:
  explicit Stamp(std::string operation) : operation_(std::move(operation)) {}
  std::string_view next(Clock::time_point start) override;
  int take(const HttpAnswer& answer) override;

 private:
  const std::string operation_;
  std::string request_;
};

/// A worker, and its customer on the same connection. It leases as many as there are, up to
/// `batch`, records `steps` for each, and completes them: by one request when `batch` is above 1.
class Worker final : public Script {
 public:
  enum class Work {
    accept,  ///< first accepts as many as it has ended before: what is live stays the same
    drain,   ///< until there is none
    wait,    ///< for what others accept
  };
  struct Job {
    std::string operation;
    Work work = Work::accept;
    int batch = 1;
    int steps = 0;
    std::string fields;  ///< of each request, as in `request`
  };
  explicit Worker(Job job);
  std::string_view next(Clock::time_point start) override;
  int take(const HttpAnswer& answer) override;

 private:
  enum class Stage { accepts, leases, records, completes };

  std::string_view complete();
  bool read_tokens(std::string_view body);
  int taken_lease(const HttpAnswer& answer);
  int taken_completion(const HttpAnswer& answer);

  const Job job_;
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

}  // namespace nowthen::load
