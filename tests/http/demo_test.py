#!/usr/bin/python3
"""`nowthen demo` against the shop of the demonstration."""
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

from server_process import ROOT, binary  # noqa: E402

QUICK, MIXED = "1-20ms", "1-20ms, now and then 2s"


class Demo(unittest.TestCase):
    def setUp(self):
        self.ledger = tempfile.NamedTemporaryFile()
        self.shop = subprocess.Popen([ROOT / "demo" / "shop.py", "0", self.ledger.name, "1"],
                                     stdout=subprocess.PIPE, text=True)
        self.url = self.shop.stdout.readline().strip()

    def tearDown(self):
        self.shop.terminate()
        self.assertEqual(self.shop.wait(), 0)
        self.shop.stdout.close()
        self.ledger.close()

    def demo(self, *words, url=None):
        """Exit code, the lines of its output by name, and what it complains about."""
        done = subprocess.run([binary(), "demo", *words, "--shop", url or self.url], text=True,
                              capture_output=True)
        lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
        return done.returncode, lines, done.stderr

    def test_the_shop_gets_slower_and_is_as_it_was(self):
        as_it_was = {"payment": MIXED, "stock": MIXED, "mail": QUICK, "print": QUICK,
                     "carrier": QUICK}
        self.assertEqual(self.demo(), (0, as_it_was, ""))
        code, lines, _ = self.demo("set", "payment=2s", "mail=0.5ms")
        self.assertEqual((code, lines), (0, as_it_was | {"payment": "2s", "mail": "0.5ms"}))
        code, lines, _ = self.demo("set", "payment=")
        self.assertEqual((code, lines), (0, as_it_was | {"mail": "0.5ms"}))

    def test_what_is_wrong_changes_nothing(self):
        for words, code, what in [(["set", "mail=1s", "postage=2s"], 4, "there is no 'postage'"),
                                  (["set", "mail=1s", "stock=soon"], 4, "not 'soon'"),
                                  (["set"], 2, "set what?"), (["get"], 2, "what is 'get'?"),
                                  (["set", "=1s"], 2, "what is '=1s'?")]:
            with self.subTest(words):
                exit_code, _, said = self.demo(*words)
                self.assertEqual(exit_code, code)
                self.assertIn(what, said)
        self.assertEqual(self.demo()[1]["mail"], QUICK)

    def test_it_says_when_there_is_no_shop(self):
        code, _, said = self.demo(url="http://127.0.0.1:1")
        self.assertEqual(code, 5)
        self.assertIn("is make demo running?", said)


if __name__ == "__main__":
    unittest.main()
