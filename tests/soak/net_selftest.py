"""The checks of the network soak, checked: what is right passes, and each wrong decision is found."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from net_plan import CAP, Plan  # noqa: E402
from net_truth import INTERVAL, LOST, Capability, Payer, Span, Truth, Verdict, overlap  # noqa: E402


def truth(**spans):
    one = Truth(price_age=1)
    for name, value in spans.items():
        setattr(one, name, [Span(*span) for span in value])
    return one


def verdict(ok=True, uptime_ppm=1_000_000, tier="excellent", due_at=1000.0, decided_at=1000.1, window=INTERVAL, job_at=1000.0):
    if not ok:
        uptime_ppm, tier = 0, "offline"
    return Verdict(due_at, decided_at, ok, uptime_ppm, tier, window, job_at if ok else None)


class Failures(unittest.TestCase):
    def test_one_that_was_well_must_not_fail(self):
        self.assertIn("well all the time", truth(unwell=[("crash", 900, 904)]).check(verdict(ok=False))[0])

    def test_one_that_was_away_may_fail(self):
        self.assertEqual(truth(unwell=[("worker", 995, 1030)]).check(verdict(ok=False)), [])
        self.assertEqual(truth(unwell=[("worker", 995)]).check(verdict(ok=False)), [])

    def test_a_restart_must_cost_nothing(self):
        self.assertIn("restarted once", truth(unwell=[("crash", 999, 1009)]).check(verdict(ok=False, decided_at=1001))[0])

    def test_a_restart_that_lasts_longer_than_a_job_waits_may_cost_something(self):
        self.assertEqual(truth(unwell=[("crash", 999, 1012)]).check(verdict(ok=False, decided_at=1013)), [])

    def test_a_restart_beside_another_fault_may_cost_something(self):
        one = truth(unwell=[("crash", 999, 1003), ("token_refused", 1001, 1020)])
        self.assertEqual(one.check(verdict(ok=False, decided_at=1005)), [])


class Payments(unittest.TestCase):
    def test_one_that_was_well_is_paid(self):
        self.assertEqual(truth().check(verdict()), [])

    def test_one_that_was_away_all_the_time_must_not_be_ok(self):
        for kind in ("crash", "token_refused", "hold_all"):
            self.assertIn(kind, truth(unwell=[(kind, 990, 1010)]).check(verdict())[0])
        self.assertIn("worker_killed", truth(away=[("worker_killed", 999, 1010)]).check(verdict(uptime_ppm=960_000))[0])

    def test_a_price_that_was_seen_is_used_for_a_while(self):
        self.assertEqual(truth(unwell=[("price_high", 999, 1010)]).check(verdict()), [])
        self.assertIn("price_high", truth(unwell=[("price_high", 990, 1010)]).check(verdict())[0])

    def test_a_service_that_was_stopped_is_no_uptime(self):
        one = truth(stopped=[("service", 988, 1000)])
        self.assertEqual(one.check(verdict(uptime_ppm=500_000, tier="warning")), [])
        self.assertIn("uptime", one.check(verdict())[0])
        self.assertIn("uptime", one.check(verdict(uptime_ppm=100_000, tier="warning"))[0])

    def test_a_service_that_ran_is_uptime(self):
        self.assertIn("uptime", truth().check(verdict(uptime_ppm=900_000, tier="warning"))[0])

    def test_a_service_that_was_stopped_all_the_time_is_no_uptime_at_all(self):
        one = truth(stopped=[("service", 900)])
        self.assertEqual(one.check(verdict(uptime_ppm=0, tier="offline")), [])
        self.assertIn("uptime", one.check(verdict(uptime_ppm=200_000, tier="warning"))[0])

    def test_a_worker_that_was_away_saw_no_uptime(self):
        one = truth(away=[("worker_killed", 980, 990)])
        self.assertEqual(one.check(verdict(uptime_ppm=400_000, tier="warning")), [])
        self.assertIn("uptime", one.check(verdict())[0])

    def test_one_is_not_ok_without_a_job(self):
        self.assertIn("no job", truth().check(verdict(job_at=None))[0])

    def test_the_tier_is_that_of_the_uptime(self):
        self.assertIn("tier", truth().check(verdict(tier="warning"))[0])


class Holds(unittest.TestCase):
    def setUp(self):
        self.payer = Payer()

    def test_time_is_held_for_a_fault_of_the_payer_only(self):
        self.assertIn("held at", self.payer.check_gap(1000, 1024, True, [])[0])
        self.payer.faults.append(Span("down", 990, 1001))
        self.assertEqual(self.payer.check_gap(1000, 1024, True, []), [])

    def test_each_interval_that_is_held_needs_one(self):
        self.payer.faults.append(Span("down", 990, 1001))
        self.assertIn("held at 1024", self.payer.check_gap(1000, 1048, True, [])[0])

    def test_the_deposit_holds_those_only_that_charge(self):
        self.payer.unfunded.append(Span("deposit", 990, 1030))
        self.assertEqual(self.payer.check_gap(1000, 1024, True, []), [])
        self.assertIn("held at", self.payer.check_gap(1000, 1024, False, [])[0])
        self.assertEqual(self.payer.check_gap(1000, 1024, False, [Span("token_refused", 995, 1010)]), [])


class Losses(unittest.TestCase):
    def test_a_loss_that_lasts_too_long_is_found_once(self):
        one = Capability()
        found = [one.look(at, False, True) for at in (0, LOST, LOST + 1, LOST + 2)]
        self.assertEqual(found, [False, False, True, False])

    def test_time_in_which_one_of_both_is_away_does_not_count(self):
        one = Capability()
        found = [one.look(at, False, at != LOST) for at in (0, LOST, LOST + 1, 2 * LOST)]
        self.assertNotIn(True, found)


class Plans(unittest.TestCase):
    def test_the_same_seed_is_the_same_plan(self):
        plans = [Plan(seed, 3600, (False, True), 26, 25).events for seed in (5, 5, 6)]
        self.assertEqual(plans[0], plans[1])
        self.assertNotEqual(plans[0], plans[2])

    def test_a_plan_has_every_kind_of_fault(self):
        events = Plan(7, 20_000, (False, True), 26, 25).events
        kinds = {event.kind for event in events}
        self.assertEqual(len(kinds), 20, kinds)
        self.assertEqual({event.fault["wei"] > CAP for event in events if event.kind == "price_high"}, {True})

    def test_faults_of_one_track_do_not_overlap(self):
        tracks = {}
        for event in Plan(8, 3600, (False, True), 26, 25).events:
            track = (event.target, event.kind.startswith(("worker", "service")))
            self.assertGreaterEqual(event.at, tracks.get(track, 0) + 26)
            tracks[track] = event.ends


class Spans(unittest.TestCase):
    def test_what_overlaps_counts_once(self):
        self.assertEqual(overlap([Span("a", 0, 5), Span("b", 3, 8), Span("c", 9)], 1, 10), 8)


if __name__ == "__main__":
    unittest.main()
