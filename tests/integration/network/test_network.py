"""What the network around a payment host does: restarts, certificates, prices, deposits, slots, distance. Each once by a
fault of the devnet, with the real manager and worker; both eras where they differ."""
import decimal
import json
import subprocess
import unittest
import urllib.parse
import urllib.request

from scene import STIPEND, Scene, Service, Worker, wait_for

PRICED = {"price_per_unit": 1000}


class Restarts(unittest.TestCase):
    def restarts_cost_nothing(self, worker, **scene):
        scene = Scene(self, worker=worker, **scene)
        scene.start()
        scene.more_decisions(1, tier="excellent")
        for restarts in (1, 2):
            # Two registrations are at least 10 s apart, so the next crash waits for that.
            scene.more_decisions(3, tier="excellent")
            scene.fault(kind="crash", **{"for": "1200ms"})
            scene.worker.wait_count("registered agent-net", restarts + 1)
        scene.more_decisions(2, tier="excellent")
        for line in scene.end():
            self.assertEqual((line["tier"], line["job"]), ("excellent", "ok"), line)

    def test_a_restart_costs_no_offline_with_the_certificate_in_a_file(self):
        self.restarts_cost_nothing({"orchestrator_cert": "{scene.certificate}"},
                                   orchestrator_pins='{{ "{scene.orchestrator}": {scene.certificate} }}')

    def test_a_restart_costs_no_offline_in_the_old_era(self):
        self.restarts_cost_nothing({}, devnet=("--era", "v0.8.7"))

    def test_a_restart_costs_no_offline_where_no_probe_sees_the_capability(self):
        self.restarts_cost_nothing(PRICED, gateway_cli="{scene.cli}", max_price_per_second=2000)


class Services(unittest.TestCase):
    def test_a_service_that_was_down_for_a_part_of_the_time_is_named_by_the_explanation(self):
        scene = Scene(self)
        scene.start()
        scene.more_decisions(1, tier="excellent")
        scene.service.close()
        wait_for(lambda: scene.worker.uptime(1) == 0, "a second without the service")
        back = Service(port=scene.service.port)
        self.addCleanup(back.close)
        reduced = next(line for line in scene.more_decisions(1, tier="warning") if line["tier"] == "warning")
        code, out, err = scene.host.run("explain", "--orchestrator", "orch-1", str(reduced["epoch"]), "--json")
        self.assertEqual(code, 0, err)
        one = json.loads(out)
        # The only service: its figure is the whole.
        (service,) = one["services"]
        self.assertEqual((service["service"], service["uptime_ppm"], one["services_left_out"]), ("api", one["uptime_ppm"], 0))
        seconds = decimal.Decimal(1_000_000 - one["uptime_ppm"]) * one["evidence"]["window_seconds"] / 1_000_000
        self.assertEqual(decimal.Decimal(service["not_up_seconds"]), seconds)
        code, out, err = scene.host.run("explain", "--orchestrator", "orch-1", str(reduced["epoch"]))
        percent = f"{decimal.Decimal(one['uptime_ppm']) / 10_000:f}"
        window = one["evidence"]["window_seconds"]  # the period, in whole seconds that were begun
        self.assertIn(f"services    api {percent} %, not up for {service['not_up_seconds']} s of the last {window} s\n", out)
        full = next(line for line in scene.host.decisions() if line["tier"] == "excellent")
        self.assertNotIn("services below", full["reason"])
        scene.end()


class Certificates(unittest.TestCase):
    def test_a_pin_that_a_restart_outdated_is_said_each_time_and_the_state_is_never_registered(self):
        scene = Scene(self)
        scene.worker.wait_count("registered agent-net", 1)
        scene.worker.end()
        done = subprocess.run([STIPEND, "byoc", "pin", scene.orchestrator, "--json"], capture_output=True, text=True,
                              timeout=60, check=True)
        worker = Worker(scene.orchestrator, scene.service, pin_sha256=f'"{json.loads(done.stdout)["sha256"]}"')
        self.addCleanup(worker.end)
        worker.start()
        worker.wait_count("registered agent-net", 1)
        wait_for(lambda: worker.state() == "registered", "the state")
        for count in (1, 2):
            scene.fault(kind="crash", **{"for": "100ms"})
            worker.wait_count("its certificate is not the one of pin_sha256", count)
            self.assertEqual(worker.state(), "unconfirmed")
        self.assertEqual(worker.count("registered agent-net"), 1)

    def test_a_new_certificate_in_the_file_has_the_capability_registered_again_at_once(self):
        scene = Scene(self, worker={"orchestrator_cert": "{scene.certificate}", **PRICED})
        scene.worker.wait_count("registered agent-net", 1)
        scene.fault(kind="new_certificate")
        scene.worker.wait_count("registered agent-net", 2, patience=20)

    def test_the_managers_pins_follow_the_same_rules(self):
        scene = Scene(self, retry_after="500ms")
        scene.start()
        scene.more_decisions(1, tier="excellent")
        scene.reload("    price_unseen:", f'    orchestrator_pins: {{ "{scene.orchestrator}": "{"ab" * 32}" }}\n    price_unseen:')
        line = scene.more_decisions(1, tier="offline")[-1]
        self.assertIn("its price cannot be seen (price_unseen: refuse)", line["reason"])
        self.assertIn("wrong certificate", line["reason"])


class Prices(unittest.TestCase):
    def test_a_price_is_seen_with_the_gateways_own_credential_only(self):
        scene = Scene(self, worker=PRICED, max_price_per_second=2000, retry_after="500ms")
        scene.start()
        # It has never been known, so it is held, neither paid nor punished.
        scene.host.wait_line("it asks a price and your gateway has no reserve there")
        self.assertEqual(scene.host.decisions(), [])
        file = scene.folder / "credential"
        subprocess.run([STIPEND, "gateway-credential", "--cli", scene.cli, "--store", file], check=True,
                       capture_output=True, timeout=60)
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        scene.reload("    price_unseen:", f"    gateway_credential: ${{file:{file}}}\n    price_unseen:")
        scene.more_decisions(2, tier="excellent")

    def test_a_price_above_the_cap_is_never_paid(self):
        scene = Scene(self, worker=PRICED, gateway_cli="{scene.cli}", max_price_per_second=1009, retry_after="500ms")
        scene.start()
        line = scene.more_decisions(1, tier="offline")[-1]
        self.assertIn("it asks 1010 wei per second, want at most 1009", line["reason"])
        self.assertEqual(scene.devnet.jobs(), [])
        offer = self.offer(scene)
        self.assertEqual((offer["reachable"], offer["price_wei_per_second"]), (True, "1010"), offer)
        self.assertGreater(offer["capacity"], 0)
        scene.fault(kind="token_refused")
        self.assertFalse(self.offer(scene)["reachable"])

    def offer(self, scene):
        """What the manager's API says that the orchestrator offers."""
        address = scene.host.wait_line("the API is served at http://").split("http://")[1].strip()

        def ask(path, body=None, **headers):
            request = urllib.request.Request(f"http://{address}/api/v1{path}", body and json.dumps(body).encode(),
                                             {"Content-Type": "application/json", **headers})
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        password = (scene.host.folder / "state/admin-password").read_text().strip()
        token = ask("/auth/login", {"email": "admin@system.com", "password": password})["access_token"]
        bearer = {"Authorization": "Bearer " + token}
        one, = ask("/livepeer/orchestrators", **bearer)["orchestrators"]
        return ask(f"/livepeer/orchestrators/{urllib.parse.quote(one['orchestrator_id'], safe='')}/offer", **bearer)

    def test_an_orchestrator_that_states_no_price_is_refused(self):
        scene = Scene(self, worker=PRICED, gateway_cli="{scene.cli}", max_price_per_second=2000)
        scene.start()
        scene.more_decisions(1, tier="excellent")
        scene.fault(kind="token_refused")
        line = scene.more_decisions(1, tier="offline")[-1]
        self.assertIn("it does not state its price", line["reason"])

    def test_an_empty_deposit_is_the_payers(self):
        scene = Scene(self, worker=PRICED, gateway_cli="{scene.cli}", max_price_per_second=20_000_000_000,
                      retry_after="500ms")
        scene.start()
        scene.more_decisions(1, tier="excellent")
        scene.fault(kind="price", wei=19_000_000_000)  # what was prepaid at the old price does not carry a job
        scene.devnet.gateway_fault({"kind": "funds", "deposit": "0", "reserve": "360000000000000000"})
        scene.host.wait_line("the gateway's funds are too low: deposit 0 wei")
        wait_for(lambda: any(alert["id"] == "dispatch:deposit" for alert in scene.host.status()["alerts"]), "an alert")
        scene.devnet.gateway_fault({"kind": "funds", "deposit": "360000000000000000", "reserve": "360000000000000000"})
        scene.more_decisions(2, tier="excellent")
        self.assertNotIn("offline", {line["tier"] for line in scene.end()})


    def test_fees_have_a_budget_and_a_book(self):
        # A job of 120 s reserves 121.2 gwei, and is charged for a second or two: about four fit.
        scene = Scene(self, worker={"price_per_unit": 1_000_000_000}, gateway_cli="{scene.cli}",
                      max_price_per_second=2_000_000_000)
        scene.host.edit("fees_per_orchestrator_day: 0.01 ETH", "fees_per_orchestrator_day: 125 gwei")
        scene.start()
        wait_for(lambda: any(alert["id"] == "fees:orch-1" for alert in scene.host.status()["alerts"]), "an alert")
        decided = scene.host.decisions()
        jobs = len(scene.devnet.jobs())
        self.assertIn(len(decided), (2, 3, 4))
        self.assertEqual(jobs, len(decided))
        code, out, err = scene.host.run("ledger", "export", "--kind", "fees")
        self.assertEqual(code, 0, err)
        status = scene.host.status()
        used = int(status["orchestrators"][0]["fees_today_wei"])
        self.assertEqual(used % 1_010_000_000, 0)
        self.assertGreaterEqual(used, 1_010_000_000 * jobs)
        self.assertEqual(sum(int(json.loads(line)["moved_wei"]) for line in out.splitlines()), used)
        self.assertEqual(len(scene.devnet.jobs()), jobs)  # nothing is sent beyond the limit
        scene.reload("fees_per_orchestrator_day: 125 gwei", "fees_per_orchestrator_day: 0.01 ETH")
        scene.more_decisions(2, tier="excellent")
        self.assertNotIn("offline", {line["tier"] for line in scene.end()})


class SlotsAndDistance(unittest.TestCase):
    def test_slots_that_strangers_hold_leave_enough_of_those_announced(self):
        scene = Scene(self)
        scene.start()
        scene.fault(kind="hold_slots", slots=200)
        lines = scene.more_decisions(2, job="ok")
        self.assertNotIn("offline", {line["tier"] for line in lines})
        self.assertEqual(scene.worker.count("registered agent-net"), 1)

    def test_the_first_try_over_a_cold_connection_is_followed_by_a_second_one(self):
        scene = Scene(self, retry_after="500ms")
        scene.start()
        scene.fault(kind="cold_connection", round_trip="200ms", idle="2s", limit="500ms")
        scene.more_decisions(3, tier="excellent")
        self.assertTrue(scene.host.said("the try met a cold connection"))
        for line in scene.end():
            self.assertEqual((line["tier"], line["job"]), ("excellent", "ok"), line)

    def test_a_capability_without_a_worker_is_said_to_be_that(self):
        scene = Scene(self, retry_after="500ms")
        scene.start()
        scene.more_decisions(1, tier="excellent")
        scene.worker.end()
        line = scene.more_decisions(1, tier="offline")[-1]
        self.assertIn("it answers me but has no free slot for agent-net: is its worker registered?", line["reason"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
