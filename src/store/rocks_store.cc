#include "store/rocks_store.h"

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <thread>
#include <utility>

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/listener.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include "base/assert.h"
#include "store/codec.h"
#include "store/rocks_commit_pace.h"
#include "store/rocks_folder.h"
#include "store/rocks_log_env.h"
#include "store/rocks_options.h"
#include "store/rocks_tables.h"
#include "store/rocks_wal.h"

namespace nowthen::store {
namespace {

using rocksdb::Slice;
using rocksdb::Status;

/// The first error, which is final. Shared with RocksDB's own threads.
class Failure : public rocksdb::EventListener {
 public:
  bool failed() const { return failed_.load(std::memory_order_acquire); }
  Error error() const {
    const std::scoped_lock lock(mutex_);
    return {ErrorCode::store_failed, reason_};
  }
  Error fail(const std::string& what, const Status& status) {
    {
      const std::scoped_lock lock(mutex_);
      if (reason_.empty()) reason_ = what + ": " + status.ToString();
    }
    failed_.store(true, std::memory_order_release);
    return error();
  }
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, Status* status) override {
    const bool log = reason == rocksdb::BackgroundErrorReason::kWriteCallback;
    fail(log ? "commit" : "writing tables in the background", *status);
  }

 private:
  mutable std::mutex mutex_;
  std::string reason_;
  std::atomic<bool> failed_ = false;
};

struct Pending {
  Turn turn;
  Completion<Result<CommitSeq>> done;
  Result<CommitSeq> result = CommitSeq{};
};

struct Size {
  std::size_t rows = 0;
  std::size_t bytes = 0;
  Size& operator+=(const Size& more) {
    rows += more.rows;
    bytes += more.bytes;
    return *this;
  }
};

Size size_of(const Turn& turn) {
  Size size;
  for (const PartitionWrites& writes : turn.partitions) {
    size.rows += writes.ranges.size() + writes.rows.size();
    for (const RangeErase& range : writes.ranges) size.bytes += range.from.size() + range.to.size();
    for (const RowWrite& row : writes.rows) {
      size.bytes += row.key.size() + (row.value ? row.value->size() : 0);
    }
  }
  return size;
}

class Rocks final : public RocksStore {
 public:
  Rocks(FolderLock lock, std::unique_ptr<LogEnv> env, Tables tables,
        std::shared_ptr<Failure> failure, std::uint16_t partitions, const RocksOptions& options)
      : lock_(std::move(lock)),
        env_(std::move(env)),
        tables_(std::move(tables)),
        failure_(std::move(failure)),
        partitions_(partitions),
        epochs_(partitions),
        pace_(options.inline_commit_max) {}
  ~Rocks() override;

  std::uint16_t partitions() const override { return partitions_; }
  RocksStats stats() const override;
  Result<OwnerEpoch> claim(std::uint16_t partition) override;
  void commit(Turn turn, Completion<Result<CommitSeq>> done) override;
  void settle() override;
  void read(std::vector<std::string> keys,
            Completion<Result<std::vector<std::optional<std::string>>>> done) override;
  void scan(Scan scan, Completion<Result<Page>> done) override;
  Result<void> back_up(const std::string& folder) override;
  Result<void> make_partial(const std::string& partial);
  std::uint64_t bytes(std::string_view from, std::string_view to) const override {
    return tables_.bytes(from, to, true);
  }

 private:
  void write(std::span<Pending> turns);
  Result<void> check_epochs(const Turn& turn) const;
  void add(const Turn& turn, rocksdb::WriteBatch& batch) const;
  void erase(const RangeErase& range, rocksdb::WriteBatch& batch) const;
  void drop_files(std::span<const Pending> turns);
  void run_commits();
  Error read_error(const std::string& what, const Status& status);

  FolderLock lock_;  // this and the next outlive the database
  std::unique_ptr<LogEnv> env_;
  Tables tables_;
  const std::shared_ptr<Failure> failure_;
  const std::uint16_t partitions_;

  // A commit checks its epochs and writes with the gate held shared; a claim holds it alone. So no
  // turn of an old owner is written after the claim. Both pass the turnstile, which lets a claim
  // in although commits never stop.
  std::mutex turnstile_;
  std::shared_mutex gate_;
  std::vector<OwnerEpoch> epochs_;  // by partition; 0: not claimed by this process

  CommitPace pace_;
  std::mutex queue_mutex_;
  std::condition_variable queue_filled_, queue_done_;
  std::deque<Pending> queue_;
  std::atomic<std::size_t> unwritten_ = 0;  // queued, or being written inline or by the thread
  bool writing_ = false;                    // what was taken from the queue
  bool stopping_ = false;
  std::thread committer_;  // started when first needed

  std::atomic<std::uint64_t> seq_ = 0, wal_syncs_ = 0, rows_ = 0, bytes_ = 0;
};

Rocks::~Rocks() {
  {
    const std::scoped_lock lock(queue_mutex_);
    stopping_ = true;
  }
  queue_filled_.notify_one();
  if (committer_.joinable()) committer_.join();
}

RocksStats Rocks::stats() const {
  return {.turns = seq_,
          .wal_syncs = wal_syncs_,
          .rows = rows_,
          .bytes = bytes_,
          .commit_median = pace_.median(),
          .inline_commits = pace_.is_inline()};
}

rocksdb::WriteOptions synced() {
  rocksdb::WriteOptions options;
  options.sync = true;
  return options;
}

Result<OwnerEpoch> Rocks::claim(std::uint16_t partition) {
  if (partition >= partitions_) {
    return Error{ErrorCode::invalid_argument, "there is no partition " + std::to_string(partition) +
                                                  ", the data folder has " +
                                                  std::to_string(partitions_)};
  }
  // In this order, not at once: while it waits for the gate, no new commit gets past the turnstile.
  const std::scoped_lock turnstile(turnstile_);
  const std::scoped_lock gate(gate_);
  if (failure_->failed()) return failure_->error();
  const std::string key = epoch_key(partition);
  const Result<std::optional<std::string>> row = tables_.get(key);
  if (!row) return row.error();
  std::uint64_t last = 0;
  if (*row) {
    const Result<OwnerEpoch> epoch = decode_epoch(key, **row);
    if (!epoch) return epoch.error();
    last = static_cast<std::uint64_t>(*epoch);
  }
  const auto next = static_cast<OwnerEpoch>(last + 1);
  const RowWrite write = encode_epoch(partition, next);
  const Status status = tables_.db->Put(synced(), tables_.of(key), key, *write.value);
  if (!status.ok())
    return failure_->fail("claim of partition " + std::to_string(partition), status);
  epochs_[partition] = next;
  return next;
}

void Rocks::commit(Turn turn, Completion<Result<CommitSeq>> done) {
  NT_ASSERT(!turn.partitions.empty());
  Pending pending{std::move(turn), std::move(done)};
  std::size_t none = 0;
  if (pace_.is_inline() && unwritten_.compare_exchange_strong(none, 1)) {
    write({&pending, 1});
    unwritten_.fetch_sub(1, std::memory_order_release);
    pending.done(std::move(pending.result));
    return;
  }
  {
    const std::scoped_lock lock(queue_mutex_);
    queue_.push_back(std::move(pending));
    unwritten_.fetch_add(1, std::memory_order_relaxed);
    if (!committer_.joinable()) committer_ = std::thread([this] { run_commits(); });
  }
  queue_filled_.notify_one();
}

void Rocks::settle() {
  std::unique_lock lock(queue_mutex_);
  queue_done_.wait(lock, [this] { return queue_.empty() && !writing_; });
}

// Takes what all loops have queued meanwhile and writes it as one.
void Rocks::run_commits() {
  std::vector<Pending> turns;
  for (;;) {
    {
      std::unique_lock lock(queue_mutex_);
      writing_ = false;
      if (queue_.empty()) queue_done_.notify_all();
      queue_filled_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      writing_ = true;
      turns.assign(std::move_iterator(queue_.begin()), std::move_iterator(queue_.end()));
      queue_.clear();
    }
    write(turns);
    unwritten_.fetch_sub(turns.size(), std::memory_order_release);
    for (Pending& each : turns) each.done(std::move(each.result));
    turns.clear();
  }
}

Result<void> Rocks::check_epochs(const Turn& turn) const {
  for (const PartitionWrites& writes : turn.partitions) {
    if (writes.partition < partitions_ && writes.epoch != OwnerEpoch{} &&
        epochs_[writes.partition] == writes.epoch) {
      continue;
    }
    return Error{ErrorCode::lease_lost,
                 "partition " + std::to_string(writes.partition) + " has another owner by now"};
  }
  return {};
}

void Rocks::erase(const RangeErase& range, rocksdb::WriteBatch& batch) const {
  std::string from = range.from;
  if (has_place_hint(from)) {
    // The same range as its first key and the rest: see has_place_hint.
    batch.Delete(tables_.of(from), from);
    from.push_back('\0');
    NT_ASSERT(!has_place_hint(from));
    if (range.to <= from) return;
  }
  for (rocksdb::ColumnFamilyHandle* table : tables_.of(from, range.to)) {
    if (table != nullptr) batch.DeleteRange(table, from, range.to);
  }
}

void Rocks::add(const Turn& turn, rocksdb::WriteBatch& batch) const {
  for (const PartitionWrites& writes : turn.partitions) {
    for (const RangeErase& range : writes.ranges) {
      if (range.from < range.to) erase(range, batch);
    }
    for (const RowWrite& row : writes.rows) {
      rocksdb::ColumnFamilyHandle* const table = tables_.of(row.key);
      row.value ? batch.Put(table, row.key, *row.value) : batch.Delete(table, row.key);
    }
  }
}

void Rocks::write(std::span<Pending> turns) {
  std::unique_lock turnstile(turnstile_);
  const std::shared_lock gate(gate_);
  turnstile.unlock();
  Size size;
  for (const Pending& each : turns) size += size_of(each.turn);
  constexpr std::size_t kPerRow = 16;  // tag, table and lengths, more than is needed
  rocksdb::WriteBatch batch(size.bytes + size.rows * kPerRow);
  std::size_t added = 0;
  for (Pending& each : turns) {
    if (failure_->failed()) {
      each.result = failure_->error();
    } else if (const Result<void> owned = check_epochs(each.turn); !owned) {
      each.result = owned.error();
    } else {
      add(each.turn, batch);
      ++added;
    }
  }
  if (added == 0) return;
  const auto start = std::chrono::steady_clock::now();
  const Status status = tables_.db->Write(synced(), &batch);
  pace_.add(std::chrono::steady_clock::now() - start);
  wal_syncs_.fetch_add(1, std::memory_order_relaxed);
  rows_.fetch_add(size.rows, std::memory_order_relaxed);
  bytes_.fetch_add(size.bytes, std::memory_order_relaxed);
  for (Pending& each : turns) {
    if (!each.result) continue;
    if (status.ok()) {
      each.result = static_cast<CommitSeq>(seq_.fetch_add(1, std::memory_order_relaxed) + 1);
    } else {
      each.result = failure_->fail("commit", status);
    }
  }
  if (status.ok()) drop_files(turns);
}

// Files that hold nothing but erased finished rows are dropped whole rather than rewritten. The
// erasure itself is durable already, so a crash here loses nothing; nor does a failure.
void Rocks::drop_files(std::span<const Pending> turns) {
  for (const Pending& each : turns) {
    if (!each.result) continue;
    for (const PartitionWrites& writes : each.turn.partitions) {
      for (const RangeErase& range : writes.ranges) {
        if (!tables_.worth_dropping(range.from, range.to)) continue;
        const Slice from(range.from), to(range.to);
        const rocksdb::RangePtr files(&from, &to);
        rocksdb::DeleteFilesInRanges(tables_.db.get(), tables_.finished.get(), &files, 1, false)
            .PermitUncheckedError();
      }
    }
  }
}

Error Rocks::read_error(const std::string& what, const Status& status) {
  if (status.IsCorruption()) return {ErrorCode::corruption, what + ": " + status.ToString()};
  return failure_->fail(what, status);
}

void Rocks::read(std::vector<std::string> keys,
                 Completion<Result<std::vector<std::optional<std::string>>>> done) {
  if (failure_->failed()) return done(failure_->error());
  const std::size_t count = keys.size();
  std::vector<rocksdb::ColumnFamilyHandle*> tables;
  std::vector<Slice> slices;
  for (const std::string& key : keys) {
    tables.push_back(tables_.of(key));
    slices.emplace_back(key);
  }
  std::vector<rocksdb::PinnableSlice> found(count);
  std::vector<Status> states(count);
  tables_.db->MultiGet(rocksdb::ReadOptions(), count, tables.data(), slices.data(), found.data(),
                       states.data());
  std::vector<std::optional<std::string>> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (states[i].ok()) {
      values[i] = found[i].ToString();
    } else if (!states[i].IsNotFound()) {
      return done(read_error(describe_key(keys[i]), states[i]));
    }
  }
  done(std::move(values));
}

void Rocks::scan(Scan scan, Completion<Result<Page>> done) {
  if (failure_->failed()) return done(failure_->error());
  Page page;
  const Status status = tables_.scan(scan, page);
  if (!status.ok()) return done(read_error("rows from " + describe_key(scan.from), status));
  done(std::move(page));
}

// Makes the facts of a new folder, or reads those of an old one. Returns its partitions.
Result<std::uint16_t> settle_facts(const Tables& tables, const RocksOptions& options) {
  const Result<std::uint64_t> format = tables.fact("format", 0);
  if (!format) return format.error();
  if (*format > kFolderFormat) {
    return Error{ErrorCode::newer_version, "the rows in " + options.folder + " have format " +
                                               std::to_string(*format) + ", this program knows " +
                                               std::to_string(kFolderFormat)};
  }
  if (*format != 0) {
    const Result<std::uint64_t> partitions = tables.fact("partitions", 0);
    if (!partitions) return partitions.error();
    return static_cast<std::uint16_t>(*partitions);
  }
  rocksdb::WriteBatch batch;
  const auto created = std::chrono::duration_cast<std::chrono::microseconds>(
                           std::chrono::system_clock::now().time_since_epoch())
                           .count();
  const std::array<std::pair<std::string, std::string>, 3> facts = {{
      {"format", std::to_string(kFolderFormat)},
      {"partitions", std::to_string(options.partitions)},
      {"created", std::to_string(created)},
  }};
  for (const auto& [name, text] : facts) {
    const RowWrite row = encode_opaque(meta_key(name), text);
    batch.Put(tables.of(row.key), row.key, *row.value);
  }
  const Status status = tables.db->Write(synced(), &batch);
  if (!status.ok()) {
    return Error{ErrorCode::store_failed, "making " + options.folder + ": " + status.ToString()};
  }
  return options.partitions;
}

/// Whether there is nothing but what a backup that was cut short leaves.
bool is_left_by_backup(const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code failed;
  if (!fs::is_directory(fs::symlink_status(folder, failed))) return false;
  fs::directory_iterator each(folder, failed);
  for (; !failed && each != fs::directory_iterator(); each.increment(failed)) {
    const std::string name = each->path().filename();
    if (!name.starts_with("rows") && !name.starts_with("FORMAT")) return false;
  }
  return !failed;
}

Result<void> Rocks::back_up(const std::string& folder) {
  std::error_code failed;
  if (std::filesystem::exists(folder, failed))
    return Error{ErrorCode::already_exists, folder + " is there already"};
  // Whole or not at all: it has its name when it is complete.
  const std::string partial = folder + ".partial";
  if (std::filesystem::exists(partial, failed) && !is_left_by_backup(partial))
    return Error{ErrorCode::already_exists, partial + " is in the way"};
  std::filesystem::remove_all(partial, failed);
  auto made = make_partial(partial);
  if (made) {
    std::filesystem::rename(partial, folder, failed);
    if (failed)
      made = Error{ErrorCode::unavailable, "cannot make " + folder + ": " + failed.message()};
  }
  if (!made) std::filesystem::remove_all(partial, failed);
  return made;
}

Result<void> Rocks::make_partial(const std::string& partial) {
  if (auto made = make_folder(partial); !made) return made;
  rocksdb::Checkpoint* made = nullptr;
  Status status = rocksdb::Checkpoint::Create(tables_.db.get(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(partial + "/rows");
  if (!status.ok())
    return Error{ErrorCode::unavailable, "cannot back up to " + partial + ": " + status.ToString()};
  return write_format_file(*rocksdb::Env::Default(), partial);
}

}  // namespace

Result<std::unique_ptr<RocksStore>> open_rocks_store(RocksOptions options) {
  if (options.folder.empty() || options.partitions == 0) {
    return Error{ErrorCode::invalid_argument, "a store needs a folder and a partition"};
  }
  rocksdb::DBOptions db_options = rocks_db_options(options);
  auto env = std::make_unique<LogEnv>(*db_options.env);
  db_options.env = env.get();
  const std::string rows = options.folder + "/rows";
  if (const auto made = make_folder(rows); !made) return made.error();
  Result<FolderLock> lock = FolderLock::take(options.folder);
  if (!lock) return lock.error();
  const Result<bool> made_before = check_format_file(*db_options.env, options.folder);
  if (!made_before) return made_before.error();
  if (*made_before && db_options.env->FileExists(rows + "/CURRENT").IsNotFound()) {
    return Error{ErrorCode::corruption, rows +
                                            "/CURRENT is missing: the rows of this folder, which " +
                                            "was made before, are gone"};
  }
  const rocksdb::ColumnFamilyOptions table_options = rocks_table_options(options);
  std::shared_ptr<Failure> failure;
  const auto open = [&] {
    failure = std::make_shared<Failure>();
    db_options.listeners = {failure};
    return Tables::open(db_options, table_options, rows);
  };
  Result<Tables> tables = open();
  if (!tables && tables.error().code == ErrorCode::corruption &&
      is_torn_at_the_end(*db_options.env, rows)) {
    // What follows the tear was never acknowledged: stop there.
    db_options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    tables = open();
  }
  if (!tables) return tables.error();
  const Result<std::uint16_t> partitions = settle_facts(*tables, options);
  if (!partitions) return partitions.error();
  if (const auto marked = write_format_file(*db_options.env, options.folder); !marked) {
    return marked.error();
  }
  std::unique_ptr<RocksStore> store = std::make_unique<Rocks>(
      std::move(*lock), std::move(env), std::move(*tables), failure, *partitions, options);
  return store;
}

}  // namespace nowthen::store
