#!/usr/bin/python3
"""`nowthen bench` against the server: it prints what it measured, and leaves nothing behind.

$NOWTHEN_SERVER is the command that starts a server, default $NOWTHEN_BUILD_DIR/server/nowthen.
"""
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from server_process import ServerProcess, binary  # noqa: E402

COMMAND = shlex.split(os.environ.get("NOWTHEN_SERVER", "")) or [str(binary())]
ROWS = ["accept a call for later", "end them: ", "durable call, "]


class BenchTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.server = ServerProcess(COMMAND, ":memory:", Path(folder.name) / "log")
        self.server.start()
        self.addCleanup(self.server.kill)
        self.url = f"http://{self.server.host}:{self.server.port}"

    def bench(self, *words, url=None):
        return subprocess.Popen(
            [*COMMAND, "bench", "--server", url or self.url, "--callers", "4", *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def left(self):
        """What the server knows of its operations, but for those that are its own."""
        with urllib.request.urlopen(self.url + "/v1/operations") as operations:
            return [each for each in json.load(operations)["operations"]
                    if not each["name"].startswith("nowthen.")]

    def live(self):
        """How many invocations have not ended."""
        with urllib.request.urlopen(self.url + "/v1/invocations?limit=1000") as found:
            return [each for each in json.load(found)["invocations"] if "ended" not in each]

    def test_it_prints_its_rows_and_leaves_nothing_behind(self):
        bench = self.bench("--seconds", "0.2")
        out, said = bench.communicate(timeout=60)
        self.assertEqual((bench.returncode, said), (0, ""))
        rows = out.splitlines()[1:]
        self.assertEqual(len(rows), len(ROWS), out)
        for row, begin in zip(rows, ROWS):
            self.assertTrue(row.startswith(begin), out)
            self.assertNotIn(" 0/s", row)
        self.assertEqual((self.left(), self.live()), ([], []))

    def test_ctrl_c_leaves_nothing_behind(self):
        bench = self.bench("--seconds", "600")
        bench.stdout.readline()  # the titles: it has begun
        bench.send_signal(signal.SIGINT)
        _, said = bench.communicate(timeout=60)
        self.assertEqual((bench.returncode, said), (130, ""))
        self.assertEqual((self.left(), self.live()), ([], []))

    def test_what_keeps_it_from_it_is_said(self):
        for code, says, words, url in [
                (2, "--callers: expected 1 to 10000", ["--callers", "many"], None),
                (2, "form", [], "https://localhost:1"),
                (5, "refused", [], "http://127.0.0.1:1")]:
            bench = self.bench(*words, url=url)
            out, said = bench.communicate(timeout=60)
            self.assertEqual((bench.returncode, out), (code, ""))
            self.assertIn(says, said)


if __name__ == "__main__":
    unittest.main()
