#pragma once

#include <memory>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

namespace nowthen::store {

/// An environment whose logs are made larger ahead of what is written to them.
///
/// RocksDB reserves room for a log but leaves its size as it is, so each sync also writes the new
/// size: two writes to the disk, one after the other. With the size set ahead it is one, mostly. A
/// log that was not closed ends in zeros, which recovery passes over.
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
    rocksdb::FileOptions OptimizeForLogWrite(const rocksdb::FileOptions& options,
                                             const rocksdb::DBOptions& db) const override {
      rocksdb::FileOptions log = target()->OptimizeForLogWrite(options, db);
      log.fallocate_with_keep_size = false;
      return log;
    }
  };
};

}  // namespace nowthen::store
