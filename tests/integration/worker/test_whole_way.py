"""The whole way: real containers, the worker, an orchestrator and its gateway, and the manager that pays by what was
measured, by signed evidence only."""
import json
import sys
import unittest

from worker import SEVEN, Worker, free_port, wait_for
import engine as engines
from network import Devnet, Host

# The default tiers, without the delays that would keep a test waiting.
TABLE = """      table: prompt
      tables:
        prompt:
          - { tier: excellent, above: 95, multiplier: 1.2 }
          - { tier: good, at_least: 80, multiplier: 1.0 }
          - { tier: warning, at_least: 60, multiplier: 0.7 }
          - { tier: poor, at_least: 40, multiplier: 0.3 }
          - { tier: critical, above: 0, multiplier: 0.1 }
          - { tier: offline, at_least: 0, multiplier: 0 }"""


class WholeWay(unittest.TestCase):
    def setUp(self):
        self.engine = engines.Engine()
        self.addCleanup(self.engine.close)
        for name in SEVEN:
            self.engine.run(name)
        orchestrator = f"https://127.0.0.1:{free_port()}"
        self.devnet = Devnet(1, "--orchestrator-listen", orchestrator.removeprefix("https://"), "--bare-listeners")
        self.addCleanup(self.devnet.end)
        self.worker = Worker(self.engine.address, orchestrator, SEVEN, probe_every="1s", orchestrator_id="orch-1")
        self.addCleanup(self.worker.end)
        self.worker.start()
        wait_for(lambda: self.worker.said("registered agent-net"), "the registration")
        self.host = Host(self.devnet, interval=2)
        self.addCleanup(self.host.end)
        key = self.worker.get("/service-status")["worker_key"]
        text = self.host.config.read_text()
        line = next(line for line in text.splitlines() if line.startswith("      table: default"))
        text = text.replace(line, TABLE)
        text = text.replace("orchestrators: []", "orchestrators:\n"
                            f"  - {{ address: {orchestrator}, id: orch-1, worker_key: {key} }}")
        assert "worker_key: " + key in text and "tables:" in text
        self.host.config.write_text(text)
        self.host.environment.update(ORCHESTRATOR_ADDRESSES="", DISPATCH_EVIDENCE="signed")

    def decided(self, tier, what, **more):
        """A decision of that tier, later than all there were."""
        before = len(self.host.decisions())
        wait_for(lambda: any(line["tier"] == tier and all(line[key] == value for key, value in more.items())
                             for line in self.host.decisions()[before:]), what)

    def test_what_the_containers_do_is_what_is_paid(self):
        self.host.start()
        self.decided("excellent", "all seven up", uptime_percent=100, amount_usd="12")
        for name in SEVEN[:2]:
            self.engine.act(name, "kill")
        self.decided("warning", "two of seven down", uptime_percent=71.4285, amount_usd="7")
        for name in SEVEN[2:5]:
            self.engine.act(name, "pause")
        self.decided("critical", "five of seven down", uptime_percent=28.5714, amount_usd="1")
        for name in SEVEN[:2]:
            self.engine.act(name, "start")
        for name in SEVEN[2:5]:
            self.engine.act(name, "unpause")
        self.decided("excellent", "all seven up again", uptime_percent=100)

        self.worker.end_process(kill=True)
        self.decided("offline", "a failed job", job="failed", consecutive_failures=1)
        self.worker.start()
        self.decided("excellent", "registered again, and paid", job="ok", consecutive_failures=0)
        self.assertEqual(self.host.stop(), 0)
        self.host.verified()

    def verified_steps(self):
        """What `stipend verify` says of each step, by name."""
        code, out, err = self.host.run("verify", "--price-unseen", "--json")
        self.assertIn(code, (0, 1), out + err)
        return {one["name"]: one for one in json.loads(out)["steps"]}

    def test_verify_checks_the_workers_signature_by_the_key_that_is_configured(self):
        self.host.start()
        self.decided("excellent", "all seven up")
        key = self.worker.get("/service-status")["worker_key"]
        step = self.verified_steps()["uptime"]
        self.assertEqual((step["verdict"], step["evidence"]), ("PASS", f"100 % over 2 s, signed by {key}"))
        # One that was signed by another key is none.
        text = self.host.config.read_text()
        self.host.config.write_text(text.replace(key, "11" * 32))
        step = self.verified_steps()["uptime"]
        self.assertEqual(step["verdict"], "FAIL", step)
        self.assertNotIn("signed by 11", step["evidence"])

    def test_evidence_of_another_key_is_a_failed_check(self):
        text = self.host.config.read_text()
        key = self.worker.get("/service-status")["worker_key"]
        self.host.config.write_text(text.replace(key, "11" * 32))
        self.host.start()
        self.decided("offline", "a failed check", job="failed")
        self.assertIn("evidence", self.host.decisions()[-1]["reason"])


if __name__ == "__main__":
    reason = engines.why_not()
    if reason is not None:
        print("skipped:", reason)
        sys.exit(77)
    unittest.main(verbosity=2)
