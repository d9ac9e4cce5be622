#include "http/secrets.h"

#include <cstdio>
#include <cstdlib>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nowthen::http {
namespace {

class SecretsTest : public testing::Test {
 protected:
  ~SecretsTest() override {
    ::unlink(path_.c_str());
    ::unsetenv("NOWTHEN_SECRET_FROM_ENVIRONMENT");
  }
  Result<std::unique_ptr<Secrets>> open(std::string_view text, mode_t mode = 0600) {
    ::unlink(path_.c_str());
    FILE* file = std::fopen(path_.c_str(), "w");
    EXPECT_EQ(std::fwrite(text.data(), 1, text.size(), file), text.size());
    std::fclose(file);
    EXPECT_EQ(::chmod(path_.c_str(), mode), 0);
    return open_secrets(path_);
  }
  const std::string path_ = testing::TempDir() + "nowthen_secrets_" + std::to_string(::getpid());
};

TEST_F(SecretsTest, lines_of_the_file_are_values_as_they_are) {
  const auto secrets = open("# a comment\n\nTOKEN=Bearer a=b \r\nEMPTY=\n_x1=last");
  ASSERT_TRUE(secrets) << secrets.error().message;
  EXPECT_EQ((*secrets)->find("TOKEN"), "Bearer a=b ");
  EXPECT_EQ((*secrets)->find("EMPTY"), "");
  EXPECT_EQ((*secrets)->find("_x1"), "last");
  EXPECT_EQ((*secrets)->find("token"), std::nullopt);
  EXPECT_EQ((*secrets)->find("OTHER"), std::nullopt);
  EXPECT_EQ((*secrets)->find("A=B"), std::nullopt);
}

TEST_F(SecretsTest, environment_goes_before_the_file) {
  ::setenv("NOWTHEN_SECRET_FROM_ENVIRONMENT", "outer", 1);
  const auto secrets = open("FROM_ENVIRONMENT=inner\n");
  ASSERT_TRUE(secrets);
  EXPECT_EQ((*secrets)->find("FROM_ENVIRONMENT"), "outer");
  EXPECT_EQ((*open_secrets())->find("FROM_ENVIRONMENT"), "outer");
  ::unsetenv("NOWTHEN_SECRET_FROM_ENVIRONMENT");
  EXPECT_EQ((*secrets)->find("FROM_ENVIRONMENT"), "inner");
}

TEST_F(SecretsTest, file_that_others_may_read_is_refused) {
  for (const mode_t mode : {0644u, 0640u, 0604u, 0660u, 0601u, 0700u}) {
    const auto secrets = open("A=hidden\n", mode);
    ASSERT_FALSE(secrets) << mode;
    EXPECT_NE(secrets.error().message.find("0600"), std::string::npos);
  }
  EXPECT_TRUE(open("A=b\n", 0400));
}

TEST_F(SecretsTest, line_of_another_form_is_named_by_number_only) {
  for (const std::string_view text : {"A=hidden\nhidden\n", "A=hidden\nB C=hidden",
                                      "A=hidden\nA=hidden", "A=x\n=hidden", "A=x\n1A=hidden"}) {
    const auto secrets = open(text);
    ASSERT_FALSE(secrets) << text;
    EXPECT_NE(secrets.error().message.find("line 2"), std::string::npos);
    EXPECT_EQ(secrets.error().message.find("hidden"), std::string::npos);
  }
}

TEST_F(SecretsTest, file_that_is_none_is_refused) {
  EXPECT_FALSE(open_secrets("/nowhere/at/all"));
  EXPECT_FALSE(open_secrets(testing::TempDir()));
  EXPECT_FALSE(open("A=" + std::string(2u << 20, 'x')));
}

}  // namespace
}  // namespace nowthen::http
