#!/usr/bin/env python3
"""A worker: pulls orders, charges and mails each one, and reports how it ended. Standard library.

NOWTHEN_URL (http://127.0.0.1:7070), NOWTHEN_KEY (an API key, where the server wants one),
OPERATION (order), LEDGER (a file that gets a line for each effect; none by default).
"""
import http.client
import json
import os
import random
import sys
import threading
import time
import urllib.error
import urllib.request

URL = os.environ.get("NOWTHEN_URL", "http://127.0.0.1:7070")
OPERATION = os.environ.get("OPERATION", "order")
HEADERS = {"Content-Type": "application/json"}
if "NOWTHEN_KEY" in os.environ:
    HEADERS["Authorization"] = "Bearer " + os.environ["NOWTHEN_KEY"]


class LeaseLost(Exception):
    """The attempt is no longer ours: another one has it, or it is over. Drop the work."""


class Refused(Exception):
    """The server does not take it, and will not."""


# ---- the work ----------------------------------------------------------------------------------

def order(amount, step):
    """What a step returned is recorded: a later attempt gets that, and does not do it again."""
    receipt = step("charge", lambda token: {"receipt": len(token), "amount": amount})
    step("mail", lambda token: None)
    return receipt


# ---- the loop ----------------------------------------------------------------------------------

def main():
    while True:
        leased = call("POST", f"/v1/operations/{OPERATION}/lease", query="?max=1&wait=20s")
        for attempt in leased["attempts"]:
            path = "/v1/attempts/" + attempt["token"]
            with Heartbeat(path, attempt["lease"]):
                try:
                    result = order(attempt["input"], Steps(path, attempt))
                    call("POST", path + "/complete", result)
                except LeaseLost:
                    log("lost", attempt["invocation"])
                except Exception as error:
                    report_failure(path, error)


def report_failure(path, error):
    """It is tried again, as the policy says."""
    try:
        call("POST", path + "/fail", {"message": f"{type(error).__name__}: {error}"})
    except (LeaseLost, Refused) as lost:
        log(lost)


class Steps:
    """Does each step once, as far as that can be known, and records its result."""

    def __init__(self, path, attempt):
        self.path, self.done = path, attempt["steps"]
        self.token = attempt["idempotency_key"]

    def __call__(self, name, work):
        if name not in self.done:
            token = f"{self.token}/{name}"  # the same in every try: give it to who is called
            ledger("did", token)
            result = work(token)
            self.done[name] = call("PUT", f"{self.path}/steps/{name}", result)
            ledger("recorded", token)
        return self.done[name]


class Heartbeat:
    """Renews the lease while the work goes on.

    It proves that the process lives, not that the work advances: work that hangs is ended by
    `attempt_timeout` alone. And it cannot interrupt a function; `stop` is for work that asks.
    """

    def __init__(self, path, lease):
        units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
        number = lease.rstrip("mshd")
        self.every = float(number) * units[lease[len(number):]] / 3
        self.path, self.over, self.stop = path, threading.Event(), threading.Event()

    def __enter__(self):
        threading.Thread(target=self.beat, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.over.set()

    def beat(self):
        while not self.over.wait(self.every):
            try:
                if call("POST", self.path + "/heartbeat")["stop"]:
                    self.stop.set()
            except LeaseLost:
                return


def call(method, path, body=None, query=""):
    """One call; while the server is away or full it is sent again, which is safe for all of ours:
    what was done already is answered as done, or by 409."""
    wait = 0.05
    while True:
        data = None if method == "GET" else json.dumps(body).encode()
        request = urllib.request.Request(URL + path + query, data, HEADERS, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            detail = error.read().decode(errors="replace")
            if error.code == 409:
                raise LeaseLost(detail) from None
            not_declared_yet = error.code == 404 and path.endswith("/lease")
            if error.code not in (429, 503) and not not_declared_yet:
                raise Refused(detail) from None
        except (OSError, http.client.HTTPException) as error:
            log("waiting for", URL, error)
        time.sleep(wait * random.uniform(0.5, 1))
        wait = min(2 * wait, 5)


def ledger(word, token):
    """One line for each effect, on the disk before it goes on: what a test counts."""
    if "LEDGER" in os.environ:
        with open(os.environ["LEDGER"], "a") as file:
            file.write(f"{word} {token}\n")
            file.flush()
            os.fsync(file.fileno())
    time.sleep(float(os.environ.get("PAUSE", 0)))  # so that a test can stop it in the middle


def log(*words):
    print(*words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
