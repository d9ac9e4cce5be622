#!/usr/bin/env python3
"""The shop service: payment, stock, mail, invoices, parcels. It is what orders have an effect on.

usage: shop.py PORT LEDGER SEED    PORT 0: any that is free; prints the URL

`POST /charge` and so on, {"order": ..., "cents": ...}: an effect. Its Idempotency-Key names it, so
that a repeated try gets the answer of the first. Each try is a line of the ledger, which is half of
the books; so the shop is never killed. It answers slowly now and then, as such services do.
`GET /latency`, `PATCH /latency` {"payment": "2s", "mail": null}: how slowly; null is as it was.
"""
import json
import os
import random
import re
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

EFFECTS = {"charge": "payment", "save": "stock", "mail": "mail", "invoice": "print",
           "parcel": "carrier"}  # effect -> what does it
SLOW_NOW_AND_THEN = ("payment", "stock")  # what callers wait for
DURATION = re.compile(r"([0-9]{1,6}(?:\.[0-9]+)?)(ms|s)")


class Shop:
    def __init__(self, ledger, seed):
        self.ledger = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self.seed, self.lock, self.tries = seed, threading.Lock(), {}
        self.latencies = {name: None for name in EFFECTS.values()}  # seconds; None: by chance

    def do(self, effect, asked, token, **who):
        """The line is written when the try has ended, even if who asked is dead by then."""
        with self.lock:
            nth = self.tries[token] = self.tries.get(token, 0) + 1
        began = time.monotonic()
        time.sleep(self.latency(effect, asked["order"], nth))
        line = {"effect": effect, "order": asked["order"], "token": token, "nth": nth,
                **who, "began": began, "ended": time.monotonic(),
                "cents": asked.get("cents", 0)}
        os.write(self.ledger, json.dumps(line).encode() + b"\n")  # at once: lines do not mix
        return {"id": "did " + token}

    def latency(self, effect, order, nth):
        """Drawn from what is asked, not from when: a seed means the same in each run."""
        name = EFFECTS[effect]
        if self.latencies[name] is not None:
            return self.latencies[name]
        chance = random.Random(f"{self.seed} {effect} {order} {nth}")
        luck = chance.random() if name in SLOW_NOW_AND_THEN else 1
        return (2 if luck < 0.005 else chance.uniform(0.1, 0.9) if luck < 0.09
                else chance.uniform(0.001, 0.02))

    def set(self, wanted):
        """None, or what is wrong with it; then nothing is changed."""
        seconds = {}
        for name, text in wanted.items():
            found = DURATION.fullmatch(text or "0s")
            if name not in self.latencies:
                return f"there is no '{name}': it is one of {', '.join(self.latencies)}"
            if not found:
                return f"{name}: a duration such as 300ms or 2s, not '{text}'"
            number = float(found[1]) / (1000 if found[2] == "ms" else 1)
            seconds[name] = number if text else None
        self.latencies |= seconds

    def shown(self):
        def text(name, seconds):
            if seconds is not None:
                return f"{seconds:g}s" if seconds >= 1 else f"{1000 * seconds:g}ms"
            return "1-20ms" + (", now and then 2s" if name in SLOW_NOW_AND_THEN else "")
        return {name: text(name, seconds) for name, seconds in self.latencies.items()}


class Front(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer is one write

    def do_POST(self):
        effect, asked = self.path[1:], self.body()
        if effect not in EFFECTS:
            return self.answer(404, {"error": f"the shop does not {effect}"})
        who = {"pid": int(self.headers.get("Shop-Process", 0)),
               "attempt": int(self.headers.get("Shop-Attempt", 0))}
        token = self.headers["Idempotency-Key"]
        self.answer(200, self.server.shop.do(effect, asked, token, **who))

    def do_GET(self):
        self.answer(200, self.server.shop.shown())

    def do_PATCH(self):
        wrong = self.server.shop.set(self.body())
        self.answer(400 if wrong else 200, {"error": wrong} if wrong else self.server.shop.shown())

    def body(self):
        length = int(self.headers["Content-Length"])
        text = self.rfile.read(length)
        if len(text) < length:
            raise ConnectionError("who asked was killed while it sent")
        return json.loads(text)

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # that is who asked being killed
            super().handle_error(request, client_address)


def main():
    server = Server(("127.0.0.1", int(sys.argv[1])), Front)
    server.shop = Shop(sys.argv[2], sys.argv[3])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
