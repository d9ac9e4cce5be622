#include "cli/console.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/os_error.h"

namespace nowthen::cli {
namespace {

volatile std::sig_atomic_t interrupts = 0;

void on_interrupt(int) { interrupts = 1; }

struct Close {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};

Error unreadable(const std::string& path) {
  return {ErrorCode::invalid_argument, os_error("cannot read " + path).message};
}

}  // namespace

void SystemConsole::out(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) broken_ = true;
}

void SystemConsole::error(std::string_view text) {
  if (std::fflush(stdout) != 0) broken_ = true;  // in the order in which it was said
  std::fwrite(text.data(), 1, text.size(), stderr);
}

bool SystemConsole::out_is_terminal() const { return ::isatty(STDOUT_FILENO) == 1; }

bool SystemConsole::flushed() {
  if (std::fflush(stdout) != 0) broken_ = true;
  return !broken_;
}

Result<std::string> SystemConsole::read(const std::string& path) {
  const std::unique_ptr<std::FILE, Close> file(path == "-" ? stdin
                                                           : std::fopen(path.c_str(), "rbe"));
  if (!file) return unreadable(path);
  std::string text;
  std::array<char, 65536> part;
  while (const std::size_t count = std::fread(part.data(), 1, part.size(), file.get())) {
    text.append(part.data(), count);
    if (text.size() > kFileBytesMax) {
      return Error{ErrorCode::too_large, path + " is larger than kFileBytesMax (" +
                                             std::to_string(kFileBytesMax) + " bytes)"};
    }
  }
  if (std::ferror(file.get()) != 0) return unreadable(path);
  return text;
}

Result<Source> SystemConsole::open(const std::string& path) {
  const bool standard = path == "-";
  const int opened = standard ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (opened < 0) return unreadable(path);
  const std::shared_ptr<const int> file(new int(opened), [standard](const int* number) {
    if (!standard) ::close(*number);
    delete number;
  });
  return Source([file, path](char* buffer, std::size_t size) -> Result<std::size_t> {
    const ssize_t count = ::read(*file, buffer, size);  // what is there: a pipe may be slow
    if (count < 0) return unreadable(path);
    return static_cast<std::size_t>(count);
  });
}

std::string SystemConsole::variable(const char* name) const {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Duration SystemConsole::now() const {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<Duration>(now);
}

void SystemConsole::pause(Duration time) {
  // In parts, as a signal that comes between the question and poll() does not wake it.
  constexpr Duration kPart = std::chrono::milliseconds(250);
  const Duration end = now() + time;
  for (Duration left = time; left > Duration::zero() && !interrupted(); left = end - now()) {
    const auto part = std::chrono::ceil<std::chrono::milliseconds>(std::min(left, kPart));
    ::poll(nullptr, 0, static_cast<int>(part.count()));
  }
}

void SystemConsole::watch_interrupts() {
  struct sigaction action{};
  action.sa_handler = on_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // and no SA_RESTART: a blocked read ends
  ::sigaction(SIGINT, &action, nullptr);
}

bool SystemConsole::interrupted() const { return interrupts != 0; }

}  // namespace nowthen::cli
