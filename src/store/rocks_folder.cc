#include "store/rocks_folder.h"

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <memory>
#include <system_error>

#include <fcntl.h>
#include <rocksdb/env.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os_error.h"

namespace nowthen::store {
namespace {

Result<void> sync_folder(const std::string& folder) {
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return os_error("open " + folder);
  const int synced = ::fsync(file);
  ::close(file);
  if (synced != 0) return os_error("fsync " + folder);
  return {};
}

std::string read_owner(int file) {
  char text[32] = {};
  const ssize_t size = ::pread(file, text, sizeof text - 1, 0);
  std::string pid(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  while (!pid.empty() && pid.back() == '\n') pid.pop_back();
  return pid.empty() ? "unknown" : pid;
}

Error rocks_error(const std::string& what, const rocksdb::Status& status) {
  return {ErrorCode::store_failed, what + ": " + status.ToString()};
}

std::string format_path(const std::string& folder) { return folder + "/FORMAT"; }

}  // namespace

Result<void> make_folder(const std::string& folder) {
  const std::filesystem::path path(folder);
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return {};
  const std::filesystem::path above =
      path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  if (above != path) {
    const Result<void> made = make_folder(above.string());
    if (!made) return made;
  }
  if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) return os_error("mkdir " + folder);
  return sync_folder(above.string());
}

Result<FolderLock> FolderLock::take(const std::string& folder) {
  const std::string path = folder + "/OWNER";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) return os_error("open " + path);
  FolderLock lock(file);
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return os_error("lock " + path);
    return Error{ErrorCode::locked,
                 "the data folder " + folder + " belongs to process " + read_owner(file)};
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file, 0) != 0 ||
      ::pwrite(file, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return os_error("write " + path);
  }
  return lock;
}

Result<FolderLock> FolderLock::share(const std::string& folder) {
  const std::string path = folder + "/OWNER";
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 && errno == ENOENT) return FolderLock(-1);  // a backup: nobody has owned it yet
  if (file < 0) return os_error("open " + path);
  FolderLock lock(file);
  if (::flock(file, LOCK_SH | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return os_error("lock " + path);
  return Error{ErrorCode::locked,
               "the data folder " + folder + " belongs to process " + read_owner(file)};
}

FolderLock::~FolderLock() {
  if (file_ >= 0) ::close(file_);
}

Result<bool> check_format_file(rocksdb::Env& env, const std::string& folder) {
  std::string text;
  const rocksdb::Status status = rocksdb::ReadFileToString(&env, format_path(folder), &text);
  if (status.IsNotFound() || status.IsPathNotFound()) return false;
  if (!status.ok()) return rocks_error("read " + format_path(folder), status);
  constexpr std::string_view kPrefix = "nowthen ";
  unsigned format = 0;
  if (!text.starts_with(kPrefix) ||
      std::from_chars(text.data() + kPrefix.size(), text.data() + text.size(), format).ec !=
          std::errc()) {
    return Error{ErrorCode::corruption, format_path(folder) + " is not of this program"};
  }
  if (format > kFolderFormat) {
    return Error{ErrorCode::newer_version, "the data folder " + folder + " has format " +
                                               std::to_string(format) + ", this program knows " +
                                               std::to_string(kFolderFormat)};
  }
  return true;
}

Result<void> write_format_file(rocksdb::Env& env, const std::string& folder) {
  if (env.FileExists(format_path(folder)).ok()) return {};
  const std::string draft = format_path(folder) + ".new";
  const std::string text = "nowthen " + std::to_string(kFolderFormat) + "\n";
  rocksdb::Status status = rocksdb::WriteStringToFile(&env, text, draft, true);
  if (status.ok()) status = env.RenameFile(draft, format_path(folder));
  std::unique_ptr<rocksdb::Directory> directory;
  if (status.ok()) status = env.NewDirectory(folder, &directory);
  if (status.ok()) status = directory->Fsync();
  if (!status.ok()) return rocks_error("write " + format_path(folder), status);
  return {};
}

}  // namespace nowthen::store
