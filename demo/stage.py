"""The processes of the demonstration: started, killed, started again on the same data and port."""
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from connection import Connection

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("NOWTHEN_BUILD_DIR", HERE.parent / "build" / "release"))
NORTHWIND = HERE.parent.parent / "shared" / "data" / "northwind"
LISTENING = re.compile(r"(?:listening on )?(http://127\.0\.0\.1:[0-9]+)\n")
PYTHON = [sys.executable, "-B"]
ENVIRONMENT = os.environ | {"no_proxy": "127.0.0.1"}
PATIENCE = 60  # seconds for a process to say that it is ready, or to end

# What place-order sends to: the shop by HTTP, the worker by pulling.
TRIED_AGAIN = {"mode": "later", "retry": {"attempts_max": 1000, "interval": "50ms",
                                          "interval_max": "500ms"}}


class Stage:
    """`folder` holds all that they write. Port 0: any that is free."""

    def __init__(self, folder, seed=1):
        self.folder, self.seed = folder, seed
        self.ledger, self.record = folder / "ledger.ndjson", folder / "record.ndjson"
        self.log = folder / "log"  # what the processes have to say
        self.server_url = self.shop_url = None
        self.program = self.worker = self.shop = self.load = None
        self.processes, self.resumed = [], 0

    # ---- starting

    def open(self, server_port=0, shop_port=0):
        """Everything but the load."""
        self.shop_url = f"http://127.0.0.1:{shop_port}"
        self.server_url = f"http://127.0.0.1:{server_port}"
        self.start_shop()
        self.start_program()
        self.declare()
        self.start_worker()

    def start(self, *command, **streams):
        """In a group of its own, so that Ctrl-C is for us alone to act on."""
        with open(self.log, "a") as log:
            process = subprocess.Popen(list(map(str, command)), text=True, process_group=0,
                                       stderr=log, env=ENVIRONMENT, **streams)
        self.processes.append(process)
        return process

    def start_serving(self, *command):
        """The process, and the URL that it says in its first line."""
        process = self.start(*command, stdout=subprocess.PIPE)
        if not (said := LISTENING.fullmatch(process.stdout.readline())):
            raise self.failed(f"{process.args[:3]} did not start")
        return process, said[1]

    def start_shop(self):
        port = self.shop_url.rpartition(":")[2]
        self.shop, self.shop_url = self.start_serving(
            *PYTHON, HERE / "shop.py", port, self.ledger, self.seed)

    def start_program(self):
        self.program, self.server_url = self.start_serving(
            BUILD / "demo" / "program_main", self.server_url.removeprefix("http://"),
            self.shop_url, self.folder / "data")

    def start_worker(self):
        self.worker = self.start(*PYTHON, HERE / "worker.py", self.server_url, self.shop_url)

    def start_load(self, data, *arguments, **streams):
        self.load = self.start(*PYTHON, HERE / "load.py", self.server_url, data, self.record,
                               *arguments, **streams)

    def declare(self):
        """What place-order sends to: the shop is called by HTTP, the worker pulls."""
        for name, executor in (
                ("send-confirmation", {"http": {"url": self.shop_url + "/mail", "lease": "10s"}}),
                ("ship-parcel", {"pull": {"lease": "5s"}})):
            answer = self.ask("PUT", f"/v1/operations/{name}",
                              {"executor": executor, "policy": TRIED_AGAIN})
            if answer.status != 201:
                raise self.failed(f"PUT {name}: {answer.value}")

    # ---- looking

    def failed(self, what):
        """To be raised; with the end of what the processes had to say."""
        tail = "".join(f"  | {line}" for line in open(self.log).readlines()[-8:])
        return SystemExit(f"demo: {what}\n{tail}")

    def ask(self, method, target, body=None):
        return Connection(self.server_url).ask_until_answered(method, target, body)

    def check_alive(self):
        for process in (self.program, self.worker, self.shop):
            if process.poll() is not None:
                raise self.failed(f"{process.args[:3]} ended by itself: {process.returncode}")

    def note(self, event, **more):
        line = {"at": time.monotonic(), "event": event, **more}
        with open(self.record, "a") as record:
            record.write(json.dumps(line) + "\n")
        return line["at"]

    # ---- killing

    def kill_program(self):
        """Kills it, starts it again, and returns how long it was away, in seconds."""
        self.check_alive()
        began = self.note("kill", process="program", pid=self.program.pid)  # before it: see books
        self.program.kill()
        self.program.wait()
        self.note("dead", process="program")
        self.start_program()
        away = time.monotonic() - began
        self.resume_parked()
        return away

    def kill_worker(self):
        self.note("kill", process="worker", pid=self.worker.pid)
        self.worker.kill()
        self.worker.wait()
        self.start_worker()

    def resume_parked(self):
        """Code that was on a thread in three kills without progress may be what kills: the engine
        parks it and asks a person, who is us."""
        answer = self.ask("POST", "/v1/invocations/resume?operation=place-order&state=parked")
        self.resumed += answer.value["done"]

    def revive(self):
        """Starts again what somebody else has killed; a line for each."""
        for name in ("program", "worker", "shop"):
            ended = getattr(self, name)
            if ended.poll() is None:
                continue
            began = time.monotonic()
            getattr(self, f"start_{name}")()
            what = "killed" if ended.returncode == -signal.SIGKILL else "ended"
            ms, now = 1000 * (time.monotonic() - began), getattr(self, name).pid
            word = "server" if name == "program" else name
            yield f"{word} {ended.pid} {what}; serving again after {ms:.0f} ms, as {now}"

    # ---- ending

    def wait_until_idle(self):
        """Orders that nobody was told about end, too: until nothing lives any more."""
        deadline = time.monotonic() + PATIENCE
        while any(sum(operation["live"].values()) for operation in
                  self.ask("GET", "/v1/operations").value["operations"]):
            self.resume_parked()
            if time.monotonic() > deadline:
                raise self.failed(f"not idle: {self.ask('GET', '/v1/why').value}")
            time.sleep(0.05)

    def end_load(self):
        """Waits until all that it placed was followed to its end."""
        while self.load.poll() is None:
            self.check_alive()
            time.sleep(0.05)
        if self.load.returncode:
            raise self.failed("the load generator failed")
        self.wait_until_idle()

    def end(self):
        """The server may bring to an end what runs; the others hold nothing."""
        for process in (self.worker, self.program, self.shop):
            process.terminate()
            if process.wait(PATIENCE) not in (0, -signal.SIGTERM):
                raise self.failed(f"{process.args[:3]} ended with {process.returncode}")

    def stop_all(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()

    def print_books(self):
        """Whether they balance."""
        sys.stdout.flush()
        return subprocess.run([HERE / "books", self.ledger, self.record]).returncode == 0
