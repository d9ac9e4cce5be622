#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>

#include "base/prng.h"

namespace nowthen::store {

// A file system that loses what was not synced, for tests.
//
// Files live on the real file system below it. It remembers how much of each file was synced and
// which changes of folders (made, renamed, removed) were; `lose_power` takes the rest back. Syncs
// are not passed on: what is durable is what this class says.

enum class Damage : std::uint8_t {
  clean,  ///< nothing unsynced survives
  torn,   ///< of unsynced data a random part survives, with random sectors of it wrong
};

/// What goes wrong at which operation, counted from 1. 0: never.
struct FaultPlan {
  std::uint64_t power_cut_at = 0;  ///< from this operation on nothing reaches the disk
  std::uint64_t fail_at = 0;       ///< this operation fails with `error`
  bool fails_for_good = false;     ///< and all later ones
  std::string only = {};           ///< fail_at counts syncs of files with this ending alone
  rocksdb::IOStatus error = rocksdb::IOStatus::NoSpace("injected");
};

class CutFileSystem : public rocksdb::FileSystemWrapper {
 public:
  /// `attic`: a folder beside the data for what may come back. Made here.
  explicit CutFileSystem(std::string attic)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), attic_(std::move(attic)) {
    std::filesystem::create_directories(attic_);
  }
  static const char* kClassName() { return "CutFileSystem"; }
  const char* Name() const override { return kClassName(); }

  void plan(FaultPlan plan) {
    const std::scoped_lock lock(mutex_);
    plan_ = std::move(plan);
    operations_ = 0;
  }
  std::uint64_t operations() const {
    const std::scoped_lock lock(mutex_);
    return operations_;
  }
  bool off() const {
    const std::scoped_lock lock(mutex_);
    return off_;
  }
  /// Everything that had these files open must be gone. Everything is durable afterwards.
  void lose_power(Damage damage, Prng& random) {
    const std::scoped_lock lock(mutex_);
    std::size_t kept = damage == Damage::torn ? random.below(changes_.size() + 1) : 0;
    while (changes_.size() > kept) undo_last();
    for (const auto& [path, file] : files_) {
      write_back(path, *file, damage, random);
      cut(path, file->synced, damage, random);
    }
    files_.clear();
    changes_.clear();
    off_ = false;
    plan_ = {};
  }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* result,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override {
    const std::scoped_lock lock(mutex_);
    rocksdb::IOStatus status = step();
    if (!status.ok()) return status;
    Change change{Kind::renamed, to, from, put_away(to)};
    status = target()->RenameFile(from, to, options, debug);
    if (!status.ok()) return status;
    changes_.push_back(std::move(change));
    move_file(from, to);
    return status;
  }
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions&,
                               rocksdb::IODebugContext*) override {
    const std::scoped_lock lock(mutex_);
    const rocksdb::IOStatus status = step();
    if (!status.ok()) return status;
    std::string away = put_away(path);
    if (away.empty()) return rocksdb::IOStatus::PathNotFound(path);
    changes_.push_back({Kind::removed, path, {}, std::move(away)});
    return status;
  }

 private:
  struct Before {
    std::uint64_t offset;
    std::string bytes;
  };
  struct File {
    std::uint64_t end = 0;                 // of what was appended
    std::uint64_t size = 0;                // more when something was written ahead of it
    std::uint64_t synced = 0;              // of the size
    std::vector<Before> overwritten = {};  // synced bytes as they were, oldest first
  };
  enum class Kind : std::uint8_t { made, renamed, removed };
  struct Change {
    Kind kind;
    std::string path;
    std::string from;  // renamed: its old name
    std::string away;  // what was at `path` before, in the attic; or empty
  };
  class Writable;
  class Folder;

  // Counts one operation and says how it goes.
  rocksdb::IOStatus step(std::string_view synced_file = {}) {
    if (off_) return rocksdb::IOStatus::IOError("the power is off");
    if (!plan_.only.empty()) {
      if (!synced_file.ends_with(plan_.only)) return rocksdb::IOStatus::OK();
    }
    ++operations_;
    if (operations_ == plan_.power_cut_at) {
      off_ = true;
      return rocksdb::IOStatus::IOError("the power goes off");
    }
    const bool fails =
        plan_.fail_at != 0 &&
        (operations_ == plan_.fail_at || (plan_.fails_for_good && operations_ > plan_.fail_at));
    return fails ? plan_.error : rocksdb::IOStatus::OK();
  }

  std::string put_away(const std::string& path) {
    std::error_code error;
    std::string away = attic_ + "/" + std::to_string(++attic_count_);
    std::filesystem::rename(path, away, error);
    if (error) return {};
    move_file(path, away);
    return away;
  }
  void move_file(const std::string& from, const std::string& to) {
    auto node = files_.extract(from);
    files_.erase(to);
    if (node.empty()) return;
    node.key() = to;
    files_.insert(std::move(node));
  }
  void move_back(const std::string& from, const std::string& to) {
    std::error_code ignored;
    std::filesystem::rename(from, to, ignored);
    move_file(from, to);
  }
  void undo_last() {
    const Change change = std::move(changes_.back());
    changes_.pop_back();
    if (change.kind == Kind::made) {
      std::filesystem::remove(change.path);
      files_.erase(change.path);
    }
    if (change.kind == Kind::renamed) move_back(change.path, change.from);
    if (!change.away.empty()) move_back(change.away, change.path);
  }
  void folder_synced(const std::string& folder) {
    std::erase_if(changes_, [&](const Change& change) {
      if (std::filesystem::path(change.path).parent_path() != std::filesystem::path(folder)) {
        return false;
      }
      if (!change.away.empty()) {
        std::filesystem::remove(change.away);
        files_.erase(change.away);
      }
      return true;
    });
  }
  // Of what was synced once and overwritten since, either may be on the disk, sector by sector.
  static void write_back(const std::string& path, const File& now, Damage damage, Prng& random) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    for (std::size_t i = now.overwritten.size(); i-- > 0;) {
      const auto& [offset, bytes] = now.overwritten[i];
      for (std::size_t at = 0; at < bytes.size(); at += kSector) {
        if (damage == Damage::torn && random.below(2) == 0) continue;
        file.seekp(static_cast<std::streamoff>(offset + at));
        file.write(bytes.data() + at,
                   static_cast<std::streamsize>(std::min(kSector, bytes.size() - at)));
      }
    }
  }
  static void cut(const std::string& path, std::uint64_t synced, Damage damage, Prng& random) {
    std::error_code error;
    const std::uint64_t size = std::filesystem::file_size(path, error);
    if (error || size <= synced) return;
    const std::uint64_t kept = damage == Damage::torn ? random.below(size - synced + 1) : 0;
    std::filesystem::resize_file(path, synced + kept);
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    for (std::uint64_t at = synced; at < synced + kept; at += kSector) {
      if (random.below(4) != 0) continue;
      file.seekp(static_cast<std::streamoff>(at));
      const char wrong = random.below(2) == 0 ? '\0' : static_cast<char>(random.next());
      const std::string sector(std::min(kSector, synced + kept - at), wrong);
      file.write(sector.data(), static_cast<std::streamsize>(sector.size()));
    }
  }

  static constexpr std::uint64_t kSector = 512;

  const std::string attic_;
  mutable std::mutex mutex_;
  FaultPlan plan_;
  std::uint64_t operations_ = 0;
  std::uint64_t attic_count_ = 0;
  bool off_ = false;
  std::map<std::string, std::shared_ptr<File>> files_;  // written since the last loss of power
  std::vector<Change> changes_;                         // not synced, in order
};

class CutFileSystem::Writable : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  Writable(CutFileSystem& of, std::string path, std::shared_ptr<File> file,
           std::unique_ptr<rocksdb::FSWritableFile>&& target)
      : FSWritableFileOwnerWrapper(std::move(target)),
        of_(of),
        path_(std::move(path)),
        file_(std::move(file)) {}

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
    const std::scoped_lock lock(of_.mutex_);
    const bool was_on = !of_.off_;
    rocksdb::IOStatus status = of_.step();
    if (!status.ok()) {
      // The one that fails may have reached the disk in part.
      const rocksdb::Slice part(data.data(), data.size() / 2);
      if (was_on) append(part, options, debug).PermitUncheckedError();
      return status;
    }
    return append(data, options, debug);
  }
  rocksdb::IOStatus PositionedAppend(const rocksdb::Slice& data, std::uint64_t offset,
                                     const rocksdb::IOOptions& options,
                                     rocksdb::IODebugContext* debug) override {
    const std::scoped_lock lock(of_.mutex_);
    rocksdb::IOStatus status = of_.step();
    if (!status.ok()) return status;
    keep_before(offset, data.size());
    status = target()->PositionedAppend(data, offset, options, debug);
    if (status.ok()) file_->size = std::max<std::uint64_t>(file_->size, offset + data.size());
    return status;
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo&,
                           rocksdb::IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    const std::scoped_lock lock(of_.mutex_);
    rocksdb::IOStatus status = of_.step(path_);
    if (status.ok()) {
      file_->synced = file_->size;
      file_->overwritten.clear();
    }
    return status;
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* debug) override {
    return Sync(options, debug);
  }
  rocksdb::IOStatus RangeSync(std::uint64_t, std::uint64_t, const rocksdb::IOOptions&,
                              rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();  // promises nothing
  }
  rocksdb::IOStatus Truncate(std::uint64_t size, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
    const std::scoped_lock lock(of_.mutex_);
    rocksdb::IOStatus status = of_.step();
    if (status.ok()) status = target()->Truncate(size, options, debug);
    if (status.ok()) {
      file_->size = size;
      file_->synced = std::min(file_->synced, size);
    }
    return status;
  }

 private:
  void keep_before(std::uint64_t offset, std::uint64_t length) {
    if (offset >= file_->synced) return;
    std::string bytes(std::min(length, file_->synced - offset), '\0');
    std::ifstream file(path_, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file_->overwritten.push_back({offset, std::move(bytes)});
  }
  rocksdb::IOStatus append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) {
    keep_before(file_->end, data.size());
    rocksdb::IOStatus status = target()->Append(data, options, debug);
    if (status.ok()) {
      file_->end += data.size();
      file_->size = std::max(file_->size, file_->end);
    }
    return status;
  }

  CutFileSystem& of_;
  const std::string path_;
  const std::shared_ptr<File> file_;
};

class CutFileSystem::Folder : public rocksdb::FSDirectoryWrapper {
 public:
  Folder(CutFileSystem& of, std::string path, std::unique_ptr<rocksdb::FSDirectory>&& target)
      : FSDirectoryWrapper(std::move(target)), of_(of), path_(std::move(path)) {}

  rocksdb::IOStatus Fsync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    const std::scoped_lock lock(of_.mutex_);
    rocksdb::IOStatus status = of_.step();
    if (status.ok()) of_.folder_synced(path_);
    return status;
  }
  rocksdb::IOStatus FsyncWithDirOptions(const rocksdb::IOOptions& options,
                                        rocksdb::IODebugContext* debug,
                                        const rocksdb::DirFsyncOptions&) override {
    return Fsync(options, debug);
  }

 private:
  CutFileSystem& of_;
  const std::string path_;
};

inline rocksdb::IOStatus CutFileSystem::NewWritableFile(
    const std::string& path, const rocksdb::FileOptions& options,
    std::unique_ptr<rocksdb::FSWritableFile>* result, rocksdb::IODebugContext* debug) {
  const std::scoped_lock lock(mutex_);
  rocksdb::IOStatus status = step();
  if (!status.ok()) return status;
  std::string away = put_away(path);
  std::unique_ptr<rocksdb::FSWritableFile> file;
  status = target()->NewWritableFile(path, options, &file, debug);
  if (!status.ok()) return status;
  changes_.push_back({Kind::made, path, {}, std::move(away)});
  const auto state = files_[path] = std::make_shared<File>();
  *result = std::make_unique<Writable>(*this, path, state, std::move(file));
  return status;
}

inline rocksdb::IOStatus CutFileSystem::NewDirectory(const std::string& path,
                                                     const rocksdb::IOOptions& options,
                                                     std::unique_ptr<rocksdb::FSDirectory>* result,
                                                     rocksdb::IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSDirectory> folder;
  rocksdb::IOStatus status = target()->NewDirectory(path, options, &folder, debug);
  if (status.ok()) *result = std::make_unique<Folder>(*this, path, std::move(folder));
  return status;
}

/// An environment on a file system, in which RocksDB does not wait a second after each error.
class CutEnv : public rocksdb::EnvWrapper {
 public:
  explicit CutEnv(const std::shared_ptr<CutFileSystem>& files)
      : EnvWrapper(rocksdb::NewCompositeEnv(files)) {
    system_clock_ = std::make_shared<NoWait>(rocksdb::SystemClock::Default());
  }

 private:
  struct NoWait : rocksdb::SystemClockWrapper {
    using SystemClockWrapper::SystemClockWrapper;
    const char* Name() const override { return "NoWait"; }
    void SleepForMicroseconds(int) override {}
  };
};

}  // namespace nowthen::store
