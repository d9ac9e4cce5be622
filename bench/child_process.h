#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "load/load.h"

namespace nowthen::bench {

/// A program that says "listening on http://..." and is killed at the end.
class ChildProcess {
 public:
  /// Starts the program `name` beside this one, and waits until it listens. Throws
  /// std::runtime_error when it does not.
  ChildProcess(const std::string& name, std::vector<std::string> arguments);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  const load::Target& target() const { return target_; }

 private:
  void stop();

  pid_t pid_ = -1;
  load::Target target_;
};

}  // namespace nowthen::bench
