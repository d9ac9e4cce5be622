#!/usr/bin/python3
"""/metrics of a busy server: valid for Prometheus, as the docs say, and bounded.

$NOWTHEN_BUILD_DIR is the tree whose server is tested (default build/release).
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from openapi_check import ROOT  # noqa: E402
from server_process import ServerProcess, binary  # noqa: E402
from wire import Connection  # noqa: E402

HERE = Path(__file__).resolve().parent
PULLED = {"executor": {"pull": {}}, "policy": {"mode": "later"}}
OPERATIONS = 10_000
NAMED_MAX = 200  # of operations, as docs/observability.md says
NO_PROMTOOL = 77  # see promtool
SAMPLE = re.compile(r'([a-z_]+)(?:\{(.*)\})? (\S+)\Z')


class Metrics(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="nowthen-metrics-")
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.server = ServerProcess([binary()], ":memory:", Path(self.dir, "log"))
        self.addCleanup(self.server.kill)
        self.server.start()
        self.connection = Connection("127.0.0.1", self.server.port)
        self.addCleanup(self.connection.close)

    def send(self, *requests):
        """Sends (method, path, body) all at once, and reads the answers."""
        data = b""
        for method, path, body in requests:
            body = b"" if body is None else json.dumps(body).encode()
            data += (f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
                     f"Content-Length: {len(body)}\r\n\r\n").encode() + body
        self.connection.send(data)
        return [self.connection.answer(method) for method, _, _ in requests]

    def read(self):
        """The page; promtool has no word against it."""
        (answer,) = self.send(("GET", "/metrics", None))
        page = answer.body.decode()
        said = subprocess.run([HERE / "promtool", "check", "metrics"], input=page, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if said.returncode == NO_PROMTOOL:
            print("metrics_test: promtool cannot be had, and was not asked")
        else:
            self.assertEqual((said.returncode, said.stdout), (0, ""), page)
        return page

    def samples(self, page):
        """(name, labels, value) of each line."""
        lines = [line for line in page.split("\n") if line and not line.startswith("#")]
        return [SAMPLE.match(line).groups() for line in lines]

    def test_a_busy_server_is_valid_and_as_the_docs_say(self):
        gone = {"executor": {"http": {"url": "http://127.0.0.1:1/"}}, "policy": {"mode": "later"}}
        self.send(("PUT", "/v1/operations/resize", PULLED), ("PUT", "/v1/operations/gone", gone))
        self.send(*[("POST", "/v1/operations/resize", n) for n in range(20)],
                  *[("POST", "/v1/operations/gone", n) for n in range(5)],
                  ("POST", "/v1/operations/nowhere", 1), ("GET", "/v1/why", None))
        (leased,) = self.send(("POST", "/v1/operations/resize/lease?max=3", None))
        token = json.loads(leased.body)["attempts"][0]["token"]
        self.send(("POST", f"/v1/attempts/{token}/complete", 1))
        page = self.read()
        live = {labels: value for name, labels, value in self.samples(page)
                if name == "nowthen_invocations_live"}
        self.assertEqual(live['operation="resize",state="ready"'], "17", page)
        self.assertEqual(live['operation="resize",state="running"'], "2", page)
        told = re.findall(r"^# TYPE (\S+) (\S+)$", page, re.M)
        docs = (ROOT / "docs" / "observability.md").read_text()
        documented = re.findall(r"^\| `([a-z_]+)(?:\{[a-z, ]+\})?` \| (gauge|counter) \|", docs,
                                re.M)
        self.assertEqual(sorted(told), sorted(documented))

    def test_ten_thousand_operations_do_not_make_ten_thousand_series(self):
        # First all are declared: the answer to that counts what lives.
        for method, body, status in (("PUT", PULLED, 201), ("POST", 1, 202)):
            for first in range(0, OPERATIONS, 100):
                answers = self.send(*[(method, f"/v1/operations/op-{n}", body)
                                      for n in range(first, first + 100)])
                self.assertEqual({answer.status for answer in answers}, {status})
        page = self.read()
        live = [(labels, float(value)) for name, labels, value in self.samples(page)
                if name == "nowthen_invocations_live"]
        operations = {re.search('operation="([^"]*)"', labels)[1] for labels, _ in live}
        self.assertEqual(len(operations), NAMED_MAX + 1)  # and "(others)"
        self.assertEqual(sum(value for _, value in live), OPERATIONS)
        self.assertLess(len(self.samples(page)), 2_000)


if __name__ == "__main__":
    os.chdir(ROOT)
    unittest.main()
