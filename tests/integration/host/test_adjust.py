"""Pay or excuse unpaid time: through a running host, and without one."""
import fcntl
import json
import os
import unittest
from datetime import datetime, timedelta
from decimal import Decimal

from network import Devnet, Host, wait_for

FROM, TO = "2026-11-20T10:00:00Z", "2026-11-20T10:05:00Z"


class Adjust(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.devnet = Devnet(2)
        cls.addClassCleanup(cls.devnet.end)

    def setUp(self):
        self.host = Host(self.devnet)
        self.addCleanup(self.host.end)
        code, _, err = self.host.run("run", "--once")
        self.assertEqual(code, 0, err)
        self.who = self.host.decisions()[0]["orchestrator"]

    def adjust(self, *more, at=(FROM, TO)):
        return self.host.run("adjust", "--orchestrator", self.who, "--from", at[0], "--to", at[1], "--reason",
                             "our gateway was down", "--json", *more)

    def owed(self):
        code, out, err = self.host.run("ledger", "balance", "--json")
        self.assertEqual(code, 0, err)
        return {one["orchestrator"]: int(one["owed_wei"]) for one in json.loads(out)}[self.who]

    def gap_that_ended(self):
        """Of a gateway that was away for some intervals of a running host."""
        self.host.environment["PAYMENT_INTERVAL_SECONDS"] = "1"
        self.host.start()
        self.devnet.gateway_fault("down")
        self.addCleanup(self.devnet.gateway_fault, "none")
        wait_for(lambda: int(self.host.status()["held"]) >= 6, "held intervals")
        self.devnet.gateway_fault("none")
        wait_for(lambda: [gap for gap in self.host.status()["unpaid"] if gap["to"]], "the end of a gap")
        gap = next(gap for gap in self.host.status()["unpaid"] if gap["to"])
        self.who = gap["orchestrator"]
        return gap

    def test_without_a_host_it_writes_to_the_ledger_itself(self):
        before = self.owed()
        code, out, err = self.adjust("--usd", "1.50")
        self.assertEqual(code, 0, err)
        self.assertEqual(json.loads(out)["amount_wei"], "750000000000000")
        self.assertEqual(self.owed() - before, 750000000000000)
        self.host.verified()

    def test_the_same_once_more_is_refused_whoever_wrote_the_first(self):
        self.assertEqual(self.adjust("--usd", "1.50")[0], 0)
        owed = self.owed()
        code, _, err = self.adjust("--usd", "1.50")
        self.assertEqual(code, 1)
        self.assertIn("adjust:", err)
        self.host.start()
        self.assertEqual(self.adjust("--usd", "1.50")[0], 1)
        self.host.stop()
        self.assertGreaterEqual(self.owed(), owed)
        self.host.verified()

    def test_an_excuse_needs_no_rate_and_pays_nothing(self):
        self.host.edit("every: 60s\n  max_age: 1h", "every: 1s\n  max_age: 1s")
        wait_for(lambda: self.adjust("--usd", "1", at=(FROM, "2026-11-20T10:01:00Z"))[0] == 1, "the rate's end")
        before = self.owed()
        code, out, err = self.adjust("--excuse")
        self.assertEqual(code, 0, err)
        self.assertEqual(json.loads(out)["amount_wei"], "0")
        self.assertEqual(self.owed(), before)

    def test_an_amount_wants_a_rate_that_still_counts(self):
        self.host.edit("every: 60s\n  max_age: 1h", "every: 1s\n  max_age: 1s")
        wait_for(lambda: "no exchange rate is accepted" in self.adjust("--usd", "1.50")[2], "the rate's end")

    def test_a_gap_is_paid_at_the_base_of_that_orchestrator(self):
        gap = self.gap_that_ended()
        self.host.stop()
        self.host.edit("orchestrators: []", f"orchestrators: [{{address: 'https://{self.who}', base: 3 USD}}]")
        code, out, err = self.adjust(at=(gap["from"], gap["to"]))
        self.assertEqual(code, 0, err)
        whole = Decimal(json.loads(out)["amount_usd"])
        self.assertEqual(whole % 3, 0)
        self.assertGreater(whole, 0)

    def test_what_was_paid_in_part_is_not_paid_again_with_the_whole(self):
        gap = self.gap_that_ended()
        start = datetime.fromisoformat(gap["from"].replace("Z", "+00:00"))
        second = (start + timedelta(seconds=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.assertLess(second, gap["to"])
        whole = Decimal(gap["at_stake_usd"])

        def paid(code, out, err):
            self.assertEqual(code, 0, err)
            return Decimal(json.loads(out)["amount_usd"])

        first = paid(*self.adjust(at=(gap["from"], second)))
        self.assertEqual(first, 10)
        rest = [one for one in self.host.status()["unpaid"] if one["orchestrator"] == self.who and one["to"] == gap["to"]]
        self.assertEqual([one["from"] for one in rest], [second])
        self.assertEqual(paid(*self.adjust(at=(gap["from"], gap["to"]))), whole - first)
        code, _, err = self.adjust("--usd", "1", at=(gap["from"], "2126-11-20T10:05:00Z"))
        self.assertEqual(code, 1)
        self.assertIn("want a time that has been", err)
        self.host.stop()
        self.host.verified()

    def test_an_unknown_orchestrator_is_refused(self):
        self.who = "nobody:1"
        code, _, err = self.adjust("--usd", "1")
        self.assertEqual(code, 1)
        self.assertIn("no such orchestrator: nobody:1", err)

    def test_a_ledger_that_somebody_else_writes_is_left_alone(self):
        with open(self.host.folder / "state" / "ledger.db.lock", "r+", encoding="ascii") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX)
            code, _, err = self.adjust("--usd", "1")
        self.assertEqual(code, 1)
        self.assertIn("another process writes to this ledger", err)

    def test_no_ledger_is_made_by_it(self):
        self.host.environment["STATE_DIRECTORY"] = str(self.host.folder / "elsewhere")
        code, _, err = self.adjust("--usd", "1")
        self.assertEqual(code, 1)
        self.assertIn("no host runs, and there is no ledger: ", err)
        self.assertFalse(os.path.exists(self.host.folder / "elsewhere"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
