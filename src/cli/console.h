#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <nowthen/policy.h>
#include <nowthen/result.h>

#include "cli/source.h"

namespace nowthen::cli {

/// A file given as input; above this it is refused as `too_large`.
inline constexpr std::size_t kFileBytesMax = std::size_t{256} << 20;

/// What a command touches besides the server: streams, files, environment, time. Tests put a
/// recorded one here.
class Console {
 public:
  virtual ~Console() = default;
  virtual void out(std::string_view text) = 0;
  virtual void error(std::string_view text) = 0;
  virtual bool out_is_terminal() const = 0;
  /// Whether all output so far has been written.
  virtual bool flushed() = 0;
  /// The whole of a file; `-` is the standard input.
  virtual Result<std::string> read(const std::string& path) = 0;
  /// The same in pieces, of any length.
  virtual Result<Source> open(const std::string& path) = 0;
  /// Of the environment; empty if it is not set.
  virtual std::string variable(const char* name) const = 0;
  /// Since some fixed point; never goes back.
  virtual Duration now() const = 0;
  /// Waits that long, or until a person interrupts.
  virtual void pause(Duration time) = 0;
  /// From now on Ctrl-C makes `interrupted` true; a second one ends the process.
  virtual void watch_interrupts() = 0;
  virtual bool interrupted() const = 0;
};

/// The console of this process.
class SystemConsole final : public Console {
 public:
  void out(std::string_view text) override;
  void error(std::string_view text) override;
  bool out_is_terminal() const override;
  bool flushed() override;
  Result<std::string> read(const std::string& path) override;
  Result<Source> open(const std::string& path) override;
  std::string variable(const char* name) const override;
  Duration now() const override;
  void pause(Duration time) override;
  void watch_interrupts() override;
  bool interrupted() const override;

 private:
  bool broken_ = false;  // a write failed
};

}  // namespace nowthen::cli
