#!/usr/bin/python3
"""The log of a server: a line for each event, with the fields that docs/observability.md names.

$NOWTHEN_BUILD_DIR is the tree whose server is tested (default build/release).
"""
import json
import os
import re
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from openapi_check import ROOT  # noqa: E402
from scripted_service import ScriptedService  # noqa: E402
from server_process import ServerProcess, binary  # noqa: E402
from wire import Connection  # noqa: E402

TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"
FORGED = "over\r\n2026-03-01T10:00:00.123Z info forged \x1b[2J"
PULLED = {"executor": {"pull": {"lease": "1s"}},
          "policy": {"mode": "later", "retry": {"attempts_max": 2, "interval": "1ms"}}}
TEXT = re.compile(r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (?P<level>info|warning|error)"
                  r"(?: operation=(?P<operation>\S+))?(?: invocation=(?P<invocation>[0-9a-z]{26}))?"
                  r"(?: trace=(?P<trace>[0-9a-f]{32}))? (?P<message>.+)\Z")


class Logs(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="nowthen-logs-")
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.log = Path(self.dir, "log")
        self.service = ScriptedService([("answer", 503, 0, [], b""), ("again", 503, 0, [], b"")])
        self.addCleanup(self.service.close)

    def start(self, *arguments):
        self.server = ServerProcess([binary()], Path(self.dir, "data"), self.log, arguments)
        self.addCleanup(self.server.kill)
        self.server.start()

    def send(self, method, path, body=None, **headers):
        """The JSON of one answer."""
        data = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(data)}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        connection = Connection("127.0.0.1", self.server.port)
        try:
            connection.send(head.encode() + b"\r\n" + data)
            answer = connection.answer(method)
            return json.loads(answer.body) if answer.body else None
        finally:
            connection.close()

    def live(self):
        """Things happen that are worth a line; the id of the invocation that fails."""
        self.send("PUT", "/v1/operations/resize", PULLED)
        self.send("PATCH", "/v1/operations/resize/policy", {"start_within": "1h"})
        ticket = self.send("POST", "/v1/operations/resize", 1, traceparent=TRACEPARENT)
        leased = self.send("POST", "/v1/operations/resize/lease?wait=20s")["attempts"]
        self.send("POST", "/v1/operations/resize/lease?wait=20s")  # once the lease has ended
        parked = self.send("POST", "/v1/operations/resize", 2)["id"]
        self.send("POST", f"/v1/invocations/{parked}/park", {"reason": FORGED})
        self.send("PUT", "/v1/operations/charge",
                  {"executor": {"http": {"url": f"http://127.0.0.1:{self.service.port}/"}},
                   "policy": {"mode": "later", "retry": {"attempts_max": 3, "interval": "1ms"}}})
        failing = self.send("POST", "/v1/operations/charge", 1)["id"]
        self.send("GET", f"/v1/invocations/{failing}/result?wait=20s")
        self.send("GET", f"/v1/invocations/{ticket['id']}/result?wait=20s")
        self.assertEqual(leased[0]["invocation"], ticket["id"])
        self.server.stop()
        return ticket["id"], parked, failing

    def check(self, lines, ids):
        """What `live` did is there: once each, with its fields."""
        failed, parked, failing = ids

        def only(start, **wanted):
            found = [line for line in lines if line["message"].startswith(start)]
            self.assertEqual(len(found), 1, f"{start}: {lines}")
            for name, value in wanted.items():
                self.assertEqual(found[0].get(name), value, found[0])

        only("started on http://127.0.0.1:", level="info")
        only("policy.change by ", level="info", operation="resize")
        only(r"parked, operator: over", level="warning", operation="resize", invocation=parked)
        only("its service fails: ", level="warning", operation="charge", invocation=failing)
        only("stopping: ")
        only("stopped", level="info")
        lost = [line for line in lines if line["message"].startswith("its lease of 1s ended")]
        self.assertEqual({line["invocation"] for line in lost}, {failed})
        ended = {line["invocation"]: line for line in lines
                 if line["message"].startswith("failed for good: ")}
        self.assertEqual(set(ended), {failed, failing})
        self.assertEqual(ended[failed].get("trace"), TRACE)
        self.assertFalse([line for line in lines if line["message"].startswith("forged")])

    def test_json(self):
        self.start("--log", "json")
        ids = self.live()
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        self.check(lines, ids)
        self.assertIn(f"parked, operator: {FORGED}", [line["message"] for line in lines])
        docs = (ROOT / "docs" / "observability.md").read_text()
        for line in lines:
            for name in line:
                self.assertIn(f"`{name}`", docs)

    def test_text(self):
        self.start()
        ids = self.live()
        lines = self.log.read_bytes().decode().split("\n")
        self.assertEqual(lines.pop(), "")
        for line in lines:
            self.assertRegex(line, TEXT)
            self.assertNotRegex(line, r"[\x00-\x1f\x7f]")
        self.check([{name: value for name, value in TEXT.match(line).groupdict().items() if value}
                    for line in lines], ids)

    def test_what_cannot_start_says_so_in_the_same_form(self):
        self.start()
        other = ServerProcess([binary()], ":memory:", Path(self.dir, "other"), ("--log", "json"))
        with self.assertRaises(Exception):
            other.start(port=self.server.port)
        (line,) = Path(self.dir, "other").read_text().splitlines()
        self.assertTrue(json.loads(line)["message"].startswith("cannot start: "), line)


if __name__ == "__main__":
    os.chdir(ROOT)
    unittest.main()
