#include "bench/child_process.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace nowthen::bench {
namespace {

std::string first_line(int fd) {
  std::string line;
  for (char c = 0; ::read(fd, &c, 1) == 1 && c != '\n';) line += c;
  return line;
}

}  // namespace

ChildProcess::ChildProcess(const std::string& name, std::vector<std::string> arguments) {
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
  arguments.insert(arguments.begin(), program);
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  int out[2];
  if (::pipe(out) != 0) std::abort();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(out[1], STDOUT_FILENO);
    ::close(out[0]);
    ::close(out[1]);
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  ::close(out[1]);
  const std::string line = first_line(out[0]);
  ::close(out[0]);
  constexpr std::string_view kSays = "listening on ";
  const auto target =
      load::parse_target(line.starts_with(kSays) ? line.substr(kSays.size()) : line);
  if (!target) {
    stop();
    throw std::runtime_error(name + " does not listen: " + line);
  }
  target_ = *target;
}

ChildProcess::~ChildProcess() { stop(); }

void ChildProcess::stop() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

}  // namespace nowthen::bench
