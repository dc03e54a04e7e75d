"""What jobs cost, on a whole host: a dispatcher that reserves, limits, a kill between reservation and result."""
import collections
import json
import shutil
import time
import types
import unittest
import urllib.request

from network import BUILD, Host, wait_for

PLUGIN = BUILD / "tests" / "plugins" / "priced_dispatch.so"
NETWORK = types.SimpleNamespace(gateway="http://127.0.0.1:9", addresses="https://127.0.0.1:9001,https://127.0.0.1:9002")
GWEI = 10**9


class FeesTest(unittest.TestCase):
    def setUp(self):
        # The limits are of a UTC day: a test that began at its end would see two of them.
        left = 86400 - time.time() % 86400
        if left < 120:
            time.sleep(left + 1)
        self.host = Host(NETWORK, 1)
        self.addCleanup(self.host.end)
        shutil.copy(PLUGIN, self.host.plugins / "priced_dispatch.so")
        lines = self.host.config.read_text().splitlines()
        begin = lines.index("dispatch:")
        end = next(at for at in range(begin + 1, len(lines)) if lines[at].startswith("  max_in_flight"))
        lines[begin + 1:end] = ["  plugin: priced_dispatch", "  config: {}"]
        self.host.config.write_text("\n".join(lines) + "\n")
        self.config = "  config: {}"

    def configure(self, **config):
        new = "  config: " + json.dumps(config)
        self.host.edit(self.config, new)
        self.config = new

    def limit(self, own, all_of_them):
        self.host.edit("fees_per_orchestrator_day: 0.01 ETH", f"fees_per_orchestrator_day: {own} gwei")
        self.host.edit("fees_per_day: 0.1 ETH", f"fees_per_day: {all_of_them} gwei")

    def fees(self):
        code, out, err = self.host.run("ledger", "export", "--kind", "fees")
        self.assertEqual(code, 0, err)
        return [json.loads(line) for line in out.splitlines()]

    def cost(self):
        code, out, err = self.host.run("ledger", "balance", "--json")
        self.assertEqual(code, 0, err)
        return {one["orchestrator"]: int(one["fees_wei"]) for one in json.loads(out)}

    def verify(self):
        report = self.host.verified()
        self.assertEqual(int(report["fees"]), len(self.fees()))

    def alerts(self):
        return {alert["id"]: alert["text"] for alert in self.host.status()["alerts"]}


class Book(FeesTest):
    def test_reserved_and_closed_fees_are_in_every_report(self):
        self.configure(price_wei=str(7 * GWEI), reports_wei=str(5 * GWEI))
        self.host.start()
        wait_for(lambda: len(self.host.decisions()) >= 4, "decisions of priced jobs")
        status = self.host.status()
        used = int(status["fees"]["used_wei"])
        self.assertGreaterEqual(used, 4 * 5 * GWEI)
        self.assertEqual(int(status["fees"]["limit_wei"]), 10**17)
        self.assertEqual(int(status["fees"]["orchestrator_limit_wei"]), 10**16)
        self.assertEqual(status["alerts"], [])
        code, out, _ = self.host.run("status")
        self.assertIn("0.1 ETH at most, 0.01 ETH for one orchestrator", out)
        self.assertIn(", fees today 0.0000000", out)
        url = self.host.wait_line("metrics at http").split(" at ")[1].strip()
        with urllib.request.urlopen(url, timeout=10) as answer:
            values = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if line[0] != "#")
        self.assertGreaterEqual(float(values["stipend_fees_wei_total"]), 4 * 5 * GWEI)
        self.assertGreater(float(values["stipend_fees_today_wei"]), 0)
        self.assertEqual(float(values["stipend_fees_limit_wei"]), 10**17)
        self.assertLess(float(values["stipend_fees_budget_used_ratio"]), 1)
        self.assertEqual(self.host.stop(), 0)

        fees = self.fees()
        kinds = collections.Counter(line["fee"] for line in fees)
        self.assertGreaterEqual(kinds["closed"], 4)
        cost = {key: 0 for key in self.cost()}
        for line in fees:
            cost[line["orchestrator"]] += int(line["moved_wei"])
        self.assertEqual(cost, self.cost())
        code, out, _ = self.host.run("ledger", "balance")
        self.assertIn("expense:fees", out)
        self.assertIn(f"{-sum(cost.values())} wei", out)
        self.verify()

    def test_free_jobs_leave_no_trace(self):
        self.host.start()
        wait_for(lambda: len(self.host.decisions()) >= 2, "decisions of free jobs")
        self.assertEqual(self.host.status()["fees"]["used_wei"], "0")
        self.host.stop()
        self.assertEqual(self.fees(), [])
        _, out, _ = self.host.run("ledger", "balance")
        self.assertNotIn("fees", out)
        self.verify()

    def test_check_and_reload_print_the_largest_possible_fees(self):
        _, out, err = self.host.run("check")
        self.assertIn("largest possible fees: 0.01 ETH a day for one orchestrator at most, 0.02 ETH a day for all 2", out, err)
        self.host.start()
        self.host.edit("fees_per_day: 0.1 ETH", "fees_per_day: 0.015 ETH")
        code, out, err = self.host.run("reload")
        self.assertEqual(code, 0, err)
        self.assertIn("0.02 ETH a day for all 2\n                     -> 0.01 ETH a day for one orchestrator at most, "
                      "0.015 ETH a day for all 2", out)


class Limits(FeesTest):
    def test_a_job_beyond_a_limit_is_held_and_the_count_survives_kills(self):
        self.configure(price_wei=str(10 * GWEI), reports_wei=str(10 * GWEI))
        self.limit(35, 1000)
        self.host.start()
        wait_for(lambda: len([key for key in self.alerts() if key.startswith("fees:")]) == 2, "an alert for each")
        alerts = self.alerts()
        self.assertNotIn("gateway", alerts)
        self.assertIn("limits.fees_per_orchestrator_day is reached: 0.00000003 ETH used today, 0.000000035 ETH "
                      "allowed, 0.00000001 ETH wanted", alerts["fees:127.0.0.1:9001"])
        self.assertEqual(set(self.cost().values()), {30 * GWEI})
        self.assertTrue(all(one["held"] for one in self.host.status()["orchestrators"]))
        for _ in range(2):
            self.host.kill()
            self.host.start()
            wait_for(lambda: len(self.alerts()) == 2, "an alert for each")
            self.assertEqual(set(self.cost().values()), {30 * GWEI})
        self.host.edit("fees_per_orchestrator_day: 35 gwei", "fees_per_orchestrator_day: 45 gwei")
        self.assertEqual(self.host.run("reload")[0], 0)
        wait_for(lambda: set(self.cost().values()) == {40 * GWEI}, "a job each by the new limit")
        self.host.stop()
        self.verify()

    def test_the_limit_of_all_is_one_alert(self):
        self.configure(price_wei=str(10 * GWEI), reports_wei=str(10 * GWEI))
        self.limit(1000, 25)
        self.host.start()
        wait_for(lambda: "fees" in self.alerts(), "the alert")
        self.assertEqual(len(self.alerts()), 1)
        self.assertEqual(sum(self.cost().values()), 20 * GWEI)
        self.host.stop()
        self.assertEqual(len([line for line in self.host.lines if "alert fees" in line]), 1)
        self.verify()

    def test_a_reservation_for_a_job_that_is_not_under_way_is_refused(self):
        self.configure(price_wei="1", job_id="dry-run:42161:127.0.0.1:9001:1:77")
        self.host.start()
        self.host.wait_line("no job is under way: dry-run:42161:127.0.0.1:9001:1:77")
        self.host.stop()
        self.assertEqual(self.fees(), [])
        self.verify()


class Crash(FeesTest):
    def test_killed_between_reservation_and_result_the_whole_reservation_stays_counted(self):
        self.configure(price_wei=str(10 * GWEI), reports_wei="0", answers=False)
        for run in range(1, 4):
            self.host.start()
            wait_for(lambda: set(self.cost().values()) == {run * 10 * GWEI}, "a reservation each")
            self.host.kill()
            self.verify()
        self.configure(price_wei=str(10 * GWEI), reports_wei=str(GWEI))
        self.host.start()
        wait_for(lambda: len([line for line in self.fees() if line["fee"] == "closed"]) >= 2, "closed jobs")
        self.host.stop()
        fees = self.fees()
        self.assertEqual([line["fee"] for line in fees[:6]], ["reserved"] * 6)
        self.assertTrue(all(cost > 30 * GWEI for cost in self.cost().values()))
        self.verify()

    def test_a_host_that_stops_while_jobs_are_open_ends_in_time(self):
        self.configure(price_wei=str(10 * GWEI), answers=False)
        self.host.start()
        wait_for(lambda: set(self.cost().values()) == {10 * GWEI}, "a reservation each")
        self.assertEqual(self.host.stop(), 0)
        self.assertEqual(set(self.cost().values()), {10 * GWEI})
        self.verify()


if __name__ == "__main__":
    unittest.main()
