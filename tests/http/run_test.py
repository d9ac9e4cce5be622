#!/usr/bin/python3
"""Tests of the runner itself: it passes what is right, and fails what is wrong, saying where."""
import os
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from matching import JsonPattern, Mismatch, match_text, strict_json  # noqa: E402
from openapi_check import ROOT, Document  # noqa: E402
from player import Failure, Player  # noqa: E402
from scenario_text import Reader, ScenarioError, unescaped  # noqa: E402

HERE = Path(__file__).resolve().parent
FAKE = [sys.executable, HERE / "fake_server.py"]
DOCUMENT = Document()

LATER = """
POST /v1/operations/later
{}
=> 202
Location: /v1/invocations/{id}/result
{"id": "{id}", "state": "ready", ...}
"""
ECHO = """
POST /v1/operations/echo
{"a": 1}
=> 200
{"a": 1}
"""


def play(text, fault=""):
    """Plays one scenario against the fake server; the failure's text, or ""."""
    with tempfile.NamedTemporaryFile("w", suffix=".scenario") as file:
        file.write("scenario: it\n" + text)
        file.flush()
        (scenario,) = Reader(file.name, "it.scenario").read()
    try:
        Player(scenario, FAKE, DOCUMENT, {"FAULT": fault}).play()
    except Failure as failure:
        return str(failure)
    return ""


class WhatIsRightPasses(unittest.TestCase):
    def passes(self, text):
        self.assertEqual(play(text), "")

    def test_captures_are_matched_again_and_filled_in(self):
        self.passes(LATER + "\nuntil 5s\nGET /v1/invocations/{id}/result\n=> 200\n17\n")

    def test_a_restarted_server_has_the_same_folder(self):
        self.passes(LATER + "kill -9\nuntil 5s\nGET /v1/invocations/{id}/result\n=> 200\n")

    def test_parallel_requests_are_answered_later(self):
        self.passes("in parallel one\nPOST /v1/operations/slow\n\n" + ECHO +
                    '\nanswer one\n=> 200 after 200ms\n"slow"\n')

    def test_events_are_read_to_the_end(self):
        self.passes(LATER + 'GET /v1/invocations/{id}/events\n=> 200\nevents:\n'
                    'state {"state": "running", ...}\n...\nend {"state": "succeeded", ...}\n')

    def test_raw_bytes_and_pipelining(self):
        self.passes("raw:\n  @times 50 GET /healthz HTTP/1.1\\r\\nHost: {host}\\r\\n\\r\\n\n"
                    "=> 200 x50\n")
        self.passes("raw:\n  GET /healthz HTTP/1.1\\n\\n\n=> 400\n=> closed\n")

    def test_a_service_answers_in_turn_and_keeps_what_it_got(self):
        self.passes('service shop:\n  200\n  {"n": 1}\n  ---\n  200\n  {"n": 2}\n'
                    'POST /v1/operations/relay\n{"url": "{shop}/a"}\n=> 200\n{"n": 1}\n'
                    'POST /v1/operations/relay\n{"url": "{shop}/b"}\n=> 200\n{"n": 2}\n'
                    'service shop got\nPOST /a\nNowthen-Invocation: *\n{"from": "fake"}\n\n'
                    "service shop got 2\n")

    def test_tables_are_written_out(self):
        self.passes("for each path, status\n  /healthz | 200\n  /nowhere | 404\ndo\n"
                    "  GET {path}\n  => {status}\nend\n")

    def test_bodies_of_any_size(self):
        self.passes('POST /v1/operations/echo\n@text "\n@times 300000 a\n@text "\n'
                    "=> 200\nbytes 300002\n")


class WhatIsWrongFails(unittest.TestCase):
    def fails(self, said, text, fault=""):
        failure = play(text, fault)
        self.assertIn(said, failure)
        self.assertIn("it.scenario:", failure)

    def test_another_status(self):
        self.fails("the status is 404, not 200", "POST /v1/operations/none\n=> 200\n")

    def test_another_body(self):
        self.fails("the body.a is 1, not 2", ECHO.replace('=> 200\n{"a": 1}', '=> 200\n{"a": 2}'))

    def test_fields_that_are_not_expected(self):
        self.fails("more fields: a", 'POST /v1/operations/echo\n{"a": 1}\n=> 200\n{}\n')

    def test_headers_that_are_missing_or_forbidden(self):
        self.fails("header Location is missing", ECHO.replace("=> 200", "=> 200\nLocation: *"))
        self.fails("is there: answered", ECHO.replace("=> 200", "=> 200\n! Nowthen-Decision"))

    def test_an_answer_that_comes_too_early(self):
        self.fails("too early", ECHO.replace("=> 200", "=> 200 after 5s"))

    def test_what_the_document_does_not_describe(self):
        for fault, said in (("missing-header", "header Retry-After is missing"),
                            ("extra-field", "colour"), ("enum", "'napping' is not one of"),
                            ("twice", "a name comes twice")):
            text = ECHO.replace('{"a": 1}\n"', "") if fault == "twice" else LATER
            self.fails(said, text.rsplit("{", 1)[0] if fault == "twice" else text, fault)
        self.fails("does not describe status 299", "GET /v1/why\n=> 299\n")
        self.fails("the problem says status 500", "GET /nowhere\n=> 404\n", "problem-status")
        self.fails("'seq' is a required property", LATER +
                   "GET /v1/invocations/{id}/events\n=> 200\nevents:\n...\nend *\n", "event-schema")

    def test_what_is_no_http(self):
        self.fails("does not end in CR LF", "GET /healthz\n=> 200\n", "bare-lf")

    def test_what_never_comes(self):
        self.fails("the status is 202, not 200",
                   LATER + "until 100ms\nGET /v1/invocations/{id}/result\n=> 200\n", "never-done")

    def test_what_is_lost_by_a_kill(self):
        self.fails("the status is 404, not 202",
                   LATER + "kill -9\nGET /v1/invocations/{id}/result\n=> 202\n", "forgets")

    def test_a_server_that_does_not_start_or_stop_well(self):
        self.fails("did not say where it listens", ECHO, "does-not-start")
        self.fails("it stopped with 3", ECHO, "bad-exit")

    def test_connections_that_stay_open(self):
        request = "raw:\n  GET /healthz HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n\n"
        self.fails("not closed", request + "=> closed\n")

    def test_requests_that_a_service_did_not_get_or_got_too_often(self):
        shop = 'service shop:\n  200\n  1\nPOST /v1/operations/relay\n{"url": "{shop}/a"}\n=> 200\n'
        self.fails("is 'POST /a', not 'POST /b'", shop + "service shop got\nPOST /b\n")
        self.fails("the header Colour is missing", shop + "service shop got\nPOST /a\nColour: *\n")
        self.fails("it got 1 requests, not 0", shop + "service shop got nothing\n")
        again = '\nPOST /v1/operations/relay\n{"url": "{shop}/a"}\n=> *\n'
        self.fails("got 1 requests too many", shop + again)

    def test_events_that_are_others(self):
        self.fails("the event is state, not end",
                   LATER + "GET /v1/invocations/{id}/events\n=> 200\nevents:\nend *\n")


class Patterns(unittest.TestCase):
    def match(self, pattern, value, **bindings):
        JsonPattern(pattern).match(strict_json(value), bindings)
        return bindings

    def test_what_fits(self):
        self.assertEqual(self.match('{"a": "x-{n}", ...}', '{"a": "x-1", "b": 2}'), {"n": "1"})
        self.assertEqual(self.match('[{v}, ...]', '[{"a": 1.50}, 2]')["v"], '{"a": 1.50}')
        self.match('[*, string, number, !3, "a*c"]', '[null, "s", 1e400, 4, "abc"]')
        self.match('"{a}"', '"x"', a="x")
        self.assertEqual(self.match('unordered ["{x}", 1, ...]', '[2, 1, "a"]'), {"x": "a"})

    def test_what_does_not_fit(self):
        for pattern, value in (("1", "true"), ("1", "1.0"), ("{}", "[]"), ("[1]", "[1, 2]"),
                               ("!3", "3"), ("unordered [1, 1]", "[1, 2]"), ('"a"', '"ab"'),
                               ("number", "true"),
                               ('{"a": *}', "{}"), ('["{x}", "{x}"]', '["a", "b"]')):
            with self.assertRaises(Mismatch, msg=f"{pattern} against {value}"):
                self.match(pattern, value)

    def test_text(self):
        bindings = {"id": "7"}
        match_text("/v1/{id}/{rest}", "/v1/7/x/y", bindings, "it")
        self.assertEqual(bindings["rest"], "x/y")
        match_text(r"\*{id}\{", "*7{", bindings, "it")

    def test_escapes(self):
        self.assertEqual(unescaped(r"a\r\n\xff\0\\é"), b"a\r\n\xff\0\\\xc3\xa9")


class Files(unittest.TestCase):
    def test_what_cannot_be_read_is_refused_with_its_place(self):
        for text in ("GET /\n", "scenario: x\nhello\n", "scenario: x\nGET /\n=> 200\n{a}{\n",
                     "scenario: x\nfor each a\n  1\ndo\n",
                     "scenario: x\nfor each a, b\n  1\ndo\nend",
                     "scenario: x\nservice s:\n  maybe\n", "scenario: x\nuntil soon\nGET /\n"):
            with tempfile.NamedTemporaryFile("w") as file, self.assertRaises(ScenarioError) as said:
                file.write(text)
                file.flush()
                Reader(file.name, "bad").read()
            self.assertIn("bad:", str(said.exception))

    def test_every_scenario_can_be_read(self):
        for path in sorted(HERE.glob("*.scenario")):
            self.assertTrue(Reader(path, path.name).read(), path)


class Promises(unittest.TestCase):
    def test_every_problem_type_has_a_page(self):
        types = DOCUMENT.doc["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]
        for each in types:
            self.assertTrue((ROOT / "docs" / f"{each.strip('/')}.md").is_file(), each)

    def test_every_operation_says_who_may_use_it(self):
        for path in DOCUMENT.paths:
            for method, item in DOCUMENT.doc["paths"][path].items():
                if method != "parameters":
                    says = item.get("x-roles") or item.get("security") == []
                    self.assertTrue(says, f"{method} {path}")


if __name__ == "__main__":
    os.chdir(ROOT)
    unittest.main()
