#include "server/folder_secret.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace nowthen::server {
namespace {

namespace fs = std::filesystem;

class FolderSecret : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/nowthen-secret-XXXXXX";
    root = ::mkdtemp(pattern.data());
    folder = root + "/made/on/the/way";
    file = folder + "/SECRET";
  }
  void TearDown() override { fs::remove_all(root); }

  std::string root, folder, file;
};

TEST_F(FolderSecret, is_made_once_for_its_owner_alone) {
  const auto first = folder_secret(folder, kKeysFile);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->size(), 32u);
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(*folder_secret(folder, kKeysFile), *first);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1);  // no draft is left
  EXPECT_NE(*folder_secret(root + "/other", kKeysFile), *first);
}

TEST_F(FolderSecret, of_no_folder_is_new_each_time) {
  EXPECT_NE(*folder_secret("", kKeysFile), *folder_secret("", kKeysFile));
}

TEST_F(FolderSecret, is_never_written_over) {
  const auto first = folder_secret(folder, kKeysFile);
  ASSERT_TRUE(first);
  // Who was first has won.
  EXPECT_TRUE(write_folder_secret(folder, kKeysFile, std::string(32, 'x')));
  EXPECT_EQ(*folder_secret(folder, kKeysFile), *first);
}

TEST_F(FolderSecret, that_others_can_read_is_refused) {
  ASSERT_TRUE(folder_secret(folder, kKeysFile));
  for (const fs::perms more : {fs::perms::group_read, fs::perms::others_read}) {
    fs::permissions(file, fs::perms::owner_read | more);
    const auto refused = folder_secret(folder, kKeysFile);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, file + " can be read by others: its mode must be 0600");
  }
}

TEST_F(FolderSecret, of_another_size_is_damaged) {
  ASSERT_TRUE(folder_secret(folder, kKeysFile));
  for (const std::size_t size : {0u, 31u, 33u}) {
    std::ofstream(file, std::ios::binary) << std::string(size, 'x');
    EXPECT_EQ(folder_secret(folder, kKeysFile).error().code, ErrorCode::corruption) << size;
  }
}

TEST_F(FolderSecret, that_cannot_be_made_is_an_error) {
  std::ofstream(root + "/file") << "no folder";
  EXPECT_EQ(folder_secret(root + "/file/below", kKeysFile).error().code, ErrorCode::store_failed);
}

}  // namespace
}  // namespace nowthen::server
