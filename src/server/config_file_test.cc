#include "server/config_file.h"

#include <cstdio>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

namespace nowthen::server {
namespace {

class ConfigFileTest : public testing::Test {
 protected:
  ~ConfigFileTest() override { std::filesystem::remove(path_); }

  ConfigFile read(const std::string& text) {
    std::FILE* file = std::fopen(path_.c_str(), "wb");
    EXPECT_EQ(std::fwrite(text.data(), 1, text.size(), file), text.size());
    std::fclose(file);
    return read_config_file(path_);
  }

  const std::string path_ =
      testing::TempDir() + "nowthen-config." + std::to_string(::getpid()) + ".yaml";
};

TEST_F(ConfigFileTest, HasALineForEachValue) {
  const ConfigFile file = read("listen: 127.0.0.1:1\nallow_egress:\n  - a\n  - b\n");
  ASSERT_TRUE(file.errors.empty()) << file.errors.front();
  ASSERT_EQ(file.lines.size(), 3u);
  EXPECT_EQ(file.lines[0].name, "listen");
  EXPECT_EQ(file.lines[0].value, "127.0.0.1:1");
  EXPECT_EQ(file.lines[2].name, "allow_egress");
  EXPECT_EQ(file.lines[2].value, "b");
  EXPECT_EQ(file.lines[2].number, 4);
}

TEST_F(ConfigFileTest, ErrorsNameFileAndLine) {
  for (const auto& [text, line] : {std::pair{"loops: 1\nloops: 2\n", ":2: loops"},
                                   {"a:\n  b: c\n", ":2: a: expected"},
                                   {"- a\n", ":1: expected"},
                                   {"a: [b\n", ":2: "}}) {
    const ConfigFile file = read(text);
    ASSERT_EQ(file.errors.size(), 1u) << text;
    EXPECT_TRUE(file.errors[0].starts_with(path_ + line)) << file.errors[0];
  }
}

TEST_F(ConfigFileTest, AliasesDoNotMultiply) {
  std::string text = "n0: &list [";
  for (int i = 0; i < 9'000; ++i) text += "a,";
  text += "a]\n";
  for (int i = 1; i < 50'000; ++i) text += "n" + std::to_string(i) + ": *list\n";
  const ConfigFile file = read(text);
  EXPECT_TRUE(file.lines.empty());
  ASSERT_EQ(file.errors.size(), 1u);
  EXPECT_EQ(file.errors[0], path_ + ":2: more than 10000 values");
}

TEST_F(ConfigFileTest, NestingIsBounded) {
  const ConfigFile file = read("a: " + std::string(200'000, '['));
  EXPECT_EQ(file.errors.size(), 1u);
}

}  // namespace
}  // namespace nowthen::server
