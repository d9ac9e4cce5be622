#!/usr/bin/env python3
"""The load generator: many callers who place orders, and write down each call and each answer.

usage: load.py SERVER_URL DATA_FOLDER RECORD [CALLS]

Plays four phases, with one call for each order (and at least 400) in each; with CALLS, that many,
and round and round until its standard input is closed. The modes are changed by curl meanwhile.
What was accepted is followed to its end. The record is the other half of the books.
"""
import itertools
import json
import math
import os
import queue
import subprocess
import sys
import threading
import time
from collections import Counter

from connection import Broken, Connection
from orders import read_orders

CALLERS, FOLLOWERS = 24, 48
CALLS_MIN = 400  # in a phase; a short list of orders is played in rounds
AWAIT_MAX = 60   # seconds; an order that has not ended by then is shown as lost
NOW = {"mode": "now", "answer_within": "10s"}
AUTO = {"mode": "auto", "answer_within": "300ms"}
LATER = {"mode": "later"}
AS_DECLARED = {"mode": None, "answer_within": None}
PHASES = [("now", NOW, None), ("auto", AUTO, None), ("auto, flipped to later", AUTO, LATER),
          ("later", LATER, None)]  # name, policy, and that from the middle on
COLUMNS = ["calls", "at once", "over", "later", "by key", "unknown", "other"]


class Load:
    def __init__(self, url, data, record):
        self.url, self.orders = url, read_orders(data)
        self.record = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self.tallies, self.times = {}, {}  # of each phase
        self.open = queue.Queue()          # what has not ended: (order, event, target)
        self.deadline = math.inf
        self.policy = AS_DECLARED

    def write(self, event, order, **more):
        line = {"at": time.monotonic(), "event": event, "order": order, **more}
        os.write(self.record, json.dumps(line).encode() + b"\n")  # at once: lines do not mix

    def run(self, calls, until=None):
        """Plays the phases, round and round if there is an event until which it goes on."""
        for _ in range(FOLLOWERS):
            threading.Thread(target=self.follow, daemon=True).start()
        for number, phase in enumerate(itertools.cycle(PHASES) if until else PHASES):
            self.play(*phase, number // len(PHASES) * calls, calls, until)
            if until and until.is_set():
                break
        self.flip(AS_DECLARED)
        self.deadline = time.monotonic() + AWAIT_MAX
        self.open.join()

    # ---- placing orders

    def play(self, name, policy, flipped, first, calls, until):
        """One phase: every call, made by one of the callers who think in between."""
        self.flip(policy)
        tally, times = self.tallies.setdefault(name, Counter()), self.times.setdefault(name, [])
        numbers, half = iter(range(first, first + calls)), threading.Event()

        def call_all():
            connection = Connection(self.url)
            for number in numbers:  # a range's iterator hands out each number once
                if until and until.is_set():
                    return half.set()
                if number - first >= calls // 2:
                    half.set()
                self.place(connection, name, number, tally, times)
                time.sleep(0.06 + number * 37 % 120 / 1000)  # like the load, whatever the mode

        callers = [threading.Thread(target=call_all) for _ in range(CALLERS)]
        for caller in callers:
            caller.start()
        half.wait()
        if flipped:
            self.flip(flipped)
        for caller in callers:
            caller.join()

    def place(self, connection, phase, number, tally, times):
        order = dict(self.orders[number % len(self.orders)])
        order["id"] += f" round {number // len(self.orders) + 1}, {phase}"
        headers = {}
        if number % 3:
            headers["Idempotency_Key"] = order["id"]
        if phase == "auto" and number % 10 in (3, 7):  # a caller may ask, too
            headers["Prefer"] = "respond-async" if number % 10 == 3 else "wait=1"
        began = time.monotonic()
        self.write("call", order["id"], phase=phase, cents=order["cents"],
                   key="Idempotency_Key" in headers)
        for tries in itertools.count(1):
            try:
                answer = connection.ask("POST", "/v1/operations/place-order", order, **headers)
            except Broken:
                answer = None
            if answer or number % 3 == 0:  # else the key makes it the same order
                break
        self.answered(order["id"], answer, tries, began, connection.sent, tally, times)

    def answered(self, order, answer, tries, began, sent, tally, times):
        ms = 1000 * (time.monotonic() - began)
        if not answer:
            tally.update(("calls", "unknown"))
            return self.write("answer", order, answer="unknown", sent=sent, ms=ms, tries=tries)
        stored = answer.headers["Nowthen-Invocation"]
        decision = answer.headers["Nowthen-Decision"] or ""
        kind = {200: "result", 202: "ticket"}.get(answer.status, "error" if stored else "refused")
        self.write("answer", order, answer=kind, id=stored, sent=sent, ms=ms, tries=tries,
                   status=answer.status, decision=decision,
                   error=answer.value if answer.status >= 400 else None)
        column = ("other" if answer.status >= 400 else "by key" if tries > 1 else
                  "at once" if answer.status == 200 else
                  {"handed-over": "over", "deferred": "later"}.get(decision.split(";")[0], "other"))
        tally.update(("calls", column))
        times.append(ms)
        if answer.status == 200:
            self.told(order, answer.value)
        elif stored:  # also after a 504: the policy says that it is finished
            result = answer.headers["Location"] or f"/v1/invocations/{stored}/result"
            self.open.put((order, "told", result))

    def told(self, order, receipt):
        """A caller has the result: its mail and its parcel are on their way."""
        self.write("told", order)
        for event, child in (("mailed", receipt["confirmation"]), ("shipped", receipt["parcel"])):
            self.open.put((order, event, f"/v1/invocations/{child}/result"))

    # ---- what was accepted

    def follow(self):
        """A client's loop: GET Location?wait=... until it is not 202."""
        connection = Connection(self.url)
        while True:
            order, event, target = self.open.get()
            answer = connection.ask_until_answered("GET", target + "?wait=2")
            if answer.status == 200:
                if event == "told":
                    self.told(order, answer.value)
                else:
                    self.write(event, order)
            elif answer.status == 202 and time.monotonic() < self.deadline:
                self.open.put((order, event, target))
            else:
                self.write("not " + event, order, status=answer.status, error=answer.value)
            self.open.task_done()

    # ---- the operator

    def flip(self, policy):
        """By curl, as an operator would; again, if that meets a kill."""
        if policy == self.policy:
            return
        self.policy = policy
        command = ["curl", "-sX", "PATCH", self.url + "/v1/operations/place-order/policy",
                   "-d", json.dumps(policy)]
        print("$ " + " ".join(command[:-1]), f"'{command[-1]}'", flush=True)
        while (done := subprocess.run(command, stdout=subprocess.PIPE)).returncode:
            pass
        value = json.loads(done.stdout)
        fields = [f"{name} {value['fields'][name]['value']} ({value['fields'][name]['layer']})"
                  for name in policy]
        print(f"  revision {value['revision']}: {', '.join(fields)}", flush=True)
        self.write("policy", None, policy=policy, revision=value["revision"])

    def print_table(self):
        row = "{:<24}{:>7}{:>9}{:>9}{:>7}{:>9}{:>9}{:>7}{:>10}{:>10}".format
        print("\n" + row("", "", "answered", "handed", "", "answered", "", "", "answer",
                         "time, ms"))
        print(row("mode", *COLUMNS, "p50", "p99"))
        for name, tally in self.tallies.items():
            times = sorted(self.times[name])
            quantiles = (f"{times[int(q * (len(times) - 1))]:.1f}" for q in (0.5, 0.99))
            print(row(name, *(tally[column] for column in COLUMNS), *quantiles))


def main():
    load = Load(*sys.argv[1:4])
    if len(sys.argv) > 4:
        closed = threading.Event()
        threading.Thread(target=lambda: (sys.stdin.read(), closed.set()), daemon=True).start()
        load.run(int(sys.argv[4]), closed)
    else:
        rounds = math.ceil(CALLS_MIN / len(load.orders))
        load.run(rounds * len(load.orders))
    load.print_table()


if __name__ == "__main__":
    main()
