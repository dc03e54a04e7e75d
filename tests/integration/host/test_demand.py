"""Pay that follows the payer's own demand, on a running host: the factor moves with its calls and with nothing else."""
import fractions
import json
import sqlite3
import subprocess
import unittest

import scrape
from network import STIPEND, wait_for
from test_calls import CallsTest

RULES = "  demand: {target: 1, every: 10s, damping: 1, largest_step_per_day: 0.4}\n"


def usd(text):
    return fractions.Fraction(text)


class Demand(CallsTest):
    def dynamic(self):
        self.host.edit("    plugin: payment\n", "    plugin: payment-dynamic\n")
        self.with_rules()

    def with_rules(self):
        self.host.edit("  policy:\n    plugin: payment", RULES + "  policy:\n    plugin: payment")

    def begin(self):
        self.start()
        self.token = self.log_in()["access_token"]
        self.wait_for_decisions(self.orchestrators)

    def table(self, query):
        with sqlite3.connect(f"file:{self.host.folder}/state/ledger.db?mode=ro", uri=True) as ledger:
            return ledger.execute(query).fetchall()

    def rows(self):
        return self.table("SELECT seq, factor_ppm, asked, up, supply, before_ppm FROM demand ORDER BY seq")

    def wait_for_cycles(self, count):
        wait_for(lambda: len(self.rows()) >= count, f"{count} cycles")

    def assert_paid_by_the_factors_of_the_chain(self):
        rows = self.rows()
        paid = self.table("SELECT seq, usd_e8 FROM decision WHERE action = 1 ORDER BY seq")
        for seq, usd_e8 in paid:
            factor = next((ppm for at, ppm, *_ in reversed(rows) if at < seq), 0) or 10**6
            self.assertEqual(usd_e8, 12 * 10**8 * factor // 10**6, seq)
        return {usd_e8 for _, usd_e8 in paid}

    def test_calls_raise_it_and_a_restart_and_half_that_leave_do_not(self):
        self.dynamic()
        code, out, err = self.host.run("check", environment={**self.host.environment, "PAYMENT_INTERVAL_SECONDS": "3600"})
        self.assertEqual(code, 0, out + err)
        # 10 USD x 1.2 x 1.5 each hour: the ceiling counts in the largest spend.
        self.assertIn(f"{18 * 24} USD a day for one orchestrator at most", out + err)
        self.begin()
        for _ in range(2):
            self.assertEqual(self.call().status, 200)
        self.host.wait_line("call warm-up: 3 answered")
        self.wait_for_cycles(1)
        (_, factor, asked, up, supply, before), *_ = self.rows()
        # Six jobs of three that are up: 2 is wanted, 1.5 the ceiling, 0.4 the step.
        self.assertEqual((factor, asked, up, supply, before), (1_400_000, 6, 3, 3, 1_000_000))
        status = self.host.status()
        self.assertEqual((status["demand"]["factor"], status["demand"]["cycle"]["wanted"]), ("1.4", "1.5"))
        self.assertEqual(self.get("/api/v1/status", self.token).json()["demand"]["factor"], "1.4")
        page = scrape.read(self.host.wait_line("metrics at http").split(" at ")[1].strip())
        self.assertEqual([page.value("stipend_demand_" + name) for name in ("factor", "wanted", "jobs", "supply")], [1.4, 1.5, 6, 3])
        self.assertIn("demand: factor 1.4 of 0.8 .. 1.5", self.host.run("status")[1])
        wait_for(lambda: any(usd(line["amount_usd"]) == usd("16.8") for line in self.host.decisions()), "a payment by it")

        line = next(line for line in self.host.decisions() if usd(line["amount_usd"]) == usd("16.8"))
        code, out, err = self.host.run("explain", "--orchestrator", line["orchestrator"], str(line["epoch"]), "--json")
        self.assertEqual(code, 0, out + err)
        one = json.loads(out)
        self.assertEqual((one["demand"]["factor"], one["demand"]["jobs_asked"], one["tier"]["multiplier"], one["multiplier"],
                          one["recomputed"]["same"]), ("1.4", 6, "1.2", "1.68", True))
        self.assertIn("x 1.4 was handed to the policy",
                      self.host.run("explain", "--orchestrator", line["orchestrator"], str(line["epoch"]))[1])
        answer = self.get(f"/api/v1/livepeer/orchestrators/{line['orchestrator']}/payments/{line['epoch']}/explanation", self.token)
        self.assertEqual(answer.json()["demand"], one["demand"])

        # Killed and started again: it goes on from the ledger, and no factor of a part of a cycle is made.
        self.host.kill()
        known = self.rows()
        self.start()
        self.assertEqual(self.host.status()["demand"]["factor"], self.text(known[-1][1]))
        self.token = self.log_in()["access_token"]

        # Half of them go: what is up falls, what the demand is divided by does not, and the same calls make no more.
        for at in (0, 1):
            self.devnet.fault(at, kind="reset")
        wait_for(lambda: sum(row["consecutive_failures"] > 0 for row in self.host.status()["orchestrators"]) == 2, "two that fail")
        before = self.rows()[-1]
        self.wait_for_cycles(len(self.rows()) + 2)
        for row in self.rows():
            if row[0] > before[0]:
                self.assertEqual(row[4], 3)
                self.assertLessEqual(row[1], before[1])
        self.assertEqual(self.rows()[-1][3], 1)

        # Without rules a row ends it, and pay is as before.
        self.host.edit(RULES, "")
        code, _, err = self.host.run("reload")
        self.assertEqual(code, 0, err)
        wait_for(lambda: self.rows()[-1][1] == 0, "the end of the factor")
        self.assertNotIn("demand", self.host.status())
        last = self.rows()[-1][0]
        wait_for(lambda: self.table(f"SELECT 1 FROM decision WHERE action = 1 AND seq > {last} LIMIT 1"), "a payment without it")
        self.host.stop()
        self.assertIn(12 * 10**8, self.assert_paid_by_the_factors_of_the_chain())
        self.host.verified()
        code, out, err = self.host.run("policy", "replay", "--json")
        self.assertEqual((code, json.loads(out)["not_reproduced"]), (0, 0), out + err)

    @staticmethod
    def text(ppm):
        whole, rest = divmod(ppm, 10**6)
        return f"{whole}.{rest:06}".rstrip("0").rstrip(".")

    def test_history_of_another_policy_shows_what_it_would_have_paid(self):
        self.with_rules()
        self.begin()
        self.assertEqual(self.call().status, 200)
        self.assertEqual(self.call().status, 200)
        self.wait_for_cycles(2)
        last = self.rows()[-1][0]
        wait_for(lambda: self.table(f"SELECT 1 FROM decision WHERE seq > {last} LIMIT 1"), "a decision behind them")
        self.host.stop()
        rows = self.rows()
        self.assertEqual(rows[0][1], 1_400_000)
        decisions = self.table("SELECT seq, usd_e8 FROM decision ORDER BY seq")
        self.assertEqual({usd_e8 for _, usd_e8 in decisions}, {12 * 10**8})  # paid by tiers alone
        want = sum(12 * 10**8 * (next((ppm for at, ppm, *_ in reversed(rows) if at < seq), 0) or 10**6) // 10**6
                   for seq, _ in decisions)

        def replayed(*arguments):
            code, out, err = self.host.run("policy", "replay", "--plugin", str(self.host.plugins / "payment-dynamic.so"),
                                           "--json", *arguments)
            self.assertEqual(code, 0, out + err)
            return json.loads(out)

        one = replayed()
        self.assertEqual(usd(one["total"]["usd_at_these_checks"]) * 10**8, want)
        self.assertEqual((one["demand"]["by"], one["demand"]["most"], one["demand"]["cycles"]), ("recorded", "1.4", len(rows)))
        self.assertEqual([point["factor"] for point in one["demand"]["series"]], [self.text(row[1]) for row in rows])
        self.assertEqual(replayed("--demand")["demand"]["series"], one["demand"]["series"])
        # With other rules: half the target, a smaller ceiling, no step that counts.
        self.host.edit(RULES.strip(), "demand: {target: 0.5, every: 10s, damping: 1, ceiling: 1.25, largest_step_per_day: 10}")
        other = replayed("--demand")
        self.assertEqual((other["demand"]["by"], other["demand"]["most"]), ("configured", "1.25"))
        self.assertLess(usd(other["total"]["usd_at_these_checks"]), usd(one["total"]["usd_at_these_checks"]))
        self.host.edit("target: 0.5", "target: 0")
        code, _, err = self.host.run("policy", "replay", "--demand")
        self.assertNotEqual(code, 0)
        self.assertIn("payment.demand.target is 0", err)

    def test_one_check_is_decided_with_a_factor(self):
        self.dynamic()

        def evaluated(demand):
            done = subprocess.run([STIPEND, "policy", "eval", "-c", self.host.config], env=self.host.environment, text=True, capture_output=True, timeout=120,
                                  input=json.dumps({"orchestrator": "o", "job": "ok", "uptime_percent": 100, **demand}) + "\n")
            return done.returncode, done.stdout and json.loads(done.stdout)["amount_usd"], done.stderr
        self.assertEqual([evaluated(demand)[:2] for demand in ({}, {"demand": "1.1"}, {"demand": 0.8}, {"demand": 50})],
                         [(0, "12"), (0, "13.2"), (0, "9.6"), (0, "18")])
        for wrong in (0, -1, "1.0000001", 101, None, [1]):
            code, _, err = evaluated({"demand": wrong})
            self.assertNotEqual(code, 0, wrong)
            self.assertIn('line 1: "demand": got', err)

    def test_a_factor_that_was_edited_is_found(self):
        self.dynamic()
        self.begin()
        self.call()
        self.wait_for_cycles(1)
        self.host.stop()
        self.host.verified()
        with sqlite3.connect(self.host.folder / "state" / "ledger.db") as ledger:
            ledger.execute("UPDATE demand SET factor_ppm = factor_ppm + 1 WHERE seq = (SELECT min(seq) FROM demand)")
        code, out, err = self.host.run("ledger", "verify")
        self.assertNotEqual(code, 0)
        self.assertIn("by its own numbers", out + err)

    def test_rules_that_are_none_are_refused_by_their_place(self):
        self.dynamic()
        for wrong, place in (("floor: 1.5", "payment.demand.floor"), ("ceiling: 0.9", "payment.demand.ceiling"),
                             ("damping: 0", "payment.demand.damping"), ("every: 1s", "payment.demand.every"),
                             ("largest_step_per_day: -1", "payment.demand.largest_step_per_day")):
            key = wrong.split(":")[0]
            text = self.host.config.read_text()
            rules = ", ".join(part for part in RULES.split("{")[1].split("}")[0].split(", ") if not part.startswith(key))
            self.host.config.write_text(text.replace(RULES.split("{")[1].split("}")[0], rules + ", " + wrong))
            code, out, err = self.host.run("check")
            self.assertNotEqual(code, 0, wrong)
            self.assertIn(place, out + err)
            self.host.config.write_text(text)


if __name__ == "__main__":
    unittest.main()
