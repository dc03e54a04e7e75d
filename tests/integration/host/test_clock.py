"""A wall clock that is set, while the host runs and while it does not."""
import os
import pathlib
import unittest
from datetime import datetime, timedelta

from network import BUILD, Devnet, Host, wait_for

DAY = 86_400


def time_of(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")


class Clock(unittest.TestCase):
    def setUp(self):
        self.devnet = Devnet(2)
        self.addCleanup(self.devnet.end)
        self.host = Host(self.devnet)
        self.addCleanup(self.host.end)
        self.file = pathlib.Path(self.host.folder) / "clock"
        self.set_clock(0)
        self.host.environment.update(LD_PRELOAD=str(BUILD / "tests" / "clock_shim.so"), CLOCK_SHIM_FILE=str(self.file))

    def set_clock(self, seconds):
        new = self.file.with_suffix(".new")
        new.write_text(str(seconds))
        os.replace(new, self.file)

    def more_decisions(self, count=4):
        before = len(self.host.decisions())
        wait_for(lambda: len(self.host.decisions()) >= before + count, "further decisions")

    def nothing_twice(self):
        lines = self.host.decisions()
        for who in {line["orchestrator"] for line in lines}:
            epochs = [line["epoch"] for line in lines if line["orchestrator"] == who]
            self.assertEqual(epochs, list(range(1, len(epochs) + 1)))
        self.host.verified()

    def check_jump(self, seconds):
        self.host.start()
        self.more_decisions()
        self.set_clock(seconds)
        wait_for(lambda: any(alert["id"] == "clock-set" for alert in self.host.status()["alerts"]), "the alert")
        self.more_decisions()
        self.host.stop()
        lines = self.host.decisions()
        span = time_of(lines[-1]["decided_at"]) - time_of(lines[0]["decided_at"])
        self.assertLess(abs(span), timedelta(seconds=120))  # the schedule went on as if nothing had happened
        self.nothing_twice()

    def test_a_clock_set_ahead_under_a_running_host_moves_no_schedule(self):
        self.check_jump(DAY)

    def test_a_clock_set_back_under_a_running_host_moves_no_schedule(self):
        self.check_jump(-DAY)

    def test_the_alert_ends_when_the_clock_is_right_again(self):
        self.host.start()
        self.set_clock(600)
        wait_for(lambda: self.host.status()["alerts"], "the alert")
        self.set_clock(0)
        wait_for(lambda: not self.host.status()["alerts"], "its end")

    def test_a_day_that_passed_without_a_host_is_a_gap_and_not_caught_up(self):
        self.host.start()
        self.more_decisions()
        self.host.stop()
        count = len(self.host.decisions())
        self.set_clock(DAY)
        self.host.start()
        self.more_decisions()
        gaps = [gap for gap in self.host.status()["unpaid"] if gap["to"]]
        self.host.stop()
        self.assertEqual(len(gaps), 2)
        for gap in gaps:
            self.assertGreater(time_of(gap["to"]) - time_of(gap["from"]), timedelta(hours=23))
        self.assertLess(len(self.host.decisions()) - count, 100)
        self.nothing_twice()

    def test_a_clock_that_stood_in_the_future_does_not_stop_pay(self):
        self.set_clock(DAY)
        self.host.start()
        self.more_decisions()
        self.host.stop()
        self.set_clock(0)
        self.host.start()
        self.assertEqual([alert["id"] for alert in self.host.status()["alerts"]], ["clock"])
        self.more_decisions()
        self.host.stop()
        self.nothing_twice()


if __name__ == "__main__":
    unittest.main(verbosity=2)
