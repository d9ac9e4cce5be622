#include "store/rocks_store.h"

#include <atomic>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "store/keys.h"
#include "store/rocks_commit_pace.h"
#include "store/store_conformance.h"

namespace nowthen::store {
namespace {

namespace fs = std::filesystem;

// A folder of its own for each store of each test, removed at the end.
class Folders {
 public:
  Folders() {
    std::string pattern = ::testing::TempDir() + "/rocks-store-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
  }
  ~Folders() { fs::remove_all(root_); }
  std::string next() { return root_ + "/" + std::to_string(++count_); }

 private:
  std::string root_;
  std::atomic<int> count_ = 0;
};
std::string new_folder() {
  static Folders folders;
  return folders.next();
}

std::unique_ptr<RocksStore> open(const std::string& folder, std::int64_t inline_us = 300) {
  RocksOptions options;
  options.folder = folder;
  options.inline_commit_max = std::chrono::microseconds(inline_us);
  auto store = open_rocks_store(options);
  EXPECT_TRUE(store) << store.error().message;
  return store ? std::move(*store) : nullptr;
}

Backend backend(std::string name, std::int64_t inline_us) {
  const auto folder = std::make_shared<std::string>();
  return {std::move(name), [=] { return open(*folder = new_folder(), inline_us); },
          [=](std::unique_ptr<Store> old) {
            old.reset();
            return open(*folder, inline_us);
          }};
}

const auto kBackends = ::testing::Values(backend("inline", 1'000'000), backend("on_a_thread", 0));
const auto kName = [](const auto& test) { return test.param.name; };
INSTANTIATE_TEST_SUITE_P(Rocks, StoreConformance, kBackends, kName);
INSTANTIATE_TEST_SUITE_P(Rocks, DurableStoreConformance, kBackends, kName);

ErrorCode open_error(const RocksOptions& options, std::string* message = nullptr) {
  const auto store = open_rocks_store(options);
  if (store) return ErrorCode::none;
  if (message != nullptr) *message = store.error().message;
  return store.error().code;
}

TEST(RocksFolder, a_second_owner_is_told_the_pid_of_the_first) {
  RocksOptions options;
  options.folder = new_folder() + "/made/on/the/way";
  auto first = open_rocks_store(options);
  ASSERT_TRUE(first) << first.error().message;
  std::string message;
  EXPECT_EQ(open_error(options, &message), ErrorCode::locked);
  EXPECT_NE(message.find("process " + std::to_string(::getpid())), std::string::npos) << message;
  first->reset();
  EXPECT_EQ(open_error(options), ErrorCode::none);
}

TEST(RocksFolder, keeps_its_number_of_partitions) {
  RocksOptions options;
  options.folder = new_folder();
  options.partitions = 8;
  EXPECT_EQ((*open_rocks_store(options))->partitions(), 8);
  options.partitions = 16;
  const auto again = open_rocks_store(options);
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->partitions(), 8);
  EXPECT_EQ((*again)->claim(8).error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE((*again)->claim(7));
}

TEST(RocksFolder, of_a_later_program_is_not_touched) {
  RocksOptions options;
  options.folder = new_folder();
  EXPECT_EQ(open_error(options), ErrorCode::none);
  std::ofstream(options.folder + "/FORMAT") << "nowthen 2\n";
  EXPECT_EQ(open_error(options), ErrorCode::newer_version);
  std::ofstream(options.folder + "/FORMAT") << "else\n";
  EXPECT_EQ(open_error(options), ErrorCode::corruption);
}

TEST(RocksFolder, whose_rows_are_gone_is_not_begun_anew) {
  for (const char* const gone : {"/rows", "/rows/CURRENT"}) {
    RocksOptions options;
    options.folder = new_folder();
    EXPECT_EQ(open_error(options), ErrorCode::none);
    fs::remove_all(options.folder + gone);
    EXPECT_EQ(open_error(options), ErrorCode::corruption) << gone;
  }
}

TEST(RocksFolder, that_cannot_be_made_is_an_error) {
  const std::string file = new_folder();
  std::ofstream(file) << "a file";
  RocksOptions options;
  options.folder = file + "/below";
  EXPECT_EQ(open_error(options), ErrorCode::store_failed);
  EXPECT_EQ(open_error({}), ErrorCode::invalid_argument);
}

void commit_row(RocksStore& store, OwnerEpoch epoch, std::string key, std::string value) {
  Turn turn;
  turn.partitions.push_back({1, epoch, {}, {{std::move(key), std::move(value)}}});
  std::promise<bool> written;
  store.commit(std::move(turn), [&](Result<CommitSeq> seq) { written.set_value(bool(seq)); });
  ASSERT_TRUE(written.get_future().get());
}

// Commits `turns` numbered rows and returns the path of the newest log.
std::string fill(const std::string& folder, int turns) {
  const auto store = open(folder);
  const OwnerEpoch epoch = *store->claim(1);
  for (int i = 0; i < turns; ++i) {
    commit_row(*store, epoch, "k" + std::to_string(i), std::string(200, 'v'));
  }
  std::string newest;
  for (const auto& entry : fs::directory_iterator(folder + "/rows")) {
    const std::string name = entry.path().string();
    if (name.ends_with(".log") && name > newest) newest = name;
  }
  return newest;
}

void flip_byte(const std::string& path, std::uintmax_t at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(at));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(byte ^ 0x55));
}

// A log that was not closed is larger than what was written to it.
constexpr std::uintmax_t kAhead[] = {0, 1u << 20};
void add_zeros(const std::string& log, std::uintmax_t bytes) {
  fs::resize_file(log, fs::file_size(log) + bytes);
}

std::size_t rows_in(const RocksOptions& options) {
  const auto store = open_rocks_store(options);
  EXPECT_TRUE(store) << store.error().message;
  std::size_t rows = 0;
  if (!store) return rows;
  (*store)->scan({.from = "k", .to = "l"}, [&rows](Result<Page> page) {
    ASSERT_TRUE(page);
    rows = page->rows.size();
  });
  return rows;
}

TEST(RocksLog, is_larger_than_what_was_written_until_it_is_closed) {
  const std::string folder = new_folder();
  const auto store = open(folder);
  const OwnerEpoch epoch = *store->claim(1);
  commit_row(*store, epoch, "k", "v");
  std::uintmax_t largest = 0;
  for (const auto& entry : fs::directory_iterator(folder + "/rows")) {
    if (entry.path().extension() == ".log") largest = std::max(largest, entry.file_size());
  }
  EXPECT_GT(largest, 100u << 10);
}

TEST(RocksLog, that_was_not_closed_keeps_every_row) {
  RocksOptions options;
  options.folder = new_folder();
  add_zeros(fill(options.folder, 60), 1u << 20);
  EXPECT_EQ(rows_in(options), 60u);
}

TEST(RocksLog, damage_in_the_middle_is_corruption_not_silent_loss) {
  for (const std::uintmax_t ahead : kAhead) {
    for (const double place : {0.1, 0.5, 0.9}) {
      RocksOptions options;
      options.folder = new_folder();
      const std::string log = fill(options.folder, 60);
      flip_byte(log, static_cast<std::uintmax_t>(place * static_cast<double>(fs::file_size(log))));
      add_zeros(log, ahead);
      EXPECT_EQ(open_error(options), ErrorCode::corruption) << place;
    }
  }
}

TEST(RocksLog, a_torn_last_write_is_dropped_and_no_other) {
  for (const std::uintmax_t ahead : kAhead) {
    for (const bool cut_short : {false, true}) {
      RocksOptions options;
      options.folder = new_folder();
      const std::string log = fill(options.folder, 60);
      if (cut_short) {
        fs::resize_file(log, fs::file_size(log) - 20);
      } else {
        flip_byte(log, fs::file_size(log) - 20);
      }
      add_zeros(log, ahead);
      EXPECT_EQ(rows_in(options), 59u);
    }
  }
}

TEST(CommitPace, follows_the_median_and_not_single_slow_commits) {
  using std::chrono::microseconds;
  CommitPace pace(microseconds(300));
  for (int i = 0; i < 1'000; ++i) pace.add(microseconds(i % 10 == 0 ? 20'000 : 100));
  EXPECT_TRUE(pace.is_inline());
  for (int i = 0; i < 8; ++i) pace.add(microseconds(5'000));
  EXPECT_FALSE(pace.is_inline()) << "each of them stops a loop";
  for (int i = 0; i < 100; ++i) pace.add(microseconds(5'000));
  EXPECT_FALSE(pace.is_inline());
  EXPECT_GT(pace.median(), microseconds(4'000));
  for (int i = 0; i < 100; ++i) pace.add(microseconds(100));
  EXPECT_TRUE(pace.is_inline());
  CommitPace never(microseconds(0));
  for (int i = 0; i < 1'000; ++i) never.add(microseconds(1));
  EXPECT_FALSE(never.is_inline());
}

TEST(RocksStats, count_turns_rows_and_syncs) {
  const auto store = open(new_folder(), 1'000'000);
  const OwnerEpoch epoch = *store->claim(1);
  commit_row(*store, epoch, "a", "1");
  commit_row(*store, epoch, "b", "2");
  const RocksStats stats = store->stats();
  EXPECT_EQ(stats.turns, 2u);
  EXPECT_EQ(stats.wal_syncs, 2u);
  EXPECT_EQ(stats.rows, 2u);
  EXPECT_EQ(stats.bytes, 4u);
  EXPECT_TRUE(stats.inline_commits);
}

TEST(RocksTables, a_range_of_finished_rows_is_dropped_with_its_files) {
  const auto store = open(new_folder(), 1'000'000);
  const OwnerEpoch epoch = *store->claim(1);
  const auto key = [](std::uint64_t i, std::uint32_t bucket) {
    return finished_key(InvocationId::make(i, 1, i), Bucket{bucket}, Aux::none);
  };
  for (std::uint64_t i = 0; i < 40; ++i) {
    commit_row(*store, epoch, key(i, 100), std::string(1u << 20, static_cast<char>('a' + i % 20)));
  }
  commit_row(*store, epoch, key(1, 101), "kept");
  const KeyRange range = finished_keys(1, Bucket{100});
  Turn turn;
  turn.partitions.push_back({1, epoch, {{range.from, range.to}}, {}});
  store->commit(std::move(turn), [](Result<CommitSeq> seq) { ASSERT_TRUE(seq); });
  const KeyRange all = finished_keys(1);
  store->scan({.from = all.from, .to = all.to}, [](Result<Page> page) {
    ASSERT_TRUE(page);
    ASSERT_EQ(page->rows.size(), 1u);
    EXPECT_EQ(page->rows[0].value, "kept");
  });
}

}  // namespace
}  // namespace nowthen::store
