#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

namespace nowthen::store {

/// An environment whose logs have zeros written ahead of what is appended to them.
///
/// A sync of blocks that were written before is one write to the disk. One of new blocks also
/// writes where they are and how long the file is by now, half as long again. A log that was not
/// closed ends in zeros, which recovery passes over.
class LogEnv final : public rocksdb::EnvWrapper {
 public:
  /// `base` must outlive it.
  explicit LogEnv(rocksdb::Env& base) : EnvWrapper(&base) {
    file_system_ = std::make_shared<Files>(base.GetFileSystem());
    system_clock_ = base.GetSystemClock();
  }
  const char* Name() const override { return "LogEnv"; }

 private:
  struct Files final : rocksdb::FileSystemWrapper {
    using FileSystemWrapper::FileSystemWrapper;
    const char* Name() const override { return "LogEnvFiles"; }
    rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* result,
                                      rocksdb::IODebugContext* debug) override {
      std::unique_ptr<rocksdb::FSWritableFile> file;
      rocksdb::IOStatus status = target()->NewWritableFile(path, options, &file, debug);
      if (status.ok() && path.ends_with(".log")) file = std::make_unique<Log>(std::move(file));
      *result = std::move(file);
      return status;
    }
  };

  class Log final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    using FSWritableFileOwnerWrapper::FSWritableFileOwnerWrapper;

    // Comes before each append. What fails here fails again there, and is reported then.
    void PrepareWrite(std::size_t offset, std::size_t length, const rocksdb::IOOptions& options,
                      rocksdb::IODebugContext* debug) override {
      end_ = offset + length;
      if (end_ <= zeros_end_) return;
      static const std::string zeros(256u << 10, '\0');
      target()->PositionedAppend(zeros, end_, options, debug).PermitUncheckedError();
      zeros_end_ = end_ + zeros.size();
    }
    rocksdb::IOStatus Close(const rocksdb::IOOptions& options,
                            rocksdb::IODebugContext* debug) override {
      rocksdb::IOStatus status = target()->Truncate(end_, options, debug);
      rocksdb::IOStatus closed = target()->Close(options, debug);
      return status.ok() ? closed : status;
    }

   private:
    std::uint64_t end_ = 0;        // of what is appended
    std::uint64_t zeros_end_ = 0;  // the file has been written up to there
  };
};

}  // namespace nowthen::store
