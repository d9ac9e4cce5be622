// What is printed of an answer: on a terminal, for scripts, and of answers that are strange.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cli/cli_fixture.h"

namespace nowthen::cli {
namespace {

using Words = std::vector<std::string>;

struct Case {
  Words words;
  std::string answer;
  std::string output;
  std::string errors = {};
};

const std::vector<Case> kCases = {
    {{"get", "1"},
     R"({"id": "1", "operation": "x", "state": "parked", "priority": 4, "durable": true,
         "order_key": null, "note": "a\u001b[2Jb"})",
     R"(id         1
operation  x
state      parked
priority   4
durable    true
note       a\x1b[2Jb
)"},
    {{"list"},
     R"({"invocations": [{"id": "01j1", "operation": "place-order", "state": "running",
         "accepted": "2026-01-31T12:00:00Z"}, {"id": "01j0", "operation": "mail", "state": "failed",
         "accepted": "2026-01-31T11:00:00Z", "ended": "2026-01-31T11:00:01.5Z"}]})",
     R"(ID    STATE    ACCEPTED              ENDED                   OPERATION
01j1  running  2026-01-31T12:00:00Z                          place-order
01j0  failed   2026-01-31T11:00:00Z  2026-01-31T11:00:01.5Z  mail
)"},
    {{"list"}, R"({"invocations": []})", "", "nowthen: nothing found\n"},
    {{"why"},
     R"({"waiting": 13, "causes": [{"kind": "order_key", "text": "order key 'a' is held",
         "count": 12, "example": "01j1"}, {"kind": "timer", "text": "sleeps", "count": 1}]})",
     R"(13 waiting
COUNT  KIND       EXAMPLE  TEXT
12     order_key  01j1     order key 'a' is held
1      timer               sleeps
)"},
    {{"why"}, R"({"waiting": 0, "causes": []})", "0 waiting\n"},
    {{"why", "1"},
     R"({"id": "1", "state": "backing_off", "why": [{"kind": "backing_off", "text":
         "attempt 2 begins at 12:00, after: no\nroute", "until": "12:00"}]})",
     R"(1 backing_off
  attempt 2 begins at 12:00, after: no\nroute
)"},
    {{"journal", "1"},
     R"({"entries": [{"seq": 1, "path": "charge", "kind": "step", "tries": 1,
         "at": "2026-01-31T12:00:00Z", "result": {"id": "p1"}}, {"seq": 2, "path": "save",
         "kind": "step", "at": "2026-01-31T12:00:01Z", "error": {"detail": "disk full"}}],
         "open": [{"path": "call:mail", "kind": "call", "state": "waits", "child": "01j9"}],
         "more": false})",
     R"(SEQ   KIND  PATH       TRIES  AT                    RESULT
1     step  charge     1      2026-01-31T12:00:00Z  {"id": "p1"}
2     step  save              2026-01-31T12:00:01Z  error: disk full
open  call  call:mail                               waits, child 01j9
)"},
    {{"cancel", "1"}, R"({"id": "1", "state": "running"})", "1 running\n"},
    {{"resume", "--state", "parked"}, R"({"matched": 3, "done": 2})", "matched 3, done 2\n"},
    {{"operations"},
     R"({"operations": [{"name": "charge", "executor": {"http": {"url": "http://a"}},
         "policy": {"mode": "auto"}, "live": {"ready": 0, "running": 2, "parked": 1}},
         {"name": "mail", "executor": {"in_process": {}}, "policy": {"mode": "later"},
         "live": {}}]})",
     R"(NAME    MODE   EXECUTOR    LIVE
charge  auto   http        running 2, parked 1
mail    later  in_process
)"},
    {{"operations", "--names"},
     R"({"operations": [{"name": "charge"}, {"name": "a b"}]})",
     "charge\na b\n"},
    {{"operations"}, R"({"operations": []})", "", "nowthen: there are no operations yet\n"},
    {{"operations", "get", "charge"},
     R"({"name": "charge", "executor": {"http": {"url": "http://a"}}, "versions": [1],
         "policy": {"mode": "auto", "allow": {}}, "key_scope": null})",
     R"(name               charge
executor.http.url  http://a
versions           [1]
policy.mode        auto
policy.allow       {}
)"},
    {{"policy", "get", "x"},
     R"({"operation": "x", "revision": 7, "fields": {"mode": {"value": "later", "layer":
         "override"}, "retry.attempts_max": {"value": 8, "layer": "declaration"}},
         "allow": {"mode": ["auto", "later"]}, "ignored": ["answer_within"]})",
     R"(x, revision 7
FIELD               VALUE  LAYER        ALLOWED
mode                later  override     auto, later
retry.attempts_max  8      declaration
)",
     "nowthen: set, but ignored, as the declaration does not allow it: answer_within\n"},
    {{"policy", "set", "x", "mode=later"},
     R"({"operation": "x", "revision": 8, "fields": {"mode": {"value": "later", "layer":
         "override"}, "retain": {"value": "1d", "layer": "declaration"}}, "allow": {},
         "callers_without_prefer": 3, "notice": "3 calls of the last hour sent no Prefer"})",
     R"(x, revision 8
FIELD  VALUE  LAYER     ALLOWED
mode   later  override
)",
     "nowthen: 3 calls of the last hour sent no Prefer\n"},
    {{"policy", "history", "x"},
     R"({"changes": [{"seq": 8, "who": "ann", "when": "2026-01-31T12:00:00Z",
         "before": {"mode": "auto", "retry": {"factor": 2}}, "after": {"mode": "later"}}]})",
     R"(SEQ  WHEN                  WHO  CHANGE
8    2026-01-31T12:00:00Z  ann  mode: auto -> later, retry.factor: 2 -> (declared)
)"},
    {{"policy", "history", "x"}, R"({"changes": []})", "", "nowthen: it was never changed\n"},
    {{"key", "list"},
     R"({"keys": [{"id": "k1", "name": "shop", "role": "caller",
         "created": "2026-01-31T12:00:00Z"}]})",
     R"(ID  NAME  ROLE    CREATED
k1  shop  caller  2026-01-31T12:00:00Z
)"},
    {{"key", "create", "shop", "--role", "caller"},
     R"({"id": "k1", "name": "shop", "role": "caller", "secret": "nt_abc"})",
     "nt_abc\n",
     "nowthen: key k1 is made. Keep its secret: it is shown this once. From the first key on, "
     "every "
     "call needs one (NOWTHEN_API_KEY)\n"},
    {{"audit"},
     R"({"entries": [{"seq": 2, "when": "2026-01-31T12:00:00Z", "who": "ann",
         "what": "policy.set x"}]})",
     R"(SEQ  WHEN                  WHO  WHAT
2    2026-01-31T12:00:00Z  ann  policy.set x
)"},
    {{"backup", "/b"}, R"({"dir": "/b/1"})", "written to /b/1\n"},
};

TEST(Output, is_readable) {
  for (const Case& each : kCases) {
    Program nowthen;
    nowthen.server.answers(200, each.answer);
    EXPECT_EQ(nowthen(each.words), 0);
    EXPECT_EQ(nowthen.output(), each.output);
    EXPECT_EQ(nowthen.errors(), each.errors);
  }
}

TEST(Output, for_scripts_is_the_answer_as_it_came) {
  for (const Case& each : kCases) {
    const std::string& command = each.words[0];
    if (command == "list" || command == "journal" || command == "audit") continue;  // put together
    Program nowthen;
    nowthen.server.answers(200, each.answer);
    Words words = each.words;
    words.push_back("--json");
    EXPECT_EQ(nowthen(words), 0);
    EXPECT_EQ(nowthen.output(), each.answer + "\n");
    EXPECT_EQ(nowthen.errors(), "");
  }
}

TEST(Output, of_something_that_is_no_nowthen_server_is_exit_5) {
  for (const Case& each : kCases) {
    if (each.words[0] == "call") continue;
    Program nowthen;
    nowthen.server.answers(200, "<html>");
    EXPECT_EQ(nowthen(each.words), 5);
    EXPECT_EQ(nowthen.errors(),
              "nowthen: http://127.0.0.1:7070 does not answer like a Nowthen server: "
              "its answer is not JSON\n");
  }
  Program nowthen;
  nowthen.server.answers(301, "<html>");
  EXPECT_EQ(nowthen({"get", "1"}), 5);
  EXPECT_EQ(nowthen.errors(), "nowthen: http://127.0.0.1:7070 answered with status 301\n");
}

TEST(Output, of_an_answer_of_another_shape_is_not_a_crash) {
  for (const Case& each : kCases) {
    for (const char* body : {"null", "[]", "{}", "\"\"", R"({"invocations": 1, "why": {}})"}) {
      Program nowthen;
      nowthen.server.answers(200, body);
      EXPECT_NE(nowthen(each.words), 2);
    }
  }
}

TEST(Output, a_listing_follows_cursors_up_to_its_limit) {
  const auto page = [](int from, int count, const std::string& cursor) {
    std::string text = R"({"invocations": [)";
    for (int i = from; i < from + count; ++i) {
      text += (i > from ? "," : "") + (R"({"id": ")" + std::to_string(i)) + "\"}";
    }
    return text + "]" + (cursor.empty() ? "" : R"(, "cursor": ")" + cursor + "\"") + "}";
  };
  Program nowthen;
  nowthen.server.answers(200, page(0, 2, "c&1")).answers(200, page(2, 1, "c2"));
  EXPECT_EQ(nowthen({"list", "--limit", "3", "--json"}), 0);
  EXPECT_EQ(nowthen.output(),
            R"({"invocations":[{"id": "0"},{"id": "1"},{"id": "2"}],"cursor":"c2"})"
            "\n");
  EXPECT_EQ(nowthen.sent(),
            "GET http://127.0.0.1:7070/v1/invocations?limit=3\n---\n"
            "GET http://127.0.0.1:7070/v1/invocations?cursor=c%261&limit=1");

  nowthen.server.answers(200, page(0, 2, "c1")).answers(200, page(2, 1, "c2"));
  EXPECT_EQ(nowthen({"list", "--limit", "3"}), 0);
  EXPECT_EQ(nowthen.errors(), "nowthen: there are more than 3: see --limit\n");

  nowthen.server.answers(200, page(0, 2, "c1"));  // and then it is gone
  EXPECT_EQ(nowthen({"list"}), 5);
  nowthen.server.answers(200, page(0, 0, "c1"));  // a cursor that leads nowhere
  EXPECT_EQ(nowthen({"list"}), 0);
}

TEST(Output, a_journal_is_put_together_from_its_pages) {
  Program nowthen;
  nowthen.server.answers(200, R"({"entries": [{"seq": 5}], "open": [], "more": true})")
      .answers(200, R"({"entries": [{"seq": 6}], "open": [{"path": "a"}], "more": false})");
  EXPECT_EQ(nowthen({"journal", "1", "--json"}), 0);
  EXPECT_EQ(nowthen.output(),
            R"({"entries":[{"seq": 5},{"seq": 6}],"open":[{"path": "a"}],"more":false})"
            "\n");
  EXPECT_EQ(nowthen.sent(),
            "GET http://127.0.0.1:7070/v1/invocations/1/journal\n---\n"
            "GET http://127.0.0.1:7070/v1/invocations/1/journal?after=5");
}

TEST(Output, a_problem_is_one_line_and_for_scripts_the_problem) {
  const std::string body = problem(404, "not-found", "there is no operation 'x'\\n");
  Program nowthen;
  nowthen.server.answers(404, body);
  EXPECT_EQ(nowthen({"call", "x"}), 3);
  EXPECT_EQ(nowthen.output(), "");
  EXPECT_EQ(nowthen.errors(),
            "nowthen: not-found: there is no operation 'x'\\n "
            "(see http://127.0.0.1:7070/errors/not-found)\n");
  nowthen.server.answers(404, body);
  EXPECT_EQ(nowthen({"call", "x", "--json"}), 3);
  EXPECT_EQ(nowthen.errors(), body + "\n");
  nowthen.server.answers(503, problem(503, "unavailable", "stopping"), {{"Retry-After", "2"}});
  EXPECT_EQ(nowthen({"get", "1"}), 6);
  EXPECT_EQ(nowthen.errors(),
            "nowthen: unavailable: stopping (try again in 2 s; "
            "see http://127.0.0.1:7070/errors/unavailable)\n");
  nowthen.server.answers(
      502, R"({"type": "/errors/operation-failed", "detail": "declined", "invocation": "01j1"})");
  EXPECT_EQ(nowthen({"call", "x"}), 1);
  EXPECT_EQ(nowthen.errors(),
            "nowthen: operation-failed: declined (invocation 01j1; "
            "see http://127.0.0.1:7070/errors/operation-failed)\n");
}

TEST(Output, the_worst_of_several_decides_the_exit_code) {
  Program nowthen;
  nowthen.server.answers(200, R"({"id": "1", "state": "ready"})")
      .answers(409, problem(409, "invalid-state", "not parked"))
      .answers(200, R"({"id": "3", "state": "ready"})");
  EXPECT_EQ(nowthen({"resume", "1", "2", "3"}), 4);
  EXPECT_EQ(nowthen.output(), "1 ready\n3 ready\n");
}

TEST(Output, a_rerun_is_a_new_ticket) {
  Program nowthen;
  nowthen.server.answers(202, R"({"id": "2", "state": "ready", "reason": "ready"})");
  EXPECT_EQ(nowthen({"rerun", "1"}), 0);
  EXPECT_EQ(nowthen.output(), "2\n");
  EXPECT_EQ(nowthen.errors(), "nowthen: accepted, ready. Follow it with: nowthen wait 2\n");
  nowthen.server.answers(202, R"({"id": "2", "state": "ready"})").answers(200, "42");
  EXPECT_EQ(nowthen({"rerun", "1", "--follow"}), 0);
  EXPECT_EQ(nowthen.output(), "42\n");
}

TEST(Output, a_terminal_gets_bold_titles_and_nothing_that_it_would_obey) {
  Program nowthen;
  nowthen.console.terminal = true;
  const std::string keys = R"({"keys": [{"id": "k1", "name": "\u009b31m", "role": "r"}]})";
  nowthen.server.answers(200, keys);
  EXPECT_EQ(nowthen({"key", "list"}), 0);
  EXPECT_EQ(nowthen.output(),
            "\x1b[1mID  NAME     ROLE  CREATED\x1b[0m\n"
            "k1  \\x9b31m  r\n");
  nowthen.console.variables["NO_COLOR"] = "1";
  nowthen.server.answers(200, keys);
  EXPECT_EQ(nowthen({"key", "list"}), 0);
  EXPECT_TRUE(nowthen.output().starts_with("ID  NAME")) << nowthen.output();

  nowthen.server.answers(200, "{\n  \"a\": \"\x7f\xc2\x9b\"}");
  EXPECT_EQ(nowthen({"call", "x"}), 0);
  EXPECT_EQ(nowthen.output(), "{\n  \"a\": \"\\x7f\\x9b\"}\n");
}

TEST(Output, bytes_are_passed_on_to_a_file_as_they_are) {
  Program nowthen;
  const auto bytes = [](const Request&) -> Result<Reply> {
    return Reply{200, {{"Content-Type", "application/octet-stream"}}, "\xff\x1b"};
  };
  nowthen.server.then(bytes);
  EXPECT_EQ(nowthen({"call", "x"}), 0);
  EXPECT_EQ(nowthen.output(), "\xff\x1b");
  nowthen.console.terminal = true;
  nowthen.server.then(bytes);
  EXPECT_EQ(nowthen({"call", "x"}), 0);
  EXPECT_EQ(nowthen.output(), "\\xff\\x1b\n");
}

TEST(Output, that_cannot_be_written_is_an_error) {
  Program nowthen;
  nowthen.console.disk_full = true;
  nowthen.server.answers(200, "1");
  EXPECT_EQ(nowthen({"call", "x"}), 74);
  EXPECT_EQ(nowthen.errors(), "nowthen: the output cannot be written\n");
}

}  // namespace
}  // namespace nowthen::cli
