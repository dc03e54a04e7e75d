"""The whole host against the devnet, as an operator runs it."""
import collections
import json
import os
import random
import shutil
import socket
import unittest
import urllib.request

from network import BUILD, Devnet, Host, wait_for


class HostTest(unittest.TestCase):
    orchestrators = 3
    interval = 1

    def setUp(self):
        self.devnet = Devnet(self.orchestrators)
        self.addCleanup(self.devnet.end)
        self.host = Host(self.devnet, self.interval)
        self.addCleanup(self.host.end)

    def wait_for_decisions(self, count):
        wait_for(lambda: len(self.host.decisions()) >= count, f"{count} decisions")


class Cycle(HostTest):
    def test_decisions_of_several_tiers_are_printed_recorded_and_verified(self):
        self.devnet.fault(0, kind="uptime", percent="70")
        self.devnet.fault(1, kind="empty200")
        self.host.start()
        wait_for(lambda: len({line["orchestrator"] for line in self.host.decisions()}) == 3, "a decision for each")
        self.assertEqual(self.host.stop(), 0)
        tiers = {line["orchestrator"]: line["tier"] for line in self.host.decisions()}
        self.assertEqual(sorted(tiers.values()), ["excellent", "offline", "warning"])
        self.assertTrue(self.host.said("nothing here will ever be paid"))
        self.assertTrue(self.host.said("3500000000000000 wei"))
        report = self.host.verified()
        self.assertEqual(int(report["decisions"]), len(self.host.decisions()))

    def test_once_runs_one_cycle_and_stops(self):
        code, out, err = self.host.run("run", "--once")
        self.assertEqual(code, 0, err)
        self.assertEqual(len(self.host.decisions()), self.orchestrators)
        self.assertFalse((self.host.folder / "state" / "control.sock").exists())

    def test_a_second_host_on_the_same_state_is_refused(self):
        self.host.start()
        code, _, err = self.host.run("run")
        self.assertEqual(code, 1)
        self.assertIn(str(self.host.process.pid), err)

    def test_commands_without_a_host_say_so(self):
        for command in (["status"], ["reload"]):
            code, _, err = self.host.run(*command)
            self.assertEqual(code, 1)
            self.assertIn("no host answers at", err)
        self.assertEqual(self.host.run("nonsense")[0], 2)


class Metrics(HostTest):
    def test_prometheus_reads_what_the_host_counts(self):
        self.host.start()
        self.wait_for_decisions(self.orchestrators)
        url = [line.split(" at ")[1].strip() for line in self.host.lines if "metrics at http" in line][0]
        with urllib.request.urlopen(url, timeout=10) as answer:
            self.assertTrue(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
            values = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if line[0] != "#")
        self.assertGreaterEqual(float(values["stipend_decisions_total"]), self.orchestrators)
        self.assertEqual(float(values["stipend_orchestrators"]), self.orchestrators)
        self.assertEqual(float(values["stipend_price_accepted"]), 1)
        self.assertGreater(float(values["stipend_ledger_bytes"]), 0)
        self.assertNotIn("stipend_disk_left_seconds", values)  # seconds say nothing about days

    def test_a_port_that_is_taken_keeps_nobody_from_being_paid(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.host.environment["METRICS_LISTEN"] = "127.0.0.1:%d" % taken.getsockname()[1]
            self.host.start()
            self.wait_for_decisions(self.orchestrators)
        self.assertTrue(self.host.said("metrics are not served"))


class Crash(HostTest):
    def test_killed_at_random_moments_nothing_is_doubled_lost_or_forgiven(self):
        self.devnet.fault(2, kind="error", status=500, text="broken")
        chance = random.Random(7)
        seen = {}
        for _ in range(8):
            self.host.start()
            wanted = len(seen) + chance.randint(1, 5)
            wait_for(lambda: len(self.host.decisions()) >= min(wanted, len(seen) + 3), "further decisions")
            self.host.kill()
            now = {(line["orchestrator"], line["epoch"]): line for line in self.host.decisions()}
            for key, line in seen.items():
                self.assertEqual(now.get(key), line)  # what was committed is there, unchanged
            seen = now
        lines = self.host.decisions()
        self.assertEqual(len({(line["orchestrator"], line["epoch"]) for line in lines}), len(lines))
        epochs = collections.defaultdict(list)
        for line in lines:
            epochs[line["orchestrator"]].append(line["epoch"])
        for of_one in epochs.values():
            self.assertEqual(of_one, list(range(1, len(of_one) + 1)))
        failing = [line for line in lines if line["tier"] == "offline"]
        self.assertEqual([line["consecutive_failures"] for line in failing], list(range(1, len(failing) + 1)))
        self.host.verified()


class GatewayDown(HostTest):
    def test_nobody_is_paid_or_punished_and_all_resumes_by_itself(self):
        self.host.start()
        self.wait_for_decisions(self.orchestrators)
        self.devnet.gateway_fault("down")
        wait_for(lambda: any(alert["id"] == "gateway" for alert in self.host.status()["alerts"]), "the gateway's alert")
        before = {one["orchestrator"]: one["consecutive_failures"] for one in self.host.status()["orchestrators"]}
        wait_for(lambda: int(self.host.status()["held"]) >= 4 * self.orchestrators, "several held intervals")
        self.devnet.gateway_fault("none")
        wait_for(lambda: not self.host.status()["alerts"], "the end of the alert")
        status = self.host.status()
        after = {one["orchestrator"]: one["consecutive_failures"] for one in status["orchestrators"]}
        self.assertEqual(before, after)
        wait_for(lambda: len([gap for gap in self.host.status()["unpaid"] if gap["to"]]) >= self.orchestrators, "gaps")
        self.assertEqual(len([line for line in self.host.lines if "alert gateway" in line]), 2)  # raised and resolved

        gap = next(gap for gap in self.host.status()["unpaid"] if gap["to"])
        adjust = ["adjust", "--orchestrator", gap["orchestrator"], "--from", gap["from"], "--to", gap["to"], "--reason", "our gateway was down"]
        code, out, err = self.host.run(*adjust, "--usd", "1.50", "--json")
        self.assertEqual(code, 0, err)
        self.assertEqual(json.loads(out)["amount_wei"], "750000000000000")
        code, _, err = self.host.run(*adjust, "--usd", "1.50")
        self.assertEqual(code, 1)  # the same once more
        self.host.stop()
        self.host.verified()


class Reload(HostTest):
    def test_a_tier_table_is_taken_over_while_it_runs(self):
        self.host.start()
        self.wait_for_decisions(self.orchestrators)
        self.host.edit("table: default", "table: flat-95")
        code, out, err = self.host.run("reload")
        self.assertEqual(code, 0, err)
        self.assertIn("generation 2 is in force", out)
        wait_for(lambda: any(line["tier"] == "paid" for line in self.host.decisions()), "a decision by the new table")
        for line in self.host.decisions():
            self.assertEqual(line["generation"], 2 if line["tier"] == "paid" else 1)
        code, out, err = self.host.run("reload", "--undo")
        self.assertEqual(code, 0, err)
        wait_for(lambda: self.host.decisions()[-1]["tier"] == "excellent", "a decision by the old table")
        self.host.stop()
        self.host.verified()

    def test_an_invalid_file_leaves_the_old_generation_serving(self):
        self.host.start()
        self.host.edit("table: default", "table: no-such-table")
        code, _, err = self.host.run("reload")
        self.assertEqual(code, 1)
        self.assertIn("no such tier table", err)
        self.assertIn("config.yaml:", err)
        count = len(self.host.decisions())
        self.wait_for_decisions(count + self.orchestrators)
        self.assertEqual({line["generation"] for line in self.host.decisions()}, {1})

    def test_more_than_doubling_the_spend_wants_a_word(self):
        self.host.edit("  max_in_flight", "  max_in_flight")
        self.host.environment["PAYMENT_INTERVAL_SECONDS"] = "3600"
        self.host.start()
        self.host.edit("accrual_per_orchestrator_day: 20000 USD", "accrual_per_orchestrator_day: 40001 USD")
        self.host.edit("base: ${BASE_PAYMENT_USD:-${PAYMENT_AMOUNT:-10.0}} USD", "base: 20.01 USD")
        code, _, err = self.host.run("reload")
        self.assertEqual(code, 1)
        self.assertIn("--accept-spend", err)
        self.assertEqual(self.host.run("reload", "--accept-spend")[0], 0)

    def test_a_plugin_written_anew_is_taken_without_a_word(self):
        self.host.start()
        self.wait_for_decisions(self.orchestrators)
        new = self.host.folder / "new.so"
        shutil.copy(BUILD / "lib" / "stipend" / "plugins" / "payment.so", new)
        with open(new, "ab") as file:  # other bytes, the same code
            file.write(b"\0")
        os.chmod(new, 0o644)
        os.rename(new, self.host.plugins / "payment.so")
        wait_for(lambda: self.host.said("generation 2 is in force"), "the new build")
        wait_for(lambda: self.host.decisions()[-1]["generation"] == 2, "a decision by the new build")

    def test_a_broken_plugin_leaves_the_old_one_serving(self):
        self.host.start()
        self.wait_for_decisions(self.orchestrators)
        new = self.host.folder / "new.so"
        shutil.copy(BUILD / "tests" / "defects" / "crash_in_constructor.so", new)
        os.chmod(new, 0o644)
        os.rename(new, self.host.plugins / "payment.so")
        wait_for(lambda: self.host.said("plugin ends the process when probed"), "the refusal")
        count = len(self.host.decisions())
        self.wait_for_decisions(count + self.orchestrators)

    def test_sighup_reloads(self):
        self.host.start()
        self.host.edit("table: default", "table: flat-95")
        os.kill(self.host.process.pid, 1)
        wait_for(lambda: self.host.said("generation 2 is in force"), "the reload")


if __name__ == "__main__":
    unittest.main(verbosity=2)
