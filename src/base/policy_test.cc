#include <gtest/gtest.h>

#include <nowthen/policy.h>

namespace nowthen {
namespace {

using namespace std::chrono_literals;

TEST(Mode, has_the_words_of_the_documentation) {
  EXPECT_EQ(to_string(Mode::now), "now");
  EXPECT_EQ(to_string(Mode::auto_), "auto");
  EXPECT_EQ(to_string(Mode::later), "later");
  EXPECT_EQ(to_string(static_cast<Mode>(3)), "unknown");
}

TEST(PolicyPatch, the_last_word_on_a_field_counts) {
  PolicyPatch patch;
  patch.set("mode", "now").set("retain", "1h").clear("mode").set("retain", "2h");
  ASSERT_EQ(patch.fields.size(), 2U);
  EXPECT_EQ(patch.fields.at("mode"), std::nullopt);
  EXPECT_EQ(patch.fields.at("retain"), "2h");
  patch.set("mode", "later");
  EXPECT_EQ(patch.fields.at("mode"), "later");
}

TEST(PolicyPatch, giving_a_field_back_differs_from_saying_nothing) {
  EXPECT_NE(PolicyPatch{}.clear("mode"), PolicyPatch{});
  EXPECT_EQ(PolicyPatch{}.set("mode", "now"), PolicyPatch{}.set("mode", "now"));
}

// Goal: a declaration says its mode and its time and leaves the rest at the defaults, so that an
// operator may choose nothing that the code did not offer.
TEST(Declaration, differs_from_the_defaults_in_what_it_names_only) {
  struct Case {
    Declaration declaration;
    Mode mode;
    Duration answer_within;
  };
  for (const Case& c :
       {Case{now_within(2s), Mode::now, 2s}, Case{auto_within(50ms), Mode::auto_, 50ms},
        Case{later(), Mode::later, Policy{}.answer_within}}) {
    Policy expected;
    expected.mode = c.mode;
    expected.answer_within = c.answer_within;
    EXPECT_EQ(c.declaration.policy, expected) << to_string(c.mode);
    EXPECT_EQ(c.declaration.allow, Allow{}) << to_string(c.mode);
    EXPECT_TRUE(c.declaration.key_scope.empty());
    EXPECT_FALSE(c.declaration.non_blocking);
    EXPECT_TRUE(validate(c.declaration.policy));
  }
}

}  // namespace
}  // namespace nowthen
