"""`stipend verify` where live runners are called, without a gateway: which step each fault fails, and what is paid."""
import json
import unittest
from urllib.request import urlopen

from test_verify import VerifyTest, free_place, wait_for

PRICE = 7_000_000


class Runner(VerifyTest):
    def network(self, *options):
        place, signer = free_place(), free_place()
        self.orchestrator, self.signer = f"https://{place}", f"http://{signer}"
        # The gateway is there, and nothing asks it.
        self.network_of_one = self.devnet(1, "--orchestrator-listen", place, "--live-runners", "--signer", signer, *options)

    def verify_runner(self, *options, expect=0):
        return self.steps("--dispatch", "runner", "--orchestrator", self.orchestrator, *map(str, options), expect=expect)

    def failing_of(self, *options):
        steps = self.verify_runner(*options, expect=1)
        return [(name, one["evidence"]) for name, one in steps.items() if one["verdict"] == "FAIL"]

    def state(self):
        with urlopen(self.network_of_one.control + "/state", timeout=20) as answer:
            return json.load(answer)

    def test_a_free_runner_passes_and_no_step_asks_a_gateway(self):
        for mode in ((), ("--runner-sessions",)):
            with self.subTest(mode):
                self.network(*mode)
                steps = self.verify_runner()
                for name in ("dns", "tcp", "tls", "route", "sentinel"):
                    self.assertEqual((steps[name]["verdict"], steps[name]["evidence"]),
                                     ("SKIP", "live runners are called without a gateway"))
                for name in ("token", "capacity", "price", "job", "served_by", "uptime"):
                    self.assertEqual(steps[name]["verdict"], "PASS", steps[name])
                self.assertIn("a persistent runner" if mode else "a single-shot runner", steps["token"]["evidence"])
                self.assertEqual(steps["price"]["evidence"], "free")
                self.assertTrue(steps["uptime"]["evidence"].startswith("100 %"), steps["uptime"])
                state = self.state()
                self.assertEqual(state["gateway"]["requests"], 0)
                live = state["orchestrators"][0]["live_runners"]
                self.assertEqual(live["reserved"], live["stopped"])

    def test_each_fault_fails_its_step(self):
        self.network()
        for fault, name, why in (("runner_unhealthy", "token", "it answers and has no runner of agent-net"),
                                 ("down", "token", "discovery: "), ("reset", "job", "connect: ")):
            self.network_of_one.fault(0, kind=fault)
            found = self.failing_of()
            self.assertEqual([one for one, _ in found], [name], found)
            self.assertIn(why, found[0][1])
        self.network_of_one.fault(0, kind="none")
        self.verify_runner()
        self.network_of_one.fault(0, kind="uptime", percent=150)
        self.assertEqual([one for one, _ in self.failing_of()], ["uptime"])

    def test_a_price_is_paid_only_where_it_is_allowed(self):
        self.network("--runner-price", str(PRICE), "--runner-sessions", "--runner-unit", "seconds")
        steps = self.verify_runner(expect=1)
        self.assertIn(f"it asks {PRICE} wei for a second, want at most 0", steps["price"]["evidence"])
        found = self.failing_of("--signer", self.signer, "--max-price", PRICE - 1)
        self.assertEqual([one for one, _ in found], ["price"])
        self.assertEqual(self.state()["signer"]["paid"], 0)
        steps = self.verify_runner("--signer", self.signer, "--max-price", PRICE)
        self.assertIn(f"; {10 * PRICE} wei were paid", steps["job"]["evidence"])
        wait_for(lambda: self.state()["signer"]["spent"] == 1, "the payment")

    def test_options_that_do_not_fit_are_refused(self):
        for options, why in (((), "no orchestrator: want --orchestrator URL"),
                             (("--orchestrator", "https://127.0.0.1:1", "--max-price", "5"), "want --signer URL"),
                             (("--gateway", "http://127.0.0.1:1"), "--gateway: got http://127.0.0.1:1")):
            self.assertIn(why, self.run_verify("--dispatch", "runner", *options, expect=2).stderr)


if __name__ == "__main__":
    unittest.main()
