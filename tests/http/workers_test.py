#!/usr/bin/python3
"""The workers and services of examples/workers against the server, while both sides are killed.

Goal: every accepted call completes, and no recorded step runs twice. Method: the workers write a
line for each effect and each recorded step into a ledger outside of the server; kills happen right
after such a line, and the ledger is counted at the end. usage: workers_test.py [TEST...]
$NOWTHEN_SERVER is the command that starts a server, default $NOWTHEN_BUILD_DIR/server/nowthen.
"""
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from openapi_check import ROOT, Document  # noqa: E402
from server_process import ServerProcess, binary  # noqa: E402
from wire import Connection  # noqa: E402

WORKERS = ROOT / "examples" / "workers"
COMMAND = shlex.split(os.environ.get("NOWTHEN_SERVER", "")) or [str(binary())]
DOCUMENT = Document()
PATIENCE = 60


def until(what, holds):
    """Waits for a condition; says what did not come."""
    deadline = time.monotonic() + PATIENCE
    while not (value := holds()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come in {PATIENCE} s")
        time.sleep(0.01)
    return value


class Program:
    """One worker or service, in a process group of its own, so that a kill takes all of it."""

    def __init__(self, command, log, **environment):
        self.command, self.log = list(map(str, command)), log
        self.environment = os.environ | {name: str(value) for name, value in environment.items()}
        self.process = None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command, env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True,
                start_new_session=True)

    def kill(self):
        """kill -9"""
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process.stdout.close()
            self.process = None


class Case(unittest.TestCase):
    """A server on a folder and a port that stay the same over its kills."""

    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="nowthen-workers-"))
        self.server = ServerProcess(COMMAND, self.dir / "data", self.dir / "server.log")
        self.server.start()
        self.port = self.server.port
        self.url = f"http://127.0.0.1:{self.port}"
        self.ledger = self.dir / "ledger"
        self.ledger.touch()
        self.kills = 0
        self.program = None

    def tearDown(self):
        if self.program:
            self.program.kill()
        self.server.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    def ask(self, method, target, body=None, **headers):
        """One call, held against the document; (status, value)."""
        data = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{self.port}",
                 f"Content-Length: {len(data)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        connection = Connection("127.0.0.1", self.port, PATIENCE)
        try:
            connection.send("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
            answer = connection.answer(method)
        finally:
            connection.close()
        self.assertEqual(DOCUMENT.violations(method, target, answer), [], str(answer))
        return answer.status, json.loads(answer.body or b"null")

    def declare(self, executor, mode):
        policy = {"mode": mode, "answer_within": "20s" if mode == "now" else "50ms",
                  "retry": {"attempts_max": 1000, "interval": "50ms", "interval_max": "500ms"}}
        body = {"executor": executor, "policy": policy}
        self.assertIn(self.ask("PUT", "/v1/operations/order", body)[0], (200, 201))

    def result(self, ticket):
        """The client's loop: until it is not 202."""
        def ended():
            status, value = self.ask("GET", ticket["result_url"] + "?wait=10")
            return status != 202 and (status, value)
        return until("the result", ended)

    def kill_server(self):
        self.server.kill()
        self.server.start(self.port)
        self.kills += 1

    def lines(self):
        return self.ledger.read_text().splitlines()

    def wait_for_effect(self):
        """Until the ledger has a line more; then somebody is in the middle of something."""
        before = len(self.lines())
        until("an effect", lambda: len(self.lines()) > before)

    def in_all_modes(self, executor, check):
        for mode in ("now", "auto", "later"):
            self.declare(executor, mode)
            status, value = self.ask("POST", "/v1/operations/order", 7, Idempotency_Key=mode)
            self.assertIn(status, {"now": (200,), "auto": (200, 202), "later": (202,)}[mode])
            check(self.result(value) if status == 202 else (status, value))


class Workers(Case):
    """The programs that pull."""

    def run_worker(self, *command, lease="2s"):
        pull = {"pull": {"lease": lease}}
        self.program = Program(command, self.dir / "worker.log", NOWTHEN_URL=self.url,
                               LEDGER=self.ledger, PAUSE=0.05, HEARTBEAT=1)
        self.program.start()
        self.in_all_modes(pull, self.check_result)
        self.declare(pull, "later")
        tickets = [self.ask("POST", "/v1/operations/order", n)[1] for n in range(8)]
        for _ in range(2):
            self.wait_for_effect()
            self.program.kill()
            self.kills += 1
            self.program.start()
            self.wait_for_effect()
            self.kill_server()
        for ticket in tickets:
            self.check_result(self.result(ticket))
        self.check_ledger()

    def check_result(self, answered):
        status, value = answered
        self.assertEqual(status, 200, value)
        self.assertIn("amount", value)

    def check_ledger(self):
        """No effect after its record; what was not recorded may come again, once for each kill."""
        recorded, did = set(), {}
        for line in self.lines():
            word, token = line.split()
            if word == "recorded":
                recorded.add(token)
            else:
                self.assertNotIn(token, recorded, "a recorded step ran again")
                did[token] = did.get(token, 0) + 1
        self.assertEqual(len(did), 2 * 11, "two steps of each of the calls")
        self.assertLessEqual(sum(did.values()), 2 * 11 + self.kills)

    def test_python(self):
        self.run_worker(sys.executable, WORKERS / "python" / "worker.py")

    @unittest.skipUnless(shutil.which("node"), "there is no node here")
    def test_node(self):
        self.run_worker("node", WORKERS / "node" / "worker.mjs")

    @unittest.skipUnless(shutil.which("curl"), "there is no curl here")
    def test_shell(self):
        self.run_worker("sh", WORKERS / "shell" / "worker", lease="4s")  # processes are slow


class Services(Case):
    """The programs that are called."""

    def run_service(self, *command):
        log = self.dir / "service.log"
        self.program = Program(command, log, PORT=0, LEDGER=self.ledger)
        self.program.start()
        url = self.program.process.stdout.readline().strip()
        executor = {"http": {"url": url, "lease": "2s"}}
        self.in_all_modes(executor, lambda answered: self.check_result(answered, 7))
        status, value = self.ask("POST", "/v1/operations/order", "seven", Idempotency_Key="bad")
        status, value = self.result(value) if status == 202 else (status, value)
        self.assertEqual(status, 422, "4xx is passed on")

        # Calls are accepted while it is away, also over a kill of the server.
        self.program.kill()
        tickets = [self.ask("POST", "/v1/operations/order", n)[1] for n in range(8)]
        self.kill_server()
        self.program = Program(command, log, PORT=url.split(":")[2].strip("/"), LEDGER=self.ledger)
        self.program.start()
        self.wait_for_effect()
        self.kill_server()
        for n, ticket in enumerate(tickets):
            self.check_result(self.result(ticket), n)
        did = {line.split()[1] for line in self.lines()}
        self.assertEqual(len(did), 11, "each accepted call, under one key")

    def check_result(self, answered, amount):
        status, value = answered
        self.assertEqual(status, 200, value)
        self.assertEqual(value["amount"], amount)

    def test_python(self):
        self.run_service(sys.executable, WORKERS / "python" / "service.py")

    @unittest.skipUnless(shutil.which("node"), "there is no node here")
    def test_node(self):
        self.run_service("node", WORKERS / "node" / "service.mjs")


if __name__ == "__main__":
    if not Path(COMMAND[0]).exists():
        sys.exit(f"workers_test: there is no {COMMAND[0]}; build it, or set NOWTHEN_BUILD_DIR")
    unittest.main()
