// Every command: the request that it sends, and what it refuses to send.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "cli/cli_fixture.h"
#include "cli/command.h"

namespace nowthen::cli {
namespace {

using Words = std::vector<std::string>;

constexpr std::string_view kServer = "http://127.0.0.1:7070";

/// The request without the server and its content type: "POST /v1/why\n\nbody".
std::string short_form(std::string text) {
  for (const std::string_view noise :
       {kServer, std::string_view("\nContent-Type: application/json")}) {
    const std::size_t at = text.find(noise);
    if (at != std::string::npos) text.erase(at, noise.size());
  }
  return text;
}

struct Case {
  Words words;
  std::string request;
};

const std::vector<Case> kCases = {
    {{"call", "x"}, "POST /v1/operations/x"},
    {{"send", "x", "1"}, "POST /v1/operations/x\nPrefer: respond-async\n\n1"},
    {{"send", "x", "1", "--callback", "http://a/b"},
     "POST /v1/operations/x\nPrefer: respond-async\nNowthen-Callback: http://a/b\n\n1"},
    {{"bulk", "a b", "calls"},
     "POST /v1/operations/a%20b/bulk\nPrefer: return=minimal\nContent-Type: application/x-ndjson"
     "\n\n{\"input\": 1}\n{}"},
    {{"bulk", "x", "--key", "k", "--json"},
     "POST /v1/operations/x/bulk\nIdempotency-Key: k\nContent-Type: application/x-ndjson\n\n{}"},
    {{"wait", "1"}, "GET /v1/invocations/1/result?wait=30"},
    {{"get", "1"}, "GET /v1/invocations/1"},
    {{"list"}, "GET /v1/invocations?limit=50"},
    {{"list", "--operation", "a b", "--state", "parked", "--order-key", "k&l", "--from",
      "2026-01-31T12:00:00Z", "--limit", "2000"},
     "GET /v1/invocations?operation=a%20b&state=parked&order_key=k%26l&"
     "from=2026-01-31T12%3A00%3A00Z&limit=1000"},
    {{"why"}, "GET /v1/why"},
    {{"why", "1"}, "GET /v1/invocations/1/why"},
    {{"journal", "1"}, "GET /v1/invocations/1/journal"},
    {{"events", "1", "--after", "3"},
     "GET /v1/invocations/1/events\nAccept: text/event-stream\nLast-Event-ID: 3"},
    {{"cancel", "1"}, "POST /v1/invocations/1/cancel"},
    {{"cancel", "1", "--reason", "a \"b\""},
     "POST /v1/invocations/1/cancel\n\n{\"reason\":\"a \\\"b\\\"\"}"},
    {{"cancel", "--operation", "x", "--state", "ready"},
     "POST /v1/invocations/cancel?operation=x&state=ready"},
    {{"park", "1", "--reason", "r"}, "POST /v1/invocations/1/park\n\n{\"reason\":\"r\"}"},
    {{"park", "--order-key", "k"}, "POST /v1/invocations/park?order_key=k"},
    {{"resume", "1"}, "POST /v1/invocations/1/resume"},
    {{"resume", "--state", "parked"}, "POST /v1/invocations/resume?state=parked"},
    {{"restart", "1"}, "POST /v1/invocations/1/restart"},
    {{"rerun", "1"}, "POST /v1/invocations/1/rerun"},
    {{"signal", "1", "approved"}, "POST /v1/invocations/1/signals/approved"},
    {{"signal", "1", "a b", "[1]"}, "POST /v1/invocations/1/signals/a%20b\n\n[1]"},
    {{"resolve", "1", "1.0/charge#2", "--result", "{\"id\": 1}"},
     "POST /v1/invocations/1/steps/1.0%2Fcharge%232/resolve\n\n{\"result\":{\"id\": 1}}"},
    {{"resolve", "1", "..", "--did-not-happen"},
     "POST /v1/invocations/1/steps/%2E%2E/resolve\n\n{\"happened\":false}"},
    {{"operations"}, "GET /v1/operations"},
    {{"operations", "get", "x"}, "GET /v1/operations/x"},
    {{"operations", "declare", "x", "--pull"},
     "PUT /v1/operations/x\n\n{\"executor\":{\"pull\":{}}}"},
    {{"operations", "declare", "x", "--pull", "--lease", "30s", "--key-scope", "account"},
     "PUT /v1/operations/x\n\n{\"executor\":{\"pull\":{\"lease\":\"30s\"}},"
     "\"key_scope\":\"account\"}"},
    {{"operations", "declare", "x", "--http", "http://a/b", "--secret-header",
      "Authorization=TOKEN", "--on-unknown", "park", "--policy", "mode=auto", "--policy",
      "retry.attempts_max=8", "--policy", "retry.interval=100ms", "--allow", "mode=auto,later",
      "--allow", "answer_within=50ms,5s"},
     "PUT /v1/operations/x\n\n{\"executor\":{\"http\":{\"url\":\"http://a/b\",\"headers\":"
     "{\"Authorization\":{\"secret\":\"TOKEN\"}},\"on_unknown\":\"park\"}},\"policy\":{\"allow\":"
     "{\"answer_within\":[\"50ms\",\"5s\"],\"mode\":[\"auto\",\"later\"]},\"mode\":\"auto\","
     "\"retry\":{\"attempts_max\":8,\"interval\":\"100ms\"}}}"},
    {{"operations", "declare", "x", "@d.json"}, "PUT /v1/operations/x\n\n{\"executor\": 1}"},
    {{"operations", "delete", "x"}, "DELETE /v1/operations/x"},
    {{"policy", "get", "x"}, "GET /v1/operations/x/policy"},
    {{"policy", "set", "x", "mode=later", "retry.factor=3", "retain="},
     "PATCH /v1/operations/x/policy\n\n"
     "{\"mode\":\"later\",\"retain\":null,\"retry\":{\"factor\":3}}"},
    {{"policy", "set", "x", "mode=null", "--if-revision", "7"},
     "PATCH /v1/operations/x/policy\nIf-Match: \"7\"\n\n{\"mode\":null}"},
    {{"policy", "history", "x"}, "GET /v1/operations/x/policy/history"},
    {{"policy", "revert", "x", "7"}, "POST /v1/operations/x/policy/revert\n\n{\"seq\":7}"},
    {{"key", "create", "shop", "--role", "caller"},
     "POST /v1/keys\n\n{\"name\":\"shop\",\"role\":\"caller\"}"},
    {{"key", "list"}, "GET /v1/keys"},
    {{"key", "revoke", "k/7"}, "DELETE /v1/keys/k%2F7"},
    {{"audit", "--limit", "3"}, "GET /v1/audit?limit=3"},
    {{"backup", "/b"}, "POST /v1/backup\n\n{\"dir\":\"/b\"}"},
};

TEST(Requests, each_command_sends_what_the_api_takes) {
  for (const Case& each : kCases) {
    Program nowthen;
    nowthen.console.files = {
        {"d.json", "{\"executor\": 1}"}, {"calls", "{\"input\": 1}\n{}"}, {"-", "{}"}};
    EXPECT_EQ(nowthen(each.words), 5) << nowthen.errors();  // nobody answers
    EXPECT_EQ(short_form(nowthen.sent()), each.request);
  }
}

TEST(Requests, each_command_is_in_that_table) {
  for (const Command& command : commands()) {
    const bool tested = std::ranges::any_of(kCases, [&](const Case& each) {
      const std::string two = each.words.size() > 1 ? each.words[0] + " " + each.words[1] : "";
      return each.words[0] == command.name || two == command.name;
    });
    EXPECT_TRUE(tested) << command.name;
  }
}

TEST(Requests, what_cannot_be_meant_is_not_sent) {
  const struct {
    Words words;
    std::string error;
  } kBad[] = {
      {{"call"}, "call: NAME is missing"},
      {{"bulk", "x", "none"}, "bulk: FILE: cannot read none"},
      {{"call", "x", "--wait", "soon"}, "call: --wait \"soon\" is not a duration; write"},
      {{"list", "--limit", "0"}, "list: --limit is at least 1"},
      {{"list", "--state", "done"}, "list: --state 'done' is none of scheduled|ready|"},
      {{"cancel"}, "cancel: it takes an ID, or --operation, --state or --order-key"},
      {{"cancel", "1", "--operation", "x"}, "cancel: an ID and a filter exclude each other"},
      {{"get", ""}, "get: ID is empty"},
      {{"signal", "1", "n", "{"}, "signal: PAYLOAD is not JSON: "},
      {{"resolve", "1", "p"}, "resolve: it takes --result JSON or --did-not-happen, one of them"},
      {{"resolve", "1", "p", "--result", "1", "--did-not-happen"}, "resolve: it takes --result"},
      {{"resolve", "1", "p", "--result", "{"}, "resolve: --result is not JSON: "},
      {{"operations", "declare", "x"}, "operations declare: it takes --http URL, --pull or @FILE"},
      {{"operations", "declare", "x", "--pull", "--http", "http://a"},
       "operations declare: it takes --http URL, --pull or @FILE"},
      {{"operations", "declare", "x", "{}", "--policy", "mode=auto"},
       "operations declare: --policy belongs into the declaration"},
      {{"operations", "declare", "x", "--pull", "--on-unknown", "park"},
       "operations declare: --on-unknown needs --http URL"},
      {{"operations", "declare", "x", "--http", "http://a", "--secret-header", "Bearer"},
       "operations declare: --secret-header 'Bearer' is not HEADER=SECRET"},
      {{"policy", "set", "x"}, "policy set: FIELD=VALUE is missing"},
      {{"policy", "set", "x", "later"}, "policy set: 'later' is not FIELD=VALUE, as in mode=later"},
      {{"policy", "set", "x", "=later"}, "policy set: '=later' is not FIELD=VALUE"},
      {{"policy", "set", "x", "mode=now", "mode=later"}, "policy set: 'mode=later' is given twice"},
      {{"policy", "set", "x", "retry=1", "retry.factor=2"}, "policy set: 'retry' is given twice"},
      {{"policy", "revert", "x", "last"}, "policy revert: SEQ 'last' is not a number from 0 up"},
      {{"policy"}, "policy is one of these:"},
      {{"policy", "change"}, "policy is one of these:"},
      {{"key", "create", "shop"}, "key create: --role is missing"},
      {{"key", "create", "shop", "--role", "root"}, "key create: --role 'root' is none of caller|"},
      {{"--server", "http://far:1", "backup", "b"}, "backup: DIR is a folder of the server's"},
      {{"frobnicate"}, "there is no command 'frobnicate'; see nowthen --help"},
      {{}, "which command? See nowthen --help"},
      {{"--frobnicate", "get", "1"}, "there is no option '--frobnicate' before the command"},
      {{"get", "1", "--server", "ftp://a"}, "--server: 'ftp://a' is not an http or https URL"},
      {{"completion", "fish"}, "completion: for which shell?"},
  };
  for (const auto& each : kBad) {
    Program nowthen;
    EXPECT_EQ(nowthen(each.words), 2) << each.error;
    EXPECT_TRUE(nowthen.errors().starts_with("nowthen: " + each.error)) << nowthen.errors();
    EXPECT_EQ(nowthen.output(), "");
    EXPECT_EQ(nowthen.sent(), "");
  }
}

}  // namespace
}  // namespace nowthen::cli
