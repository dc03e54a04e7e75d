"""What the host prints for Prometheus: conventions, contents, and the list in docs/metrics.md."""
import http.server
import os
import pathlib
import shutil
import socket
import sys
import threading
import time
import unittest
import urllib.request

import scrape
from network import Devnet, Host, wait_for

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "worker"))
from worker import Worker  # noqa: E402

# Of what has not happened in these runs, or is not known within seconds.
ABSENT = {"stipend_demand_factor", "stipend_demand_jobs", "stipend_demand_supply", "stipend_demand_wanted",  # without a target
          "stipend_disk_left_seconds", "stipend_plugin_slow_calls_total", "stipend_plugin_refused_answers_total", "stipend_plugin_process_ends_total",
          "stipend_orchestrator_owed_tokens", "stipend_service_restarts_total", "stipend_manager_state", "stipend_manager_last_proof_timestamp_seconds",
          "stipend_worker_heartbeats_total", "stipend_worker_heartbeats_failed_total"} | {f"stipend_dispatch_gateway_{name}_gwei" for name in ("deposit", "reserve", "spent")}


class MetricsTest(unittest.TestCase):
    orchestrators = 3
    interval = 1

    def setUp(self):
        if shutil.which("promtool") is None:
            self.fail("there is no promtool: `./dev test` installs it (Debian package prometheus)")
        self.devnet = Devnet(self.orchestrators)
        self.addCleanup(self.devnet.end)
        self.host = Host(self.devnet, self.interval)
        self.addCleanup(self.host.end)

    def read(self, since=0):
        url = self.host.wait_line("metrics at http", since).split(" at ")[1].strip()
        return scrape.read(url)

    def wait_for_page(self, condition, what):
        """The first answer for which `condition` is true."""
        pages = []

        def fits():
            pages[:] = [self.read()]
            return condition(pages[0])

        wait_for(fits, what)
        return pages[0]


def decided(page, keys, at_least=1):
    return len(keys) <= sum(sum(value for _, value in page.all("stipend_orchestrator_decisions_total", orchestrator=key)) >= at_least
                            for key in keys)


class Manager(MetricsTest):
    def test_each_orchestrator_has_its_own_values_and_they_are_those_of_the_ledger(self):
        self.devnet.fault(0, kind="uptime", percent="70")
        self.devnet.fault(1, kind="empty200")
        self.host.start()
        keys = [one["orchestrator"] for one in self.host.status()["orchestrators"]]
        self.wait_for_page(lambda page: decided(page, keys) and len(page.all("stipend_orchestrator_tier")) == 3,
                           "a decision for each")
        page = self.wait_for_page(lambda page: page.value("stipend_orchestrator_uptime_ratio", orchestrator=keys[0]) is not None,
                                  "an uptime")
        tiers = {labels["orchestrator"]: labels["tier"] for labels, _ in page.all("stipend_orchestrator_tier")}
        self.assertEqual(tiers, {keys[0]: "warning", keys[1]: "offline", keys[2]: "excellent"})
        self.assertEqual(page.value("stipend_orchestrator_uptime_ratio", orchestrator=keys[0]), 0.7)
        self.assertEqual(page.value("stipend_orchestrator_uptime_ratio", orchestrator=keys[1]), None)
        self.assertGreaterEqual(page.value("stipend_orchestrator_jobs_total", orchestrator=keys[1], outcome="failed",
                                           fault="orchestrator"), 1)
        self.assertEqual(page.value("stipend_orchestrator_jobs_total", orchestrator=keys[1], outcome="ok", fault="none"), 0)
        self.assertGreaterEqual(page.value("stipend_orchestrator_consecutive_failures", orchestrator=keys[1]), 1)
        self.assertEqual(page.value("stipend_orchestrator_consecutive_failures", orchestrator=keys[2]), 0)
        self.assertEqual(page.value("stipend_orchestrator_held", orchestrator=keys[2]), 0)
        due = page.value("stipend_orchestrator_next_due_timestamp_seconds", orchestrator=keys[2])
        self.assertLess(abs(due - time.time()), 60)
        self.assertEqual(page.value("stipend_orchestrator_owed_eth", orchestrator=keys[1]), 0)
        info, one = page.all("stipend_orchestrator_info", orchestrator=keys[2])[0]
        self.assertEqual(one, 1)
        self.assertIn(info["address"].rstrip("/"), self.devnet.addresses)
        count = page.value("stipend_orchestrator_job_duration_seconds_count", orchestrator=keys[2])
        self.assertGreaterEqual(count, 1)
        self.assertEqual(page.value("stipend_orchestrator_job_duration_seconds_bucket", orchestrator=keys[2], le="+Inf"), count)
        self.assertEqual(page.all("stipend_orchestrator_jobs_total", orchestrator="_other"), [])

        # Nothing more is decided, so that sums and the ledger agree.
        self.devnet.gateway_fault("down")
        self.wait_for_page(lambda page: page.value("stipend_alert_firing", id="gateway", severity="critical") == 1 and
                           all(page.value("stipend_orchestrator_held", orchestrator=key) == 1 for key in keys[2:]), "an outage")
        page = self.read()
        lines = [line for line in self.host.decisions() if line["orchestrator"] == keys[2]]
        self.assertEqual(page.value("stipend_orchestrator_decisions_total", orchestrator=keys[2], action="pay"), len(lines))
        self.assertAlmostEqual(page.value("stipend_orchestrator_owed_eth", orchestrator=keys[2]),
                               sum(int(line["amount_wei"]) for line in lines) / 1e18, places=12)
        self.assertAlmostEqual(page.value("stipend_orchestrator_accrued_usd_total", orchestrator=keys[2]),
                               sum(float(line["amount_usd"]) for line in lines), places=6)
        # The first one may be decided between two turns of the control thread that one answer is made of.
        self.wait_for_page(lambda page: abs(page.value("stipend_accrued_today_usd") - sum(
            value for _, value in page.all("stipend_orchestrator_accrued_usd_total"))) < 1e-6, "the same sum")
        self.assertGreaterEqual(page.value("stipend_orchestrator_jobs_total", orchestrator=keys[2], outcome="unknown",
                                           fault="gateway"), 1)
        self.assertGreaterEqual(page.value("stipend_ledger_commit_duration_seconds_count"), len(lines))
        self.assertEqual(page.value("stipend_build_info", version=self.host.run("--version")[1].split()[-1]), 1)

    def test_a_restart_knows_the_last_period_and_counts_anew(self):
        self.host.environment["PAYMENT_INTERVAL_SECONDS"] = "3600"
        self.host.start()
        keys = [one["orchestrator"] for one in self.host.status()["orchestrators"]]
        self.wait_for_page(lambda page: decided(page, keys), "a decision for each")
        self.host.stop()
        since = len(self.host.lines)
        self.host.start()
        page = self.read(since)
        for key in keys:
            self.assertEqual(page.value("stipend_orchestrator_tier", orchestrator=key, tier="excellent"), 1)
            self.assertGreater(page.value("stipend_orchestrator_owed_eth", orchestrator=key), 0)
            self.assertEqual(page.value("stipend_orchestrator_decisions_total", orchestrator=key, action="pay"), 0)

    def test_reloads_and_generations_are_counted(self):
        self.host.start()
        before = self.read()
        self.assertEqual(before.value("stipend_reloads_total", outcome="applied"), 0)
        self.host.environment["PAYMENT_INTERVAL_SECONDS"] = "2"
        text = self.host.config.read_text()
        self.host.config.write_text(text + "\nnonsense: 1\n")
        self.assertEqual(self.host.run("reload")[0], 1)
        self.host.config.write_text(text.replace("${PAYMENT_INTERVAL_SECONDS", "${OTHER_INTERVAL_SECONDS"))
        code, _, err = self.host.run("reload")
        self.assertEqual(code, 0, err)
        after = self.read()
        self.assertEqual(after.value("stipend_reloads_total", outcome="rejected"), 1)
        self.assertEqual(after.value("stipend_reloads_total", outcome="applied"), 1)
        self.assertEqual(after.value("stipend_generation"), before.value("stipend_generation") + 1)
        self.assertEqual(len(after.all("stipend_plugin_info", use="policy")), 1)


class Bounded(MetricsTest):
    orchestrators = 1003
    interval = 3600

    def test_beyond_a_thousand_orchestrators_counters_are_summed_and_none_falls(self):
        self.host.start()
        page = self.wait_for_page(lambda page: page.value("stipend_decisions_total") >= self.orchestrators, "all decisions")
        own = page.all("stipend_orchestrator_jobs_total", outcome="ok", fault="none")
        self.assertEqual(len(own), 1001)
        self.assertEqual(page.value("stipend_orchestrator_jobs_total", orchestrator="_other", outcome="ok", fault="none"), 3)
        self.assertEqual(sum(value for _, value in own), self.orchestrators)
        self.assertEqual(len(page.all("stipend_orchestrator_info")), 1000)
        page = self.wait_for_page(lambda page: page.value("stipend_orchestrator_owed_eth", orchestrator="_other") not in (None, 0),
                                  "what the others are owed")
        one = page.value("stipend_orchestrator_owed_eth", orchestrator=own[0][0]["orchestrator"])
        self.assertAlmostEqual(page.value("stipend_orchestrator_owed_eth", orchestrator="_other"), 3 * one, places=12)
        self.assertEqual(scrape.check(page), "")


class Listed(MetricsTest):
    maxDiff = None

    def service(self):
        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def test_the_list_in_the_documents_is_what_the_two_roles_print(self):
        text = self.host.config.read_text()
        self.host.config.write_text(text + "\nalerts:\n  receivers:\n    - { name: hook, plugin: alert, config: { url: \"http://127.0.0.1:1/\" } }\n")
        self.host.start()
        self.wait_for_page(lambda page: "stipend_orchestrator_tier" in page.types, "decisions")
        self.devnet.gateway_fault("down")
        manager = self.wait_for_page(lambda page: "stipend_alerts_pending" in page.types and
                                     "stipend_alert_firing" in page.types, "an alert that waits for its receiver")
        self.assertEqual(scrape.check(manager), "")

        server = self.service()
        up = f"http://127.0.0.1:{server.server_address[1]}/"
        with socket.create_server(("127.0.0.1", 0)) as taken:
            closed = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        worker = Worker("unix:///nowhere/docker.sock", services=["redis_scb"])
        self.addCleanup(worker.end)
        text = worker.config.read_text()
        worker.config.write_text(text.replace("  watch:\n", f"""  watch:
    - {{ name: web, monitor: web, target: "{up}", every: 1s }}
    - {{ name: gone, monitor: web, target: "{closed}", every: 1s }}
"""))
        worker.start()
        wait_for(lambda: any("metrics at http" in line for line in list(worker.lines)), "the address of its metrics")
        url = next(line for line in worker.lines if "metrics at http" in line).split(" at ")[1].strip()
        wait_for(lambda: scrape.read(url).value("stipend_service_up", service="web") == 1, "a service that is up")
        page = scrape.read(url)
        self.assertEqual(page.value("stipend_service_up", service="gone"), 0)
        self.assertEqual(page.value("stipend_service_up", service="redis_scb"), 0)
        self.assertEqual(page.value("stipend_service_outages_total", service="web"), 0)
        self.assertEqual(scrape.check(page), "")
        server.shutdown()
        server.server_close()
        wait_for(lambda: scrape.read(url).value("stipend_service_outages_total", service="web") == 1, "an outage")
        page = scrape.read(url)
        self.assertEqual(page.value("stipend_service_up", service="web"), 0)
        self.assertGreater(page.value("stipend_service_coverage_ratio", service="web"), 0)

        printed = {**manager.types, **page.types}
        # Those of payouts are looked for where something is paid.
        listed = {name: kind for name, kind in scrape.documented().items() if not scrape.PAYOUTS.match(name)}
        self.assertEqual({name: kind for name, kind in listed.items() if name not in ABSENT}, printed)
        self.assertLessEqual(ABSENT, set(listed))


if __name__ == "__main__":
    unittest.main()
