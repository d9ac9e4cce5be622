#pragma once

#include <string>
#include <utility>

#include <nowthen/result.h>

namespace rocksdb {
class Env;
}

namespace nowthen::store {

/// The number in the file FORMAT of a data folder, and in its meta row `format`.
inline constexpr unsigned kFolderFormat = 1;

/// Makes the folder and those above it, so that they survive a power cut.
Result<void> make_folder(const std::string& folder);

/// Held while a process owns a folder: an advisory lock on its file OWNER, which holds the pid.
class FolderLock {
 public:
  /// `locked` names the pid of the owner.
  static Result<FolderLock> take(const std::string& folder);
  /// Held by those who only look: nobody becomes the owner meanwhile. Changes nothing.
  static Result<FolderLock> share(const std::string& folder);
  FolderLock(FolderLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  FolderLock& operator=(FolderLock&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~FolderLock();

 private:
  explicit FolderLock(int file) : file_(file) {}
  int file_ = -1;
};

/// Whether the folder was made before; `newer_version` when a later program did it, before anything
/// else in it is touched.
Result<bool> check_format_file(rocksdb::Env& env, const std::string& folder);
/// Writes FORMAT if it is missing. Durable when it returns.
Result<void> write_format_file(rocksdb::Env& env, const std::string& folder);

}  // namespace nowthen::store
