#!/usr/bin/python3
"""A tiny server for the tests of the runner: right, unless $FAULT says in what it shall be wrong.

usage: fake_server.py serve --data-dir DIR --listen 127.0.0.1:PORT
It is no model of the real one: it knows four operations and keeps tickets in a file.
"""
import json
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

FAULT = os.environ.get("FAULT", "")
ID = "01jd8w3v9k0008q3n5m2r7x4tz"
DECISION = "answered; after_ms=0; done=0"
PROBLEMS = {400: "malformed-request", 404: "not-found", 405: "method-not-allowed",
            415: "unsupported-media-type", 501: "not-implemented"}


class Refused(Exception):
    """A request that is answered with a problem."""


def answer(status, body=b"", headers=(), media="application/json"):
    """The bytes of an answer; this is where most faults are."""
    lines = [f"HTTP/1.1 {status} Fake"] + [f"{name}: {value}" for name, value in headers]
    if status != 204:
        lines += [f"Content-Type: {media}", f"Content-Length: {len(body)}"]
    end = "\n" if FAULT == "bare-lf" else "\r\n"
    return (end.join(lines) + end + end).encode() + (body if status != 204 else b"")


def problem(status, detail, headers=()):
    said = 500 if FAULT == "problem-status" else status
    body = {"type": "/errors/" + PROBLEMS[status], "title": "no", "status": said, "detail": detail}
    return answer(status, json.dumps(body).encode(), headers, "application/problem+json")


def ticket():
    """A 202."""
    base = f"/v1/invocations/{ID}"
    body = {"id": ID, "state": "napping" if FAULT == "enum" else "ready", "reason": "waits",
            "result_url": base + "/result", "events_url": base + "/events",
            "why_url": base + "/why"}
    if FAULT == "extra-field":
        body["colour"] = "blue"
    headers = [("Location", base + "/result"), ("Nowthen-Invocation", ID),
               ("Nowthen-Decision", "deferred; after_ms=0; done=0")]
    if FAULT != "missing-header":
        headers.append(("Retry-After", "1"))
    return answer(202, json.dumps(body).encode(), headers)


def relayed(url):
    """What the service at `url` answers."""
    request = urllib.request.Request(url, b'{"from": "fake"}', {"Nowthen-Invocation": ID})
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.read()
    except urllib.error.HTTPError as error:
        error.close()
        return b"null"


class Calls:
    """The tickets, in a file, so that they outlive a kill -9; and how often each was asked for."""

    def __init__(self, folder):
        self.path = None if folder == ":memory:" else Path(folder) / "calls"
        self.asked = 0
        if self.path:
            self.path.parent.mkdir(parents=True, exist_ok=True)

    def accept(self):
        if self.path and FAULT != "forgets":
            with self.path.open("a") as file:
                file.write("call\n")
                file.flush()
                os.fsync(file.fileno())

    def known(self):
        return bool(self.path) and self.path.exists()


def called(calls, name, body):
    """POST /v1/operations/{name}"""
    try:
        value = json.loads(body or b"null")
    except ValueError as error:
        raise Refused(400, f"not JSON: {error}") from error
    decided = [("Nowthen-Decision", DECISION)]
    if name == "echo":
        return answer(200, b'{"a":1,"a":2}' if FAULT == "twice" else body, decided)
    if name == "later":
        calls.accept()
        return ticket()
    if name == "relay":
        return answer(200, relayed(value["url"]), decided)
    if name == "slow":
        time.sleep(0.3)
        return answer(200, b'"slow"', decided)
    raise Refused(404, f"there is no operation '{name}'")


def result(calls):
    """GET .../result: open twice, then done, if the call was kept."""
    calls.asked += 1
    if not calls.known():
        raise Refused(404, "there is no such invocation")
    if calls.asked < 3 or FAULT == "never-done":
        return ticket()
    return answer(200, b"17", [("Nowthen-Invocation", ID)])


def events():
    """GET .../events"""
    state = json.dumps({"id": ID, "state": "running"})
    entry = {"seq": 1, "path": "read", "kind": "step", "at": "2024-11-22T00:00:00Z", "result": 1}
    end = json.dumps({"id": ID, "state": "succeeded"})
    if FAULT == "event-schema":
        del entry["seq"]
    text = f"event: state\ndata: {state}\n\n: alive\n\n"
    text += f"event: entry\nid: 1\ndata: {json.dumps(entry)}\n\nevent: end\ndata: {end}\n\n"
    return answer(200, text.encode(), media="text/event-stream")


def routed(calls, method, target, headers, body):
    """The answer to one request."""
    if "content-encoding" in headers:
        raise Refused(415, "a body is sent plain")
    if target == "/healthz":
        if method != "GET":
            raise Refused(405, "only GET")
        return answer(200, b'{"status": "ok"}')
    if target == "/v1/why":  # an undescribed status
        return answer(299, b"{}")
    if method == "POST" and target.startswith("/v1/operations/"):
        return called(calls, target.split("/")[3], body)
    if target == f"/v1/invocations/{ID}/result":
        return result(calls)
    if target == f"/v1/invocations/{ID}/events":
        return events()
    raise Refused(404, f"there is nothing at {target}")


def served(connection, calls):
    """The requests of one connection."""
    with connection, connection.makefile("rb") as reader:
        while first := reader.readline():
            words = first.decode("latin-1").split()
            headers = {}
            while line := reader.readline().decode("latin-1").rstrip("\r\n"):
                headers[line.split(":")[0].lower()] = line.partition(":")[2].strip()
            try:
                if len(words) != 3 or not first.endswith(b"\r\n"):
                    raise Refused(400, "not a request line")
                body = reader.read(int(headers.get("content-length", 0)))
                connection.sendall(routed(calls, words[0], words[1], headers, body))
            except Refused as refused:
                status, detail = refused.args
                allow = [("Allow", "GET")] if status == 405 else []
                connection.sendall(problem(status, detail, allow))
                if status == 400:
                    return


def main():
    folder, listen = sys.argv[sys.argv.index("--data-dir") + 1], sys.argv[-1]
    if FAULT == "does-not-start":
        sys.exit("fake: no")
    calls = Calls(folder)
    listener = socket.create_server(("127.0.0.1", int(listen.split(":")[1])))
    code = 3 if FAULT == "bad-exit" else 0
    signal.signal(signal.SIGTERM, lambda *_: os._exit(code))
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=served, args=(connection, calls), daemon=True).start()


main()
