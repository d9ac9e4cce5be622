#include "http/private_file.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nowthen::http {
namespace {

constexpr std::size_t kFileBytesMax = 1u << 20;

struct File {
  int number;
  ~File() {
    if (number >= 0) ::close(number);
  }
};

}  // namespace

Result<std::string> read_private_file(const std::string& what, const std::string& path) {
  const auto refuse = [&](const std::string& why) {
    return Error{ErrorCode::invalid_argument, what + " '" + path + "' " + why};
  };
  const auto unreadable = [&refuse] {
    return refuse("cannot be read: " + std::generic_category().message(errno));
  };
  const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat found{};
  if (file.number < 0 || ::fstat(file.number, &found) != 0) return unreadable();
  if (!S_ISREG(found.st_mode)) return refuse("is no file");
  if ((found.st_mode & 0177) != 0)
    return refuse("may be read by others than its owner; set its mode to 0600");
  std::string text;
  char bytes[4096];
  for (;;) {
    const ssize_t got = ::read(file.number, bytes, sizeof(bytes));
    if (got < 0) return unreadable();
    if (got == 0) return text;
    text.append(bytes, static_cast<std::size_t>(got));
    if (text.size() > kFileBytesMax)
      return refuse("is larger than " + std::to_string(kFileBytesMax) + " bytes");
  }
}

}  // namespace nowthen::http
