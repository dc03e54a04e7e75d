"""Whose fault? If the gateway is at fault, nothing is paid or punished; if it is well, its answers decide."""
import json
import unittest
import urllib.request

from network import Devnet, Host, wait_for


class GatewayTest(unittest.TestCase):
    orchestrators = 2
    retry_after = "100ms"

    def setUp(self):
        self.devnet = Devnet(self.orchestrators)
        self.addCleanup(self.devnet.end)
        self.host = Host(self.devnet)
        self.addCleanup(self.host.end)
        self.host.edit("    capability: ${CAPABILITY_NAME:-agent-net}\n", "    capability: ${CAPABILITY_NAME:-agent-net}\n"
                       f"    timeout: 1s\n    retry_after: {self.retry_after}\n")

    def start_with_a_good_check_of_each(self):
        self.host.start()
        wait_for(lambda: len({line["orchestrator"] for line in self.host.decisions()}) == self.orchestrators, "decisions")

    def alerts(self):
        return {alert["id"]: alert["text"] for alert in self.host.status()["alerts"]}

    def counts(self):
        return {one["orchestrator"]: one["consecutive_failures"] for one in self.host.status()["orchestrators"]}

    def jobs_of(self, orchestrator):
        with urllib.request.urlopen(f"{self.devnet.control}/state?from={orchestrator}&limit=1", timeout=10) as answer:
            return json.load(answer)["orchestrators"][0]["jobs"]


class GatewayIsIll(GatewayTest):
    def check(self, fault, **parameters):
        self.start_with_a_good_check_of_each()
        before = self.counts()
        decided = {line["orchestrator"]: line["epoch"] for line in self.host.decisions()}
        self.devnet.gateway_fault({"kind": fault, **parameters} if parameters else fault)
        wait_for(lambda: "gateway" in self.alerts(), "the alert")
        wait_for(lambda: {gap["orchestrator"] for gap in self.host.status()["unpaid"]} == set(before), "a gap of each")
        self.assertIn("payments are on hold: the gateway cannot be used", self.alerts()["gateway"])
        self.assertEqual(self.counts(), before)
        self.devnet.gateway_fault("none")
        wait_for(lambda: "gateway" not in self.alerts(), "the end of the alert")
        wait_for(lambda: all(line["epoch"] > decided[line["orchestrator"]] for line in self.host.decisions()[-2:]),
                 "decisions")
        self.assertEqual({line["job"] for line in self.host.decisions()}, {"ok"})
        self.assertEqual(self.host.stop(), 0)
        self.host.verified()

    def test_a_gateway_that_is_down(self):
        self.check("down")

    def test_a_gateway_that_never_answers(self):
        self.check("hang")

    def test_a_gateway_that_answers_errors(self):
        self.check("error", status=502, text="bad gateway")

    def test_a_gateway_that_refuses_our_very_jobs(self):
        self.check("error", status=400, text="Unable to parse job request")

    def test_a_gateway_that_speaks_no_http(self):
        self.check("malformed")


class FirstFailure(GatewayTest):
    retry_after = "3s"

    def test_one_failure_is_forgiven_when_the_second_try_succeeds(self):
        self.host.environment["PAYMENT_INTERVAL_SECONDS"] = "3600"
        self.devnet.fault(0, kind="truncated")
        self.host.start()
        wait_for(lambda: self.jobs_of(0) == 1, "the first try")
        self.devnet.fault(0, kind="none")
        wait_for(lambda: len(self.host.decisions()) == 2, "the decisions")
        self.assertEqual({line["job"] for line in self.host.decisions()}, {"ok"})
        self.assertEqual(self.jobs_of(0), 2)

    def test_a_second_failure_counts_and_there_is_no_third_try(self):
        self.host.environment["PAYMENT_INTERVAL_SECONDS"] = "3600"
        self.devnet.fault(0, kind="truncated")
        self.host.start()
        wait_for(lambda: len(self.host.decisions()) == 2, "the decisions")
        failed = [line for line in self.host.decisions() if line["job"] == "failed"]
        self.assertEqual([line["consecutive_failures"] for line in failed], [1])
        self.assertEqual(self.jobs_of(0), 2)


class NeverListed(GatewayTest):
    def test_one_that_the_gateway_never_knew_is_held_and_paid_once_it_is_listed(self):
        self.devnet.fault(0, kind="unknown")
        self.host.start()
        wait_for(lambda: int(self.host.status()["held"]) >= 3, "held intervals")
        alerts = self.alerts()
        self.assertEqual(len(alerts), 1)
        self.assertIn("is unknown to the gateway", next(iter(alerts.values())))
        self.assertEqual(set(self.counts().values()), {0})
        self.devnet.fault(0, kind="none")
        wait_for(lambda: len({line["orchestrator"] for line in self.host.decisions()}) == 2, "its first decision")
        wait_for(lambda: not self.alerts(), "the end of the alert")
        self.assertEqual({line["job"] for line in self.host.decisions()}, {"ok"})

    def test_once_known_it_stays_known_after_a_restart(self):
        self.start_with_a_good_check_of_each()
        self.host.kill()
        self.devnet.fault(0, kind="unknown")
        self.host.start()
        wait_for(lambda: any(line["job"] == "failed" for line in self.host.decisions()), "its failure")


class AllAtOnce(GatewayTest):
    orchestrators = 3

    def test_all_failing_at_once_are_decided_as_they_are_with_one_alert_and_can_be_excused(self):
        self.start_with_a_good_check_of_each()
        self.devnet.fault("all", kind="empty200")
        wait_for(lambda: "all-failed" in self.alerts(), "the alert")
        self.assertIn("look at your gateway's own network and deposit", self.alerts()["all-failed"])
        self.assertEqual(set(self.counts().values()), {1})
        self.assertEqual(self.host.status()["unpaid"], [])
        failed = next(line for line in self.host.decisions() if line["job"] == "failed")
        code, out, err = self.host.run("adjust", "--orchestrator", failed["orchestrator"], "--from", "2026-11-20T10:00:00Z",
                                       "--to", failed["decided_at"], "--reason", "our deposit was empty", "--excuse",
                                       "--json")
        self.assertEqual(code, 0, err)
        self.assertEqual(json.loads(out)["amount_wei"], "0")
        self.assertEqual(len([line for line in self.host.lines if "alert all-failed" in line]), 1)
        self.host.stop()
        self.host.verified()


if __name__ == "__main__":
    unittest.main(verbosity=2)
