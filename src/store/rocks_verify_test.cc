// Goal: whatever is damaged in a data folder is found without changing the folder.
// Method: folders with rows of every kind; one byte of one file after the other is flipped.

#include "store/rocks_verify.h"

#include <filesystem>
#include <fstream>
#include <map>

#include <gtest/gtest.h>
#include <unistd.h>

#include "store/codec.h"
#include "store/rocks_store.h"
#include "store/sample_rows.h"

namespace nowthen::store {
namespace {

namespace fs = std::filesystem;

class RocksVerify : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/rocks-verify-XXXXXX";
    root = ::mkdtemp(pattern.data());
    folder = root + "/data";
  }
  void TearDown() override { fs::remove_all(root); }

  std::unique_ptr<RocksStore> open() {
    RocksOptions options;
    options.folder = folder;
    options.partitions = 4;
    auto store = open_rocks_store(options);
    EXPECT_TRUE(store) << store.error().message;
    return std::move(*store);
  }
  static void write(RocksStore& store, std::uint16_t partition, std::vector<RowWrite> rows) {
    const auto epoch = store.claim(partition);
    ASSERT_TRUE(epoch);
    PartitionWrites writes{partition, *epoch, {}, std::move(rows)};
    store.commit({{std::move(writes)}}, [](const Result<CommitSeq>& done) { EXPECT_TRUE(done); });
    store.settle();
  }
  core::Invocation invocation(std::uint64_t number) const {
    core::Invocation it;
    it.id = InvocationId{(1'790'000'000'000ull << 16) | 3, number};
    it.operation = "op";
    it.state = core::State::ready;
    it.accepted = from_us(1'790'000'000'000'000);
    return it;
  }
  /// Two live ones with an entry each, three ended ones.
  void fill() {
    const auto store = open();
    std::vector<RowWrite> rows;
    for (std::uint64_t i = 1; i <= 2; ++i) {
      core::Invocation it = invocation(i);
      rows.push_back(encode_header(it));
      core::Entry entry;
      entry.path = "step";
      entry.done_seq = 1;
      entry.outcome.data = std::string(5'000, 'r');
      rows.push_back(encode_entry(it.id, 0, entry));
    }
    for (std::uint64_t i = 3; i <= 5; ++i) {
      core::Invocation it = invocation(i);
      it.state = core::State::succeeded;
      it.ended = it.accepted;
      it.outcome.data = std::string(2'000, 'r');
      encode_finished(it, bucket_of(it.ended, std::chrono::hours(1)), rows);
    }
    write(*store, 3, std::move(rows));
  }
  Result<FolderReport> verify() const { return verify_rocks_folder(folder, {}); }
  /// All problems in one text; that it cannot be read is one.
  std::string problems() const {
    const auto report = verify();
    if (!report) return report.error().message;
    std::string text;
    for (const std::string& each : report->first_problems) text += each + "\n";
    EXPECT_EQ(report->problems == 0, text.empty());
    return text;
  }
  std::map<std::string, std::string> bytes() const {
    std::map<std::string, std::string> files;
    for (const auto& file : fs::recursive_directory_iterator(folder)) {
      if (!file.is_regular_file()) continue;
      std::ifstream in(file.path(), std::ios::binary);
      files[file.path()] = {std::istreambuf_iterator<char>(in), {}};
    }
    return files;
  }

  std::string root, folder;
};

TEST_F(RocksVerify, counts_what_is_good_and_changes_nothing) {
  fill();
  const auto before = bytes();
  const auto report = verify();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->live, 2u);
  EXPECT_EQ(report->ended, 3u);
  EXPECT_EQ(report->entries, 2u);
  EXPECT_EQ(report->problems, 0u) << problems();
  EXPECT_EQ(bytes(), before);
  open();  // now the rows are in tables
  EXPECT_EQ(problems(), "");
}

TEST_F(RocksVerify, backup_is_looked_at_like_its_original) {
  fill();
  ASSERT_TRUE(open()->back_up(root + "/backup"));
  folder = root + "/backup";
  const auto report = verify();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->rows, 2u + 2u + 3u + 3u + 3u + 1u);  // and results, facts, an epoch
  EXPECT_FALSE(fs::exists(folder + "/OWNER"));
}

TEST_F(RocksVerify, backup_deletes_nothing_but_what_a_backup_left) {
  fill();
  const auto store = open();
  fs::create_directories(root + "/mine.partial/rows");
  fs::create_directories(root + "/mine.partial/OWNER");
  EXPECT_EQ(store->back_up(root + "/mine").error().code, ErrorCode::already_exists);
  EXPECT_TRUE(fs::exists(root + "/mine.partial/OWNER"));
  for (const char* left : {"", "/rows.tmp", "/rows"}) {
    const std::string to = root + "/cut" + std::to_string(std::strlen(left));
    fs::create_directories(to + ".partial" + left);
    EXPECT_TRUE(store->back_up(to));
    EXPECT_FALSE(fs::exists(to + ".partial"));
  }
}

TEST_F(RocksVerify, folder_that_somebody_owns_is_left_alone) {
  const auto store = open();
  const auto report = verify();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::locked);
  EXPECT_NE(report.error().message.find(std::to_string(::getpid())), std::string::npos);
}

TEST_F(RocksVerify, what_is_no_data_folder_is_told) {
  for (const std::string& path : {root, root + "/nowhere"}) {
    folder = path;
    EXPECT_NE(problems().find("is no data folder"), std::string::npos) << problems();
  }
  fs::create_directories(root + "/later");
  folder = root + "/later";
  std::ofstream(folder + "/FORMAT") << "nowthen 99\n";
  EXPECT_EQ(verify().error().code, ErrorCode::newer_version);
}

TEST_F(RocksVerify, flipped_byte_is_found_wherever_it_is) {
  fill();
  open();
  int tables = 0;
  for (const auto& [path, text] : bytes()) {
    if (!path.ends_with(".sst")) continue;
    ++tables;
    ASSERT_GT(text.size(), 6'000u);
    // Rows come first; properties and filters, at the end, are not read here.
    for (std::size_t at = 0; at < text.size() - 3'000; at += 101) {
      std::string damaged = text;
      damaged[at] = static_cast<char>(damaged[at] ^ 1);
      std::ofstream(path, std::ios::binary) << damaged;
      EXPECT_NE(problems(), "") << path << " at " << at;
    }
    std::ofstream(path, std::ios::binary) << text.substr(0, text.size() / 2);
    EXPECT_NE(problems(), "") << path;
    fs::remove(path);
    EXPECT_NE(problems(), "") << path;
    std::ofstream(path, std::ios::binary) << text;
  }
  EXPECT_GE(tables, 2);
  EXPECT_EQ(problems(), "");
}

TEST_F(RocksVerify, flipped_byte_of_an_acknowledged_write_in_the_log_is_found) {
  fill();
  for (const auto& [path, text] : bytes()) {
    if (!path.ends_with(".log")) continue;
    std::string damaged = text;
    damaged[20] = static_cast<char>(damaged[20] ^ 1);
    std::ofstream(path, std::ios::binary) << damaged;
    EXPECT_EQ(verify().error().code, ErrorCode::corruption) << path;
    return;
  }
  FAIL() << "there is no log";
}

TEST_F(RocksVerify, rows_that_the_store_would_not_have_written_are_named) {
  {
    const auto store = open();
    core::Entry entry;
    entry.path = "step";
    entry.done_seq = 1;
    core::Invocation with_input = invocation(2);
    with_input.input = std::string(5'000, 'i');
    core::Invocation ended = invocation(3);
    ended.ended = ended.accepted;
    ended.state = core::State::succeeded;
    ended.outcome.data = std::string(2'000, 'r');
    std::vector<RowWrite> finished;
    encode_finished(ended, bucket_of(ended.ended, std::chrono::hours(1)), finished);
    RowWrite torn = encode_header(invocation(4));
    torn.value->back() ^= 1;
    write(*store, 3,
          {encode_entry(invocation(1).id, 0, entry),
           encode_header(with_input),
           finished.front(),
           torn,
           encode_epoch(9, OwnerEpoch{1}),
           {"X?", "value"}});
  }
  const std::string said = problems();
  for (const std::string& part :
       {"journal of " + to_string(invocation(1).id) + ": its live header is missing",
        "input of " + to_string(invocation(2).id) + ": missing",
        "result of " + to_string(invocation(3).id) + ": missing",
        "live header of " + to_string(invocation(4).id),
        std::string("its partition is 9, there are 4"), std::string("no row has such a key")})
    EXPECT_NE(said.find(part), said.npos) << part << "\n" << said;
  EXPECT_EQ(verify()->problems, 6u);
}

TEST_F(RocksVerify, only_the_first_problems_are_told) {
  {
    const auto store = open();
    std::vector<RowWrite> rows;
    for (std::uint64_t i = 0; i < 50; ++i) rows.push_back({live_key(invocation(i).id), "damaged"});
    write(*store, 3, std::move(rows));
  }
  const auto report = verify();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->problems, 50u);
  EXPECT_EQ(report->first_problems.size(), kProblemsShownMax);
}

}  // namespace
}  // namespace nowthen::store
