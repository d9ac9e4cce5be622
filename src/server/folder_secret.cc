#include "server/folder_secret.h"

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os_error.h"
#include "http/keys.h"

namespace nowthen::server {
namespace {

constexpr std::size_t kBytes = 32;

class File {
 public:
  File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

Result<std::string> read_secret(const std::string& path) {
  const File file(path, O_RDONLY);
  struct stat about{};
  if (file.fd() < 0 || ::fstat(file.fd(), &about) != 0) return os_error("cannot open " + path);
  if ((about.st_mode & 077) != 0) {
    return Error{ErrorCode::invalid_argument,
                 path + " can be read by others: its mode must be 0600"};
  }
  std::string secret(kBytes + 1, '\0');
  const ssize_t size = ::read(file.fd(), secret.data(), secret.size());
  if (size != static_cast<ssize_t>(kBytes))
    return Error{ErrorCode::corruption, path + " is not a secret of 32 bytes"};
  secret.resize(kBytes);
  return secret;
}

}  // namespace

/// Whole or not at all, and never over another one: a link fails where there is one.
Result<void> write_folder_secret(const std::string& folder, std::string_view file,
                                 const std::string& secret) {
  const std::string path = folder + "/" + std::string(file);
  const std::string fresh = path + "." + std::to_string(::getpid());
  {
    ::unlink(fresh.c_str());
    const File made(fresh, O_WRONLY | O_CREAT | O_EXCL);
    const auto size = static_cast<ssize_t>(secret.size());
    if (made.fd() < 0 || ::write(made.fd(), secret.data(), secret.size()) != size ||
        ::fsync(made.fd()) != 0)
      return os_error("cannot write " + fresh);
  }
  const bool linked = ::link(fresh.c_str(), path.c_str()) == 0 || errno == EEXIST;
  const int link_error = errno;
  ::unlink(fresh.c_str());
  errno = link_error;
  if (!linked) return os_error("cannot make " + path);
  const File directory(folder, O_RDONLY | O_DIRECTORY);
  if (directory.fd() < 0 || ::fsync(directory.fd()) != 0) return os_error("cannot sync " + folder);
  return {};
}

Result<std::string> folder_secret(const std::string& folder, std::string_view file) {
  if (folder.empty()) return http::random_bytes(kBytes);
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);  // what is wrong, the store will say
  const std::string path = folder + "/" + std::string(file);
  if (::access(path.c_str(), F_OK) == 0) return read_secret(path);
  if (auto made = write_folder_secret(folder, file, http::random_bytes(kBytes)); !made)
    return made.error();
  return read_secret(path);
}

}  // namespace nowthen::server
