#!/usr/bin/env python3
"""Tests of the books: they balance when all is well, and say so when anything is not.

One order, written by hand, of which each test spoils something.
"""
import copy
import json
import subprocess
import tempfile
import unittest
from pathlib import Path

BOOKS = Path(__file__).resolve().parent / "books"
CENTS = 995
EFFECTS = ["charge", "save", "mail", "invoice", "parcel"]
FIRST, SECOND, WORKER = 101, 102, 103  # pids: the server in two lives, and its worker


def tried(effect, began, pid=0, token=None, order="A", attempt=0):
    """A line of the ledger. The steps of the server alone come with its pid, those of the worker
    with the attempt."""
    return {"effect": effect, "order": order, "token": token or f"{order}/{effect}", "pid": pid,
            "attempt": attempt, "began": began, "ended": began + 0.1,
            "cents": CENTS if effect == "charge" else 0}


def wrote(event, at, **more):
    """A line of the record."""
    return {"event": event, "at": at, "order": "A", **more}


class Books(unittest.TestCase):
    def setUp(self):
        """Charged at 1, saved at 2, answered at 3; mail, invoice and parcel at 4, 5 and 6."""
        self.ledger = [tried(effect, 1 + n, FIRST if n < 2 else 0)
                       for n, effect in enumerate(["charge", "save"])]
        self.ledger += [tried(effect, 4 + n) for n, effect in enumerate(EFFECTS[2:])]
        self.record = [wrote("call", 0, cents=CENTS), wrote("answer", 3, answer="result"),
                       wrote("told", 3), wrote("mailed", 7), wrote("shipped", 8)]

    def kill(self, at, pid=FIRST, process="program"):
        self.record.append({"event": "kill", "at": at, "pid": pid, "process": process})

    def work_out(self):
        with tempfile.TemporaryDirectory() as folder:
            names = [Path(folder) / "ledger", Path(folder) / "record"]
            for name, lines in zip(names, (self.ledger, self.record)):
                name.write_text("".join(json.dumps(line) + "\n" for line in lines))
            done = subprocess.run([BOOKS, *names], text=True, stdout=subprocess.PIPE)
        return done.returncode, done.stdout

    def assert_balance(self, line):
        code, said = self.work_out()
        self.assertIn(line, said)
        self.assertEqual(code, 0, said)

    def assert_wrong(self, line):
        code, said = self.work_out()
        self.assertIn(line, said)
        self.assertEqual(code, 1, said)

    # ---- losses

    def test_all_is_well(self):
        self.assert_balance("orders 1 = charges 1 = saves 1 = mails 1 = invoices 1 = parcels 1\n"
                            "ordered 9.95 = charged 9.95\nlost 0; accepted and never answered 0\n"
                            "completed steps repeated 0\n")

    def test_an_effect_that_is_missing_is_a_loss(self):
        whole = self.ledger
        for effect in EFFECTS:
            with self.subTest(effect):
                self.ledger = [line for line in whole if line["effect"] != effect]
                self.assert_wrong("lost 1")

    def test_a_202_that_nobody_answers_is_wrong(self):
        whole = self.record
        for event in ("told", "mailed", "shipped"):
            with self.subTest(event):
                self.record = [line for line in whole if line["event"] != event]
                self.assert_wrong("never answered 1")

    def test_what_nobody_ordered_is_wrong(self):
        self.ledger.append(tried("charge", 9, order="B"))
        self.assert_wrong("orders 1 = charges 2")

    def test_another_amount_is_wrong(self):
        self.ledger[0]["cents"] += 1
        self.assert_wrong("ordered 9.95 = charged 9.96")

    def test_twice_under_two_tokens_is_wrong(self):
        self.ledger.append(tried("charge", 1.5, FIRST, token="other"))
        self.assert_wrong("charges 2")

    def test_an_unknown_order_happens_in_full_or_not_at_all(self):
        self.record = [wrote("call", 0, cents=CENTS), wrote("answer", 3, answer="unknown")]
        whole = self.ledger
        self.assert_balance("unknown 1 (done 1)")
        self.ledger = whole[:1]
        self.assert_wrong("lost 1")
        self.ledger = []
        self.assert_balance("unknown 1 (done 0)")

    # ---- repeats

    def test_a_try_is_repeated_after_its_process_was_killed(self):
        self.ledger.insert(1, tried("charge", 1.5, SECOND))
        self.kill(1.2)
        self.assert_balance("attempts repeated (allowed) 1")

    def test_but_not_in_the_same_process(self):
        self.ledger.insert(1, tried("charge", 1.5, FIRST))
        self.kill(1.2)
        self.assert_wrong("completed steps repeated 1 A/charge")

    def test_nor_if_it_ended_long_before_the_kill(self):
        self.ledger[0]["began"], self.ledger[0]["ended"] = -2, -1.5
        self.ledger.append(tried("charge", 1, SECOND))
        self.kill(0.7)
        self.assert_wrong("completed steps repeated 1 A/charge")

    def test_nor_after_a_later_step_or_an_answer(self):
        whole = copy.deepcopy((self.ledger, self.record))
        for effect in EFFECTS:
            with self.subTest(effect):
                self.ledger, self.record = copy.deepcopy(whole)
                first = self.ledger[EFFECTS.index(effect)]
                first["ended"] = 8.5
                self.ledger.append(tried(effect, 9, SECOND if first["pid"] else 0))
                self.kill(8.7)
                self.assert_wrong(f"completed steps repeated 1 A/{effect}")

    def test_a_kill_of_the_worker_excuses_the_steps_of_the_worker_alone(self):
        self.ledger.append(tried("parcel", 6.5))
        self.assert_wrong("completed steps repeated 1 A/parcel")
        self.kill(6.2, WORKER, "worker")
        self.assert_balance("attempts repeated (allowed) 1")
        self.ledger.append(tried("mail", 6.6))
        self.assert_wrong("completed steps repeated 1 A/mail")

    def test_a_worker_that_lost_its_lease_may_be_late(self):
        for attempt in (1, 2, 3):
            with self.subTest(attempt):
                self.setUp()
                self.ledger[3]["attempt"] = 2  # stored, for the parcel follows
                self.ledger.append(tried("invoice", 6.2, attempt=attempt))
                self.assert_wrong("completed steps repeated 1 A/invoice")
                self.kill(4.8)
                if attempt < 2:
                    self.assert_balance("attempts repeated (allowed) 1")
                else:
                    self.assert_wrong("completed steps repeated 1 A/invoice")

    def test_the_kill_was_in_between(self):
        for at in (1.5, 5.5):
            with self.subTest(at):
                self.setUp()
                self.ledger.append(tried("mail", 4.5))
                self.kill(at)
                self.assert_wrong("completed steps repeated 1 A/mail")
        self.kill(4.3)
        self.assert_balance("attempts repeated (allowed) 1")


if __name__ == "__main__":
    unittest.main()
