#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <nowthen/engine.h>

namespace nowthen {

namespace sdk {
class TestHost;
}

/// The same engine over a store in memory and a virtual clock, for tests: days of retries pass in
/// milliseconds, and nothing depends on how fast the machine is. Add operations, `start`, call.
///
/// Nothing runs by itself: everything happens on the caller's thread, inside of a blocking call
/// (which lets time pass until it is answered), `run` and `advance`. Step functions run inline.
/// One thread only.
class TestEngine : public Engine {
 public:
  TestEngine();
  ~TestEngine();

  int serve(const ServeOptions& = ServeOptions()) = delete;  // its time is not that of clients
  WallTime now() const;
  /// Does what can be done without time passing.
  void run();
  /// Lets time pass; what becomes due on the way happens at its time.
  void advance(Duration by);

  /// As `kill -9` and a new start on the same data. Waiting callers get `unavailable`.
  void crash();
  /// The next `times` tries of the step at `path` (see StepFailed::step) fail with `message`
  /// instead of running.
  void fail_step(std::string path, std::uint32_t times, std::string message = "injected");
  enum class Crash : std::uint8_t {
    before,  ///< its function has not run
    after,   ///< its function has run, its result is not recorded
  };
  /// The process dies at the next try of the step at `path`, and starts again. The third time in a
  /// row is a crash loop: the invocation is parked.
  void crash_at_step(std::string path, Crash when);

 private:
  explicit TestEngine(std::shared_ptr<sdk::TestHost> host);
  std::shared_ptr<sdk::TestHost> test_;
};

}  // namespace nowthen
