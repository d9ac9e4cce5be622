#!/usr/bin/env python3
"""An operation served by HTTP: the engine posts the input, the answer is the result.

PORT (9000; 0: any), LEDGER (a file that gets a line for each effect; none by default).
"""
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DONE = {}  # Idempotency-Key -> result. Yours is a table with that key as primary key.


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        amount = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key = self.headers["Idempotency-Key"]  # the same in every attempt of the invocation
        if not isinstance(amount, (int, float)):
            return self.answer(422, {"error": "an amount is a number"})  # final, passed on
        if key not in DONE:
            charge(key)
            DONE[key] = {"receipt": len(DONE) + 1, "amount": amount}
        self.answer(200, DONE[key])  # a 5xx would be tried again

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def charge(key):
    """The effect."""
    if "LEDGER" in os.environ:
        with open(os.environ["LEDGER"], "a") as file:
            file.write(f"did {key}\n")


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", 9000))), Service)
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()
