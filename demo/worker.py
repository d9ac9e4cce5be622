#!/usr/bin/env python3
"""The worker: it pulls the operation `ship-parcel`. Its two steps are recorded over HTTP.

usage: worker.py SERVER_URL SHOP_URL

It is killed at any moment; there is no code here for that. `examples/workers` is where to begin
with a worker of your own: this one does many parcels at a time, over connections that it keeps.
"""
import sys
import threading
import time

from connection import Connection

LEASE = "/v1/operations/ship-parcel/lease?max=1&wait=10s"
THREADS = 24
HEARTBEAT = 1  # seconds; the lease is five


class LeaseLost(Exception):
    """Another attempt has it, or it is over: drop the work."""


def ship(parcel, step):
    """What a step returned is recorded: a later attempt gets that, and does not do it again."""
    invoice = step("invoice", parcel)
    return {"invoice": invoice, "parcel": step("parcel", parcel)}


class Worker:
    """One thread that takes one parcel after the other."""

    def __init__(self, server_url, shop_url):
        self.server, self.shop = Connection(server_url), Connection(shop_url)
        self.held = None  # the attempt that it has

    def work(self):
        while True:
            leased = self.server.ask_until_answered("POST", LEASE)
            if leased.status != 200:  # not declared yet, or the server stops
                time.sleep(0.1)
                continue
            for attempt in leased.value["attempts"]:
                self.held = attempt["token"]
                try:
                    self.tell("POST", "complete", ship(attempt["input"], self.steps(attempt)))
                except LeaseLost:
                    pass
                self.held = None

    def steps(self, attempt):
        recorded = attempt["steps"]

        def step(effect, parcel):
            if effect not in recorded:
                token = f"{attempt['idempotency_key']}/{effect}"  # the same in every try
                asked = {"order": parcel["order"]}
                did = self.shop.ask_until_answered(  # the attempt is for the books alone
                    "POST", f"/{effect}", asked,
                    Idempotency_Key=token, Shop_Attempt=str(attempt["attempt"]))
                recorded[effect] = self.tell("PUT", f"steps/{effect}", did.value["id"])
            return recorded[effect]
        return step

    def tell(self, method, what, value):
        """Sent again while the server is away: what was done it answers as done, or by 409."""
        target = f"/v1/attempts/{self.held}/{what}"
        answer = self.server.ask_until_answered(method, target, value)
        if answer.status == 409:
            raise LeaseLost
        if answer.status >= 400:
            raise RuntimeError(f"{target}: {answer.value}")
        return answer.value


def beat(server_url, workers):
    """One request renews the leases of all that work."""
    server, over = Connection(server_url), threading.Event()
    while not over.wait(HEARTBEAT):
        if tokens := [token for worker in workers if (token := worker.held)]:
            beats = [{"token": token} for token in tokens]
            server.ask_until_answered("POST", "/v1/attempts", {"heartbeat": beats})


def main():
    workers = [Worker(*sys.argv[1:]) for _ in range(THREADS)]
    for worker in workers:
        threading.Thread(target=worker.work, daemon=True).start()
    beat(sys.argv[1], workers)


if __name__ == "__main__":
    main()
