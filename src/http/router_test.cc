#include "http/router.h"

#include <set>

#include <gtest/gtest.h>

namespace nowthen::http {
namespace {

using Strings = std::vector<std::string>;

std::string pattern_of(Method method, std::string_view path, Strings* parts = nullptr) {
  const Match match = match_route(method, path);
  if (parts != nullptr) *parts = match.parts;
  return match.route == nullptr ? "" : std::string(match.route->pattern);
}

TEST(Route, is_found_by_method_and_path_with_its_parts) {
  Strings parts;
  EXPECT_EQ(pattern_of(Method::get, "/"), "/");
  EXPECT_EQ(pattern_of(Method::post, "/v1/operations/a", &parts), "/v1/operations/{}");
  EXPECT_EQ(parts, Strings{"a"});
  EXPECT_EQ(pattern_of(Method::get, "/v1/attempts/t/steps/a%2Fb%25", &parts),
            "/v1/attempts/{}/steps/{}");
  EXPECT_EQ(parts, (Strings{"t", "a/b%"}));
  EXPECT_EQ(pattern_of(Method::head, "/healthz"), "/healthz");
}

TEST(Route, of_words_goes_before_one_with_parts) {
  EXPECT_EQ(pattern_of(Method::post, "/v1/invocations/cancel"), "/v1/invocations/cancel");
  EXPECT_EQ(pattern_of(Method::post, "/v1/invocations/x/cancel"), "/v1/invocations/{}/cancel");
}

TEST(Route, is_none_for_what_only_looks_like_one) {
  for (const char* path :
       {"", "*", "v1/operations", "//", "/v1", "/v1/", "/v1/operations/", "/v1/operations/a/",
        "/v1//operations", "/v1/operations//policy", "/V1/operations",
        "/v1/operations/a/policy/history/x", "/healthz/", "/v1/operations/../keys/x/y"})
    EXPECT_EQ(pattern_of(Method::get, path), "") << path;
  EXPECT_EQ(pattern_of(Method::get, "/v1/operations/%4"), "");
  EXPECT_EQ(pattern_of(Method::get, "/v1/operations/%zz"), "");
}

TEST(Route, of_another_method_says_which_there_are) {
  EXPECT_EQ(match_route(Method::patch, "/v1/keys").allowed, "GET, HEAD, POST");
  EXPECT_EQ(match_route(Method::other, "/v1/backup").allowed, "POST");
  EXPECT_EQ(match_route(Method::get, "/v1/none").allowed, "");
}

TEST(Routes, are_each_there_once_and_answered_by_something) {
  std::set<std::pair<Method, std::string_view>> seen;
  for (const Route& route : all_routes()) {
    EXPECT_TRUE(seen.emplace(route.method, route.pattern).second) << route.pattern;
    EXPECT_NE(route.serve == nullptr, route.upload == nullptr) << route.pattern;
    EXPECT_EQ(route.body_bytes_max == kStreamed, route.upload != nullptr) << route.pattern;
    EXPECT_TRUE(contains(route.roles, Role::admin)) << route.pattern;
  }
}

/// What a key may do: a new route is a decision here.
TEST(Routes, open_to_everybody_or_to_admins_only_are_these) {
  std::set<std::string> everybody, admins;
  for (const Route& route : all_routes()) {
    const std::string call =
        std::string(to_string(route.method)) + " " + std::string(route.pattern);
    if (route.roles == kEverybody) everybody.insert(call);
    if (!contains(route.roles, Role::operator_)) admins.insert(call);
  }
  EXPECT_EQ(everybody, (std::set<std::string>{"GET /errors/{}", "GET /healthz", "GET /readyz"}));
  EXPECT_EQ(admins, (std::set<std::string>{"DELETE /v1/keys/{}", "DELETE /v1/operations/{}",
                                           "GET /v1/audit", "GET /v1/keys", "POST /v1/backup",
                                           "POST /v1/keys", "PUT /v1/operations/{}"}));
}

TEST(Role, is_read_back_from_its_name) {
  for (const Role role : {Role::caller, Role::viewer, Role::operator_, Role::admin})
    EXPECT_EQ(parse_role(to_string(role)), role);
  for (const char* text : {"", "Admin", "root", "admin "}) EXPECT_FALSE(parse_role(text)) << text;
}

class Query : public testing::Test {
 protected:
  std::optional<Problem> parse(std::string_view target) {
    query.clear();
    return parse_query(target, "wait limit a b", query);
  }
  std::map<std::string, std::string, std::less<>> query;
};

TEST_F(Query, is_taken_apart_and_decoded) {
  for (const char* target : {"/x", "/x?"}) {
    EXPECT_FALSE(parse(target)) << target;
    EXPECT_TRUE(query.empty());
  }
  EXPECT_FALSE(parse("/x?wait=5&limit=%31%30&a=&b=x=y+z"));
  EXPECT_EQ(query["wait"], "5");
  EXPECT_EQ(query["limit"], "10");
  EXPECT_EQ(query["a"], "");
  EXPECT_EQ(query["b"], "x=y+z");
}

TEST_F(Query, with_something_unknown_twice_or_broken_is_a_problem_that_names_it) {
  EXPECT_EQ(parse("/x?colour=blue")->field, "colour");
  EXPECT_EQ(parse("/x?wait=1&wait=1")->field, "wait");
  EXPECT_EQ(parse("/x?wait=%4")->status, 400);
  EXPECT_EQ(parse("/x?%zz=1")->status, 400);
  EXPECT_TRUE(parse("/x?wai=1"));
  EXPECT_TRUE(parse("/x?wait%20limit=1"));
}

}  // namespace
}  // namespace nowthen::http
