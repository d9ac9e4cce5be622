// Goal: what was acknowledged is there after a power cut, a full disk or a failed sync at any
// moment, and of what was not acknowledged nothing is half there.
// Method: a workload whose whole state follows from the number of its last turn. A file system that
// loses what was not synced fails at operation N, for many N. After reopening, the rows must be
// exactly those of the last acknowledged turn, or of the one after it.

#include <filesystem>
#include <future>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/keys.h"
#include "store/rocks_cut_file_system.h"
#include "store/rocks_store.h"

namespace nowthen::store {
namespace {

constexpr std::uint64_t kTurns = 60;
constexpr std::uint16_t kPartition = 1;

InvocationId id_of(std::uint64_t turn) { return InvocationId::make(turn, kPartition, turn * 77); }
Bucket bucket_of_turn(std::uint64_t turn) { return static_cast<Bucket>(1'000 + turn / 10 * 10); }
std::string value_of(std::uint64_t turn) {
  return std::string(100 + turn * 997 % 5'000, static_cast<char>('a' + turn % 26));
}

// Accepts an invocation, ends the one before, and drops the bucket of long ago.
PartitionWrites writes_of(std::uint64_t turn) {
  PartitionWrites writes{.partition = kPartition, .epoch = {}, .ranges = {}, .rows = {}};
  writes.rows.push_back({live_key(id_of(turn)), value_of(turn)});
  writes.rows.push_back({entry_key(id_of(turn), 0), value_of(turn + 1)});
  if (turn > 1) {
    const std::uint64_t last = turn - 1;
    writes.rows.push_back({live_key(id_of(last)), std::nullopt});
    writes.rows.push_back({entry_key(id_of(last), 0), std::nullopt});
    writes.rows.push_back(
        {finished_key(id_of(last), bucket_of_turn(last), Aux::none), value_of(last)});
  }
  if (turn > 30 && turn % 10 == 0) {
    const KeyRange range = finished_keys(kPartition, bucket_of_turn(turn - 30));
    writes.ranges.push_back({range.from, range.to});
  }
  return writes;
}

using Rows = std::map<std::string, std::string>;

Rows rows_after(std::uint64_t turns) {
  Rows rows;
  for (std::uint64_t turn = 1; turn <= turns; ++turn) {
    const PartitionWrites writes = writes_of(turn);
    for (const RangeErase& range : writes.ranges) {
      rows.erase(rows.lower_bound(range.from), rows.lower_bound(range.to));
    }
    for (const RowWrite& row : writes.rows) {
      rows.erase(row.key);
      if (row.value) rows[row.key] = *row.value;
    }
  }
  return rows;
}

Rows rows_of(Store& store) {
  Rows rows;
  for (const KeyRange& range :
       {live_keys(kPartition), entry_keys(kPartition), finished_keys(kPartition)}) {
    store.scan({.from = range.from, .to = range.to}, [&rows](Result<Page> page) {
      ASSERT_TRUE(page) << page.error().message;
      for (Row& row : page->rows) rows[row.key] = row.value;
    });
  }
  return rows;
}

class PowerCut : public ::testing::Test {
 protected:
  void SetUp() override {
    // In memory where possible: what survives is decided by CutFileSystem, not by the disk.
    const bool in_memory = ::access("/dev/shm", W_OK) == 0;
    std::string pattern =
        (in_memory ? std::string("/dev/shm") : ::testing::TempDir()) + "/power-cut-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  // A new folder and file system.
  void begin() {
    env_.reset();
    folder_ = root_ + "/" + std::to_string(++count_);
    files_ = std::make_shared<CutFileSystem>(folder_ + ".attic");
    env_ = std::make_unique<CutEnv>(files_);
    acknowledged_ = 0;
    failure_ = {};
  }
  void end() {
    std::filesystem::remove_all(folder_);
    std::filesystem::remove_all(folder_ + ".attic");
  }
  Result<std::unique_ptr<RocksStore>> open() {
    RocksOptions options;
    options.folder = folder_;
    options.partitions = 4;
    options.memtable_bytes = 64u << 10;  // so that tables are written in the middle of it
    options.env = env_.get();
    return open_rocks_store(options);
  }
  // Goes on after `from` turns, until the end or the first failure.
  void run(Store& store, std::uint64_t from = 0) {
    const auto epoch = store.claim(kPartition);
    if (!epoch) {
      failure_ = epoch.error();
      return;
    }
    for (std::uint64_t turn = from + 1; turn <= kTurns && failure_.code == ErrorCode::none;
         ++turn) {
      Turn all;
      all.partitions.push_back(writes_of(turn));
      all.partitions[0].epoch = *epoch;
      std::promise<Result<CommitSeq>> done;
      store.commit(std::move(all), [&](Result<CommitSeq> seq) { done.set_value(std::move(seq)); });
      const Result<CommitSeq> result = done.get_future().get();
      if (result) {
        acknowledged_ = turn;
      } else {
        failure_ = result.error();
      }
    }
  }
  // What is stored must be what was acknowledged, or one turn more. Returns which.
  std::uint64_t check(Store& store) {
    const Rows rows = rows_of(store);
    if (rows == rows_after(acknowledged_)) return acknowledged_;
    EXPECT_EQ(rows, rows_after(acknowledged_ + 1));
    return acknowledged_ + 1;
  }
  std::uint64_t count_operations() {
    begin();
    {
      auto store = open();
      EXPECT_TRUE(store);
      if (store) run(**store);
    }
    const std::uint64_t operations = files_->operations();
    end();
    return operations;
  }

  std::string root_, folder_;
  int count_ = 0;
  std::shared_ptr<CutFileSystem> files_;
  std::unique_ptr<rocksdb::Env> env_;
  std::uint64_t acknowledged_ = 0;
  Error failure_;
};

TEST_F(PowerCut, at_any_operation_loses_nothing_acknowledged_and_leaves_no_half) {
  const std::uint64_t operations = count_operations();
  ASSERT_GT(operations, 200u);
  std::uint64_t cuts = 0;
  for (std::uint64_t at = 1; at <= operations; at += at < 60 ? 1 : 5) {
    const Damage damage = at % 2 == 0 ? Damage::clean : Damage::torn;
    SCOPED_TRACE("cut at operation " + std::to_string(at));
    Prng random(at);
    begin();
    files_->plan({.power_cut_at = at});
    if (auto store = open()) run(**store);
    cuts += files_->off() ? 1 : 0;
    files_->lose_power(damage, random);

    // The power fails a second time, while the store recovers.
    if (at % 3 == 0) {
      files_->plan({.power_cut_at = 1 + random.below(40)});
      (void)open().has_value();
      files_->lose_power(damage, random);
    }
    auto store = open();
    ASSERT_TRUE(store) << store.error().message;
    const std::uint64_t turns = check(**store);
    if (::testing::Test::HasFailure()) return;
    // And it goes on from there.
    failure_ = {};
    run(**store, turns);
    ASSERT_EQ(failure_.message, "");
    ASSERT_EQ(rows_of(**store), rows_after(kTurns));
    store->reset();
    end();
  }
  EXPECT_GT(cuts, 60u);
}

TEST_F(PowerCut, a_full_disk_ends_the_store_and_loses_nothing) {
  const std::uint64_t operations = count_operations();
  std::uint64_t failures = 0;
  for (std::uint64_t at = 1; at <= operations; at += 7) {
    SCOPED_TRACE("full at operation " + std::to_string(at));
    Prng random(at);
    begin();
    files_->plan({.fail_at = at, .fails_for_good = at % 2 == 0});
    {
      auto store = open();
      if (!store) {
        EXPECT_EQ(store.error().code, ErrorCode::store_failed) << store.error().message;
      } else {
        run(**store);
        if (failure_.code != ErrorCode::none) {
          ++failures;
          EXPECT_EQ(failure_.code, ErrorCode::store_failed) << failure_.message;
          EXPECT_NE(failure_.message.find("injected"), std::string::npos) << failure_.message;
          EXPECT_EQ((*store)->claim(2).error().code, ErrorCode::store_failed) << "it is final";
        }
      }
    }
    files_->lose_power(Damage::clean, random);
    auto store = open();
    ASSERT_TRUE(store) << store.error().message;
    check(**store);
    if (::testing::Test::HasFailure()) return;
    store->reset();
    end();
  }
  EXPECT_GT(failures, 10u);
}

TEST_F(PowerCut, a_failed_sync_of_the_log_is_never_acknowledged_nor_tried_again) {
  for (std::uint64_t at = 3; at <= 50; at += 3) {
    Prng random(at);
    begin();
    files_->plan({.fail_at = at, .only = ".log", .error = rocksdb::IOStatus::IOError("injected")});
    {
      auto store = open();
      ASSERT_TRUE(store) << store.error().message;
      run(**store);
      EXPECT_EQ(failure_.code, ErrorCode::store_failed);
      failure_ = {};
      run(**store, acknowledged_);
      EXPECT_EQ(failure_.code, ErrorCode::store_failed) << "a later sync proves nothing";
    }
    files_->lose_power(Damage::clean, random);
    auto store = open();
    ASSERT_TRUE(store) << store.error().message;
    check(**store);
    if (::testing::Test::HasFailure()) return;
    store->reset();
    end();
  }
}

}  // namespace
}  // namespace nowthen::store
