"""The checks of the soak, checked: a sound history passes, and each way of tampering with one is found."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from chain import AWAY, Chain, Run  # noqa: E402
from model import NS, Account, Policy  # noqa: E402
from rows import JOB_OK, PAY, Decision, Gap, Generation, Orchestrator  # noqa: E402

START = 1_800_000_000 * NS
POLICY = Policy(interval_s=1, base_usd_e8=150_000_000, rate_e8=180_050_000_000, punishment_milli=1500, max_failures=3,
                recovery_checks=2)
UPTIMES = (1_000_000, 875_000, None, None, None, 1_000_000, None, 990_000, 990_000, 600_000, 1, 1_000_000)
AWAY_BEFORE = 8  # before this one the host was away for two intervals


class History:
    """What a ledger would hold; a test changes it."""

    def __init__(self):
        self.rows, self.gap_rows = [], []
        self.first_seen_at = START
        account, due_at = Account(), START
        for number, uptime in enumerate(UPTIMES):
            if number == AWAY_BEFORE:
                self.gap_rows.append(Gap(100, 1, due_at, due_at + 2 * NS, AWAY, 2 * POLICY.base_usd_e8))
                due_at += 2 * NS
                self.restart = due_at
            want = POLICY.decide("soak", account, uptime)
            next_at = due_at + NS + want.delay_ns + want.penalty_ns
            self.rows.append(Decision(
                seq=number + 1, orchestrator=1, epoch=number + 1, due_at=due_at,
                period_from=max(due_at - NS, self.rows[-1].decided_at if self.rows else 0),
                decided_at=due_at + 1000, job=JOB_OK if uptime is not None else 2, uptime_ppm=uptime,
                action=PAY if want.paid else 2, tier=want.tier, usd_e8=want.usd_e8, wei=want.wei.to_bytes(32, "big"),
                delay_ns=want.delay_ns, penalty_ns=want.penalty_ns, next_at=next_at,
                consecutive_failures=want.failures, suspended=int(want.suspended), reason="", generation=1,
                state_digest=b""))
            due_at = next_at

    def change(self, number, **fields):
        self.rows[number] = self.rows[number]._replace(**fields)

    def decisions(self, after=0):
        return [row for row in self.rows if row.seq > after]

    def gaps(self):
        return self.gap_rows

    def orchestrators(self):
        return {1: Orchestrator(1, "o1", self.first_seen_at)}

    def generations(self):
        return [Generation(1, START, "", "soak")]


class Found:
    def __init__(self):
        self.texts = []

    def add(self, text):
        self.texts.append(text)


class Checks(unittest.TestCase):
    def setUp(self):
        self.history = History()

    def found(self):
        runs = [Run(), Run()]
        for run, at in zip(runs, (START, self.history.restart)):
            run.spawned_at, run.ready_at = at - NS // 10, at + NS // 10
        found = Found()
        chain = Chain(self.history, POLICY, found)
        chain.extend(runs)
        chain.check_kept()
        chain.check_gaps()
        return "\n".join(found.texts)

    def test_a_sound_history_passes(self):
        self.assertEqual(self.found(), "")
        self.assertIn(True, [bool(row.suspended) for row in self.history.rows])

    def test_a_decision_that_is_there_twice(self):
        self.history.rows.append(self.history.rows[-1]._replace(seq=50))
        self.assertIn("it is there twice", self.found())

    def test_an_epoch_that_is_missing(self):
        del self.history.rows[4]
        self.assertIn("epoch: got 6, want 5", self.found())

    def test_a_forgiven_failure(self):
        self.history.change(3, consecutive_failures=1)
        self.assertIn("consecutive failures: got 1, want 2", self.found())

    def test_a_forgotten_memory(self):
        self.history.change(7, suspended=0)
        self.assertIn("suspended: got False, want True", self.found())

    def test_a_wrong_next_time(self):
        self.history.change(1, next_at=self.history.rows[1].next_at + 1)
        self.assertIn("next due time", self.found())

    def test_an_amount_that_is_one_wei_off(self):
        wei = int.from_bytes(self.history.rows[0].wei, "big") + 1
        self.history.change(0, wei=wei.to_bytes(32, "big"))
        self.assertIn("wei: got", self.found())

    def test_a_decision_before_it_was_due(self):
        self.history.change(2, decided_at=self.history.rows[2].due_at - 1)
        self.assertIn("not before it was due", self.found())

    def test_a_gap_that_is_not_recorded(self):
        self.history.gap_rows.clear()
        self.assertIn("got gap to None", self.found())

    def test_a_gap_in_which_nothing_was_missed(self):
        self.history.gap_rows.append(Gap(101, 1, START + NS, START + 2 * NS, AWAY, POLICY.base_usd_e8))
        self.assertIn("want None", self.found())

    def test_a_gap_of_another_cause(self):
        self.history.gap_rows[0] = self.history.gap_rows[0]._replace(cause="bad luck")
        self.assertIn("bad luck", self.found())

    def test_an_interval_passed_over_while_the_host_ran(self):
        self.history.restart = START + 30 * NS
        self.assertIn("the host has run since", self.found())

    def test_a_row_that_changed_after_it_was_read(self):
        found = Found()
        chain = Chain(self.history, POLICY, found)
        chain.extend([self.run_of_all()])
        self.history.change(0, reason="edited")
        chain.check_kept()
        self.assertIn("lost or changed", found.texts[-1])

    def run_of_all(self):
        run = Run()
        run.spawned_at, run.ready_at = START, START
        return run


if __name__ == "__main__":
    unittest.main()
