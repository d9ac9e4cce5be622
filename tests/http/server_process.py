"""The server as a process: started, killed, stopped, started again on the same folder."""
import os
import re
import signal
import subprocess
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LISTENING = re.compile(r"listening on http://([0-9.]+):([0-9]+)")


class ServerError(Exception):
    """The server did not start, died, or did not stop."""


def binary():
    """The server program of the tree that is tested."""
    build = Path(os.environ.get("NOWTHEN_BUILD_DIR", ROOT / "build" / "release"))
    return build / "server" / "nowthen"


class ServerProcess:
    """One server on one data folder (":memory:" for none)."""

    def __init__(self, command, data_dir, log, arguments=(), environment=None):
        self.command = list(map(str, command))
        self.data_dir = str(data_dir)
        self.log = Path(log)
        self.arguments = list(arguments)
        self.environment = os.environ | (environment or {})
        self.process = None
        self.asked_to_stop = False
        self.host, self.port = "127.0.0.1", 0

    def start(self, port=0, patience=20):
        """Starts it and waits for the line that says where it listens."""
        listen = f"127.0.0.1:{port}"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command + ["serve", "--data-dir", self.data_dir, "--listen", listen,
                                *self.arguments],
                stdout=subprocess.PIPE, stderr=log, text=True, env=self.environment)
        self.asked_to_stop = False
        said = threading.Event()
        threading.Thread(target=self._drain, args=(self.process, said), daemon=True).start()
        if not said.wait(patience) or not self.port:
            self.kill()
            raise ServerError(f"it did not say where it listens\n{self.tail()}")

    def _drain(self, process, said):
        self.port = 0
        with process.stdout as lines:
            for line in lines:
                if found := LISTENING.search(line):
                    self.host, self.port = found[1], int(found[2])
                    said.set()
        said.set()  # it ended

    def kill(self):
        """kill -9"""
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()

    def ask_to_stop(self):
        """SIGTERM, once."""
        if not self.asked_to_stop:
            self.process.send_signal(signal.SIGTERM)
        self.asked_to_stop = True

    def stop(self, patience=20):
        """SIGTERM; it has to end with 0, and in time."""
        if self.process.poll() is not None and not self.asked_to_stop:
            raise ServerError(f"it died with {self.process.returncode}\n{self.tail()}")
        self.ask_to_stop()
        try:
            code = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerError(f"it did not stop within {patience} s of SIGTERM") from None
        if code != 0:
            raise ServerError(f"it stopped with {code}\n{self.tail()}")

    def tail(self, lines=15):
        """The last lines that it wrote to its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join("    | " + line for line in text.splitlines()[-lines:])
