"""`stipend jobs` with live runners: one call by each kind of offer, what is paid for it, and a load."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "network"), str(HERE.parent / "host")]
from scene import BUILD, Devnet, free_port  # noqa: E402

JOBS = BUILD / "bin" / "stipend-jobs"
PRICE = 7_000_000


class Runner(unittest.TestCase):
    def network(self, *options):
        self.orchestrator = f"https://127.0.0.1:{free_port()}"
        signer = f"127.0.0.1:{free_port()}"
        self.signer = "http://" + signer
        self.devnet = Devnet(1, "--orchestrator-listen", self.orchestrator.removeprefix("https://"), "--live-runners", "--signer",
                             signer, *options)
        self.addCleanup(self.devnet.end)

    def run_jobs(self, *arguments, expect=0):
        done = subprocess.run([JOBS, *map(str, arguments)], text=True, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, expect, done.stderr + done.stdout)
        return done

    def send(self, *options, expect=0):
        done = self.run_jobs("send", "--dispatch", "runner", "--orchestrator", self.orchestrator, "--check", "uptime", "--json",
                             *options, expect=expect)
        return json.loads(done.stdout)["ways"][0]

    def state(self):
        with urllib.request.urlopen(self.devnet.control + "/state", timeout=20) as answer:
            return json.load(answer)

    def live(self):
        return self.state()["orchestrators"][0]["live_runners"]

    def test_a_free_runner_is_called(self):
        self.network("--capacity", "3")
        way = self.send()
        self.assertEqual((way["class"], way["uptime_percent"], way["served_by"]), ("succeeded", 100, self.orchestrator))
        self.assertEqual(way["url"], self.orchestrator + "/apps/scripted/app/agent-net")
        self.assertEqual(way["runner"], {"mode": "single-shot", "version": "", "capacity": 3, "free_slots": 3, "price_wei": "0",
                                         "unit": "", "paid_wei": "0", "session": ""})
        text = self.run_jobs("send", "--dispatch", "runner", "--orchestrator", self.orchestrator).stdout
        self.assertIn("runner     single-shot, 3 of 3 slots free, free", text)
        self.assertNotIn("token of", text)

    def test_a_session_is_called_and_ended(self):
        self.network("--runner-sessions")
        way = self.send()
        self.assertEqual(way["class"], "succeeded", way)
        self.assertIn("/session/", way["url"])
        self.assertTrue(way["runner"]["session"].endswith(": ended"), way)
        self.assertEqual((self.live()["reserved"], self.live()["stopped"]), (1, 1))
        self.devnet.fault(0, kind="reset")
        way = self.send(expect=1)
        self.assertTrue(way["runner"]["session"].endswith(": ended"), way)
        self.assertEqual((self.live()["reserved"], self.live()["stopped"]), (2, 2))

    def test_a_price_is_paid_up_to_its_own_limit(self):
        for options, unit, limit, other, paid in (((), "fixed", "--max-price", "--max-price-per-second", PRICE),
                                                  (("--runner-sessions", "--runner-unit", "seconds"), "seconds",
                                                   "--max-price-per-second", "--max-price", 10 * PRICE)):
            with self.subTest(unit):
                self.network("--runner-price", str(PRICE), *options)
                way = self.send(expect=1)
                self.assertIn(f"it asks {PRICE} wei for a {'call' if unit == 'fixed' else 'second'}, want at most 0 ({limit})",
                              way["why"])
                self.send("--signer", self.signer, limit, PRICE - 1, other, 10 * PRICE, expect=1)
                self.assertEqual(self.state()["signer"]["paid"], 0)
                way = self.send("--signer", self.signer, limit, PRICE)
                self.assertEqual((way["class"], way["runner"]["paid_wei"], way["runner"]["unit"]), ("succeeded", str(paid), unit))
                self.assertEqual(self.state()["signer"]["spent"], 1)
                self.devnet._post("/signer", {"fault": "ceiling"})
                way = self.send("--signer", self.signer, limit, PRICE, expect=1)
                self.assertIn("the signer makes no payment: status 481", way["why"])
                self.devnet._post("/signer", {"fault": "down"})
                way = self.send("--signer", self.signer, limit, PRICE, expect=1)
                self.assertIn("the signer fails: ", way["why"])

    def test_each_failure_has_its_class(self):
        self.network()
        for fault, kind, why in (("runner_unhealthy", "no_orchestrators", "it answers and has no runner of agent-net"),
                                 ("runner_full", "5xx", "status 503"), ("reset", "connect", ""),
                                 ("down", "connect", "discovery: ")):
            self.devnet.fault(0, kind=fault)
            way = self.send(expect=1)
            self.assertEqual(way["class"], kind, way)
            self.assertIn(why, way["why"])
        self.devnet.fault(0, kind="none")
        self.assertEqual(self.send()["class"], "succeeded")
        done = self.run_jobs("send", "--dispatch", "runner", "--orchestrator", self.orchestrator, "--check", "contains:nowhere",
                             "--json", expect=1)
        self.assertEqual(json.loads(done.stdout)["ways"][0]["class"], "body_check")

    def test_a_configuration_names_the_way(self):
        self.network("--runner-price", str(PRICE))
        folder = pathlib.Path(tempfile.mkdtemp(prefix="stipend-jobs-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        file = folder / "config.yaml"
        file.write_text(json.dumps({"dispatch": {"plugin": "runner", "config": {
            "app": "agent-net", "signer": self.signer, "max_price": PRICE}}}))
        done = self.run_jobs("send", "-c", file, "--orchestrator", self.orchestrator, "--json")
        self.assertEqual(json.loads(done.stdout)["ways"][0]["runner"]["paid_wei"], str(PRICE))

    def test_a_load_calls_free_runners_in_turns_and_compares_them(self):
        self.network()
        options = ("load", "--dispatch", "runner", "--closed", "--connections", "4", "--duration", "1", "--check", "uptime",
                   "--report", "json", "--quiet")
        report = json.loads(self.run_jobs(*options, "--orchestrator", self.orchestrator).stdout)
        self.assertGreater(report["sent"], 10)
        self.assertEqual(report["succeeded"], report["sent"])
        self.assertGreaterEqual(self.live()["calls"], report["sent"])
        both = ("--orchestrator", self.orchestrator, "--orchestrator", "https://127.0.0.1:1")
        error = self.run_jobs(*options, *both, expect=2).stderr
        self.assertIn("https://127.0.0.1:1: discovery: ", error)
        # One that cannot be called is compared all the same.
        prices = json.loads(self.run_jobs(*options, *both, "--pricing").stdout)["pricing"]
        known, gone = prices[self.orchestrator], prices["https://127.0.0.1:1"]
        self.assertEqual((known["price_wei_per_call"], known["free_slots"], known["cost_per_success_wei"], known["weight_percent"]),
                         ("0", 16, "0", 100))
        self.assertEqual((gone["sent"], gone["weight_percent"]), (0, 0))
        self.assertIn("not called: discovery: ", gone["problem"])

    def test_a_load_goes_to_each_runner_at_its_own_address(self):
        self.network()
        other = self.orchestrator
        self.network()
        report = json.loads(self.run_jobs("load", "--dispatch", "runner", "--rate", "40/s", "--duration", "1", "--check", "uptime", "--report",
                                          "json", "--quiet", "--orchestrator", other, "--orchestrator", self.orchestrator).stdout)
        self.assertEqual({name: (one["sent"], one["succeeded"]) for name, one in report["by_orchestrator"].items()},
                         {other: (20, 20), self.orchestrator: (20, 20)})
        self.assertEqual(self.live()["calls"], 20)

    def test_a_load_pays_nothing(self):
        self.network("--runner-price", str(PRICE))
        for options in ((), ("--pricing",)):
            error = self.run_jobs("load", "--dispatch", "runner", "--orchestrator", self.orchestrator, *options, expect=2).stderr
            self.assertIn(f"it asks {PRICE} wei for a call, want at most 0", error)
        self.assertEqual(self.live()["calls"], 0)

    def load(self, *options, expect=0):
        done = self.run_jobs("load", "--dispatch", "runner", "--orchestrator", self.orchestrator, "--closed", "--connections", "4",
                             "--check", "uptime", "--report", "json", "--quiet", *options, expect=expect)
        return json.loads(done.stdout)

    def paying(self, budget, *limit):
        return ("--pay", "--signer", self.signer, "--budget", str(budget), *map(str, limit))

    def test_a_load_calls_in_sessions_and_ends_each(self):
        self.network("--runner-sessions")
        report = self.load("--duration", "1")
        self.assertGreater(report["succeeded"], 4)
        self.assertEqual(report["succeeded"], report["sent"])
        live = self.live()
        self.assertEqual((live["reserved"], live["stopped"]), (report["sent"], report["sent"]))

    def test_a_load_pays_each_call_and_never_more_than_its_budget(self):
        for options, limit, cost in (((), "--max-price", PRICE),
                                     (("--runner-sessions", "--runner-unit", "seconds"), "--max-price-per-second", 10 * PRICE)):
            with self.subTest(limit):
                self.network("--runner-price", str(PRICE), *options)
                report = self.load("--duration", "60", "--pricing", *self.paying(7 * cost + cost // 2, limit, PRICE))
                self.assertEqual((report["sent"], report["succeeded"]), (7, 7), report)
                self.assertEqual(report["fees"], {"paid_wei": str(7 * cost), "budget_wei": str(7 * cost + cost // 2),
                                                  "ended_by_budget": True})
                self.assertLess(report["elapsed_seconds"], 30)
                self.assertEqual(report["pricing"][self.orchestrator]["cost_per_success_wei"], str(cost))
                signer, live = self.state()["signer"], self.live()
                self.assertEqual((signer["paid"], signer["spent"]), (7, 7))
                self.assertEqual(live["reserved"], live["stopped"])

    def test_what_was_not_paid_does_not_use_the_budget_up(self):
        self.network("--runner-price", str(PRICE))
        self.devnet._post("/signer", {"fault": "ceiling"})
        report = self.load("--duration", "1", *self.paying(5 * PRICE, "--max-price", PRICE), expect=0)
        self.assertGreater(report["sent"], 5)
        self.assertEqual((report["succeeded"], report["fees"]["paid_wei"], report["fees"]["ended_by_budget"]), (0, "0", False))
        self.devnet._post("/signer", {"fault": "none"})
        self.devnet.fault(0, kind="payment_refused")
        report = self.load("--duration", "30", *self.paying(5 * PRICE, "--max-price", PRICE))
        self.assertEqual((report["sent"], report["succeeded"], report["fees"]["paid_wei"]), (5, 0, str(5 * PRICE)))

    def test_a_budget_counts_whole_tickets(self):
        self.network("--runner-price", str(PRICE))
        report = self.load("--duration", "30", *self.paying(5 * PRICE, "--max-price", PRICE, "--ticket-value", 2 * PRICE))
        self.assertEqual((report["succeeded"], report["fees"]["paid_wei"]), (2, str(4 * PRICE)))

    def test_a_payment_is_made_only_where_all_of_it_is_said(self):
        address = ("load", "--orchestrator", "https://127.0.0.1:1")
        runner = (*address, "--dispatch", "runner")
        for options, why in (((*runner, "--pay", "--budget", "5"), "--pay: want --signer URL"),
                             ((*runner, "--pay", "--signer", "http://127.0.0.1:1"), "--pay: want --budget WEI"),
                             ((*runner, "--budget", "5"), "--budget without --pay"),
                             ((*runner, "--pay", "--signer", "http://127.0.0.1:1", "--budget", "x"), "--budget: not an amount of wei"),
                             ((*address, "--gateway", "http://127.0.0.1:1", "--pay", "--budget", "5"), "want --dispatch runner")):
            with self.subTest(why):
                self.assertIn(why, self.run_jobs(*options, expect=2).stderr)

    def test_options_that_do_not_fit_are_refused(self):
        address = "https://127.0.0.1:1"
        for options, why in (((), "no orchestrator: want --orchestrator URL"),
                             (("--orchestrator", address, "--gateway", "http://127.0.0.1:1"), "--gateway: got http://127.0.0.1:1"),
                             (("--orchestrator", address, "--max-price", "5"), "a limit of a price without a signer"),
                             (("--orchestrator", address, "--max-price", "5x"), "--max-price: not an amount of wei"),
                             (("--orchestrator", address, "--signer", "ftp://x"), "--signer: bad URL"),
                             (("--orchestrator", address, "--capability", "a b"), "bad app")):
            with self.subTest(why):
                self.assertIn(why, self.run_jobs("send", "--dispatch", "runner", *options, expect=2).stderr)


if __name__ == "__main__":
    unittest.main()
