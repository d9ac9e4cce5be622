#include "sdk/black_box.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace nowthen::sdk {
namespace {

namespace fs = std::filesystem;

constexpr auto kOne = InvocationId::make(1'700'000'000'000, 3, 11);
constexpr auto kTwo = InvocationId::make(1'700'000'000'000, 4, 12);

class BlackBoxTest : public testing::Test {
 protected:
  BlackBoxTest() {
    std::string name = (fs::temp_directory_path() / "nowthen-box-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~BlackBoxTest() override { fs::remove_all(folder_); }
  std::string path() const { return folder_ / "BLACKBOX"; }

  fs::path folder_;
};

TEST_F(BlackBoxTest, the_next_process_reads_whose_code_was_on_a_thread) {
  auto box = BlackBox::open(path());
  ASSERT_TRUE(box);
  EXPECT_TRUE((*box)->last_words().empty());
  const BlackBox::Scope ends_with_the_process(box->get(), (*box)->add_loop(), kOne);
  {
    const BlackBox::Scope returned(box->get(), (*box)->add_loop(), kTwo);
  }
  const auto next = BlackBox::open(path());
  ASSERT_TRUE(next);
  EXPECT_EQ((*next)->last_words(), std::vector{kOne});
  EXPECT_TRUE((*next)->now().empty());
}

TEST_F(BlackBoxTest, threads_do_not_write_over_each_other) {
  BlackBox box;
  const BlackBox::Scope one(&box, box.add_loop(), kOne);
  const BlackBox::Scope two(&box, box.add_loop(), kTwo);
  EXPECT_EQ(box.now(), (std::vector{kOne, kTwo}));
}

TEST_F(BlackBoxTest, a_file_of_something_else_blames_nobody_and_is_replaced) {
  std::ofstream(path()) << std::string(300'000, 'x');
  EXPECT_TRUE((*BlackBox::open(path()))->last_words().empty());
  std::ofstream(path()) << std::string(10, 'x');
  const auto box = BlackBox::open(path());
  ASSERT_TRUE(box);
  EXPECT_TRUE((*box)->last_words().empty());
  const BlackBox::Scope scope(box->get(), 0, kOne);
  EXPECT_EQ((*BlackBox::open(path()))->last_words(), std::vector{kOne});
}

TEST_F(BlackBoxTest, a_folder_that_is_not_there_is_an_error_with_its_path) {
  const auto box = BlackBox::open(folder_ / "no" / "BLACKBOX");
  ASSERT_FALSE(box);
  EXPECT_EQ(box.error().code, ErrorCode::store_failed);
  EXPECT_NE(box.error().message.find("BLACKBOX"), std::string::npos);
}

}  // namespace
}  // namespace nowthen::sdk
