#include "http/declared.h"

#include <gtest/gtest.h>

namespace nowthen::http {
namespace {

using namespace std::chrono_literals;

std::string error_of(std::string_view body) {
  const auto parsed = parse_declaration("op", body);
  return parsed ? "" : parsed.error().message;
}
std::string patch_error_of(std::string_view json) {
  const auto parsed = parse_policy_patch(json);
  return parsed ? "" : parsed.error().message;
}

TEST(Declaration, says_what_runs_it_and_how) {
  const auto parsed = parse_declaration("op", R"({
    "executor": {"pull": {"lease": "1m"}}, "key_scope": "account",
    "policy": {"mode": "later", "answer_within": "200ms", "retry": {"attempts_max": 3},
               "allow": {"mode": ["auto", "later"], "answer_within": ["50ms", "5s"]}}})");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->name, "op");
  EXPECT_TRUE(parsed->pulled);
  EXPECT_EQ(parsed->declaration.key_scope, "account");
  EXPECT_EQ(parsed->declaration.policy.mode, Mode::later);
  EXPECT_EQ(parsed->declaration.policy.answer_within, 200ms);
  EXPECT_EQ(parsed->declaration.policy.retry.attempts_max, 3u);
  EXPECT_EQ(parsed->declaration.allow.modes, (std::vector<Mode>{Mode::auto_, Mode::later}));
  EXPECT_EQ(parsed->declaration.allow.answer_within->second, 5s);
  const DeclaredExecutor executor = parse_executor(parsed->executor);
  ASSERT_TRUE(executor.pull);
  EXPECT_EQ(executor.pull->lease, 1min);
  EXPECT_EQ(executor.http, nullptr);
}

TEST(Declaration, of_a_service_keeps_its_target) {
  const auto parsed =
      parse_declaration("op", R"({"executor": {"http": {"url": "http://127.0.0.1:9/x"}}})");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_FALSE(parsed->pulled);
  const DeclaredExecutor executor = parse_executor(parsed->executor);
  EXPECT_FALSE(executor.pull);
  ASSERT_NE(executor.http, nullptr);
  EXPECT_EQ(executor.http->url.port, 9);
}

TEST(Declaration, that_is_wrong_is_an_error_that_names_the_field) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({})", "field 'executor': missing"},
      {R"({"executor": {}})", "field 'executor': missing"},
      {R"({"executor": {"pull": {}, "http": {"url": "http://a/"}}})", "one executor only"},
      {R"({"executor": {"push": {}}})", "there is no such executor: http, pull"},
      {R"({"executor": {"pull": {"lease": "0s"}}})", "a lease takes 1s to"},
      {R"({"executor": {"pull": {"lease": "25h"}}})", "a lease takes 1s to"},
      {R"({"executor": {"pull": {"leash": "1s"}}})", "leash"},
      {R"({"executor": {"http": {}}})", "url"},
      {R"({"executor": {"http": {"url": "ftp://a/"}}})", "url"},
      {R"({"executor": {"pull": {}}, "colour": "blue"})", "colour"},
      {R"({"executor": {"pull": {}}, "policy": {"colour": "blue"}})", "colour"},
      {R"({"executor": {"pull": {}}, "policy": {"mode": "soon"}})", "field 'policy.mode'"},
      {R"({"executor": {"pull": {}}, "policy": {"retry": {"retry": {}}}})", "retry"},
      {R"({"executor": {"pull": {}}, "policy": {"allow": {"mode": ["soon"]}}})",
       "'soon' is no mode"},
      {R"({"executor": {"pull": {}}, "policy": {"allow": {"answer_within": ["5s", "1s"]}}})",
       "expected [shortest, longest]"},
      {R"({"executor": {"pull": {}}, "policy": {"allow": {"answer_within": ["5s"]}}})",
       "expected [shortest, longest]"},
      {R"({"executor": {"pull": {}}, "key_scope": 7})", "key_scope"},
      {R"({"executor": {"pull": {}}, "executor": {"pull": {}}})", "executor"},
      {R"({"executor": {"pull": {}}} x)", ""},
      {R"([])", ""},
      {"", ""},
  };
  for (const auto& [body, says] : cases) {
    const std::string error = error_of(body);
    EXPECT_FALSE(error.empty()) << body;
    EXPECT_NE(error.find(says), error.npos) << body << "\n" << error;
  }
}

TEST(PolicyPatch, sets_fields_and_gives_them_back) {
  const auto patch =
      parse_policy_patch(R"({"mode": "later", "retry": {"factor": 3, "jitter": null}})");
  ASSERT_TRUE(patch) << patch.error().message;
  EXPECT_EQ(patch->fields.size(), 3u);
  EXPECT_EQ(patch->fields.at("mode"), "later");
  EXPECT_EQ(patch->fields.at("retry.factor"), "3");
  EXPECT_EQ(patch->fields.at("retry.jitter"), std::nullopt);
  EXPECT_TRUE(parse_policy_patch("{}")->fields.empty());
}

TEST(PolicyPatch, that_is_wrong_is_an_error) {
  for (const char* json :
       {R"({"colour": 1})", R"({"mode": []})", R"({"mode": {}})", R"({"retry": 3})",
        R"({"retry": {"colour": 1}})", R"({"allow": {"mode": ["now"]}})", R"("mode")", "{", ""})
    EXPECT_NE(patch_error_of(json), "") << json;
}

TEST(PolicyValue, is_written_as_the_number_or_the_text_that_it_is) {
  const auto written = [](std::string_view text) {
    std::string out;
    JsonWriter writer(out);
    write_policy_value(writer, text);
    return out;
  };
  EXPECT_EQ(written("3"), "3");
  EXPECT_EQ(written("0.2"), "0.2");
  EXPECT_EQ(written("300ms"), "\"300ms\"");
  EXPECT_EQ(written("later"), "\"later\"");
  EXPECT_EQ(written(""), "\"\"");
}

TEST(Executor, that_is_not_known_is_none) {
  for (const char* text : {"", "{}", R"({"flow": {}})", R"({"http": {"url": "nothing"}})"}) {
    const DeclaredExecutor executor = parse_executor(text);
    EXPECT_FALSE(executor.pull) << text;
    EXPECT_EQ(executor.http, nullptr) << text;
  }
}

}  // namespace
}  // namespace nowthen::http
