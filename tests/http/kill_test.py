#!/usr/bin/python3
"""Fifty kills of the server under HTTP load, and kills of its worker, with the books outside of it.

Goal: every 202 completes and no completed step repeats, in every mode and with every executor.
Method: the processes of demo/, whose load plays all modes round and round; the server is killed
each time that the shop's ledger has grown by some lines, so in the middle of the work; at the end
the shop's ledger is held against the callers' record (demo/books; demo/books_test.py shows what
that sees). usage: kill_test.py [SEED]
"""
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "demo"))
sys.dont_write_bytecode = True

from stage import Stage  # noqa: E402

KILLS = 50
LINES_MAX = 300     # of the ledger between two kills
WORKER_EACH = 5     # with each fifth kill of the server, the worker is killed, too
CALLS = 100         # in each phase
PATIENCE = 60


def wait_for_lines(ledger, count):
    """Until the ledger has grown by so many lines."""
    deadline = time.monotonic() + PATIENCE
    with open(ledger) as lines:
        lines.seek(0, 2)
        while count > 0:
            count -= lines.read().count("\n")
            if time.monotonic() > deadline:
                sys.exit(f"kill_test: nothing goes on any more; {count} lines did not come")
            time.sleep(0.001)


def kill_under_load(stage, chance):
    stage.start_load(ROOT / "demo" / "sample", CALLS, stdin=subprocess.PIPE,
                     stdout=subprocess.DEVNULL)
    for kill in range(KILLS):
        wait_for_lines(stage.ledger, 1 + chance.randrange(LINES_MAX))
        if kill % WORKER_EACH == 0:
            stage.kill_worker()
        stage.kill_program()
    stage.load.stdin.close()
    stage.end_load()
    stage.end()


def decisions(record):
    """How many calls were answered, handed over, deferred, ..."""
    lines = (json.loads(line) for line in open(record))
    return Counter(line["decision"].split(";")[0] for line in lines if line.get("decision"))


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    folder = Path(tempfile.mkdtemp(prefix="nowthen-kill-"))
    began = time.monotonic()
    stage = Stage(folder, seed)
    try:
        stage.open()
        kill_under_load(stage, random.Random(seed))
    finally:
        stage.stop_all()
    seen = decisions(stage.record)
    print(f"{KILLS} kills in {time.monotonic() - began:.0f} s, seed {seed}; calls:",
          ", ".join(f"{word} {count}" for word, count in seen.most_common()), flush=True)
    if not stage.print_books():
        sys.exit(f"kill_test: the books do not balance; they are in {folder}")
    if missing := {"answered", "handed-over", "deferred"} - set(seen):
        sys.exit(f"kill_test: no call was {missing}, so that this shows nothing")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
