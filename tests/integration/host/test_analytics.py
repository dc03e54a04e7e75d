"""Analyses of what a host recorded, by the command line and the API, held against the ledger's own export."""
import contextlib
import csv
import io
import json
import sqlite3
import unittest
from decimal import Decimal

from network import wait_for
from test_api import ApiTest

ANALYTICS = "/api/v1/analytics/"


def hours(nanoseconds):
    """To four decimals, rounded down."""
    return Decimal(nanoseconds * 10_000 // (3600 * 10**9)) / 10_000


class Analyses(ApiTest):
    def report(self, name, *options):
        code, out, err = self.host.run("report", name, "--json", *options)
        self.assertEqual(code, 0, err)
        return json.loads(out, parse_float=Decimal)

    def times(self, orchestrator):
        """The nanoseconds that were up, and those of failed checks, of rows that the ledger itself has."""
        with contextlib.closing(sqlite3.connect(self.host.folder / "state" / "ledger.db")) as ledger:
            rows = ledger.execute("SELECT d.decided_at - d.period_from, d.uptime_ppm FROM decision d "
                                  "JOIN orchestrator o ON o.id = d.orchestrator WHERE o.key = ?", [orchestrator]).fetchall()
        up = sum(period * ppm // 1_000_000 for period, ppm in rows if ppm is not None)
        return up, sum(period for period, ppm in rows if ppm is None)

    def test_figures_are_those_of_the_export(self):
        self.host.edit("table: default ", "table: flat-95 ")
        self.start()
        self.wait_for_decisions(3 * self.orchestrators)
        self.devnet.fault(0, kind="empty200")
        wait_for(lambda: any(line["job"] == "failed" for line in self.host.decisions()), "a failed check")
        token = self.log_in()["access_token"]
        live = self.get(ANALYTICS + "uptime?by=orchestrator", token).json()
        self.assertEqual({row["orchestrator"] for row in live["rows"]}, {line["orchestrator"] for line in self.host.decisions()})
        self.assertEqual(self.host.stop(), 0)

        lines = self.host.decisions()
        cost = self.report("cost", "--by", "orchestrator")
        self.assertEqual(cost["checks"], len(lines))
        for row in cost["rows"]:
            own = [line for line in lines if line["orchestrator"] == row["orchestrator"]]
            self.assertEqual(row["checks"], len(own))
            self.assertEqual(row["paid"], sum(line["action"] == "pay" for line in own))
            self.assertEqual(Decimal(row["usd"]), sum(Decimal(line["amount_usd"]) for line in own))
            up, failed = self.times(row["orchestrator"])
            self.assertEqual((row["up_hours"], row["failed_hours"]), (hours(up), hours(failed)))
        self.assertEqual(Decimal(cost["total"]["usd"]), sum(Decimal(line["amount_usd"]) for line in lines))

        tiers = {row["tier"]: row for row in self.report("cost", "--by", "tier")["rows"]}
        self.assertEqual({line["tier"] or "(none)" for line in lines}, set(tiers))
        for tier, row in tiers.items():
            self.assertEqual(Decimal(row["usd"]), sum(Decimal(line["amount_usd"]) for line in lines if (line["tier"] or "(none)") == tier))

        failures = self.report("failures")["rows"]
        self.assertEqual([(row["whose"], row["class"], row["number"]) for row in failures],
                         [("payee", "bad answer", sum(line["job"] == "failed" for line in lines))])
        latencies = self.report("latency")["total"]
        self.assertEqual(latencies["answers"], sum(line["job"] == "ok" for line in lines))
        code, out, err = self.host.run("report", "cost", "--by", "orchestrator", "--csv")
        self.assertEqual(code, 0, err)
        rows = list(csv.DictReader(io.StringIO(out)))
        self.assertEqual([row["usd"] for row in rows[:-1]], [row["usd"] for row in cost["rows"]])
        self.assertEqual(rows[-1]["orchestrator"], "total")
        code, out, err = self.host.run("report", "cost", "--by", "orchestrator")
        self.assertEqual(code, 0, err)
        self.assertIn("USD PER UP HOUR", out)
        code, out, err = self.host.run("report", "uptime", "--html")
        self.assertEqual(code, 0, err)
        self.assertTrue(out.startswith("<!doctype html>"))
        for name in ("forecast", "prediction"):
            self.assertEqual(self.report(name)["checks"], len(lines))

    def test_what_is_wrong_is_said(self):
        self.start()
        self.wait_for_decisions(self.orchestrators)
        token = self.log_in()["access_token"]
        self.assert_problem(self.get(ANALYTICS + "cost"), 401)
        for query in ("cost?by=day", "cost?from=yesterday", "cost?month=2026-13", "costs", "cost?format=xml", "cost?orchestrator=no-such",
                      "cost?from=2026-01-01T00:00:00Z&to=2025-01-01T00:00:00Z", "cost?month=2026-11&from=2026-01-01T00:00:00Z"):
            self.assert_problem(self.get(ANALYTICS + query, token), 400)
        first = self.get(ANALYTICS + "cost?by=tier", token)
        self.assertEqual(first.status, 200)
        wait_for(lambda: len(self.host.decisions()) > int(first.json()["checks"]), "another decision")
        self.assertEqual(self.get(ANALYTICS + "cost?by=tier", token).body, first.body)  # of the last 30 seconds
        page = self.get(ANALYTICS + "cost?by=tier&format=html", token)
        self.assertEqual(page.headers["Content-Security-Policy"], "default-src 'none'; style-src 'unsafe-inline'")
        for options in (["cots"], ["cost", "--by", "day"], ["cost", "--csv", "--json"], ["cost", "--from", "then"],
                        ["cost", "--month", "2026"], ["cost", "--month", "2026-11", "--from", "7d"]):
            code, _, err = self.host.run("report", *options)
            self.assertEqual(code, 2, (options, err))
        code, _, err = self.host.run("report", "sla")
        self.assertEqual((code, "no target of uptime is configured" in err), (1, True))


class Targets(ApiTest):
    TARGETS = [{"name": "gold", "target": 99.5, "credit": 10,
                "alerts": [{"long": "5m", "short": "1m", "burn": 2, "severity": "critical"}]},
               {"name": "none", "target": 50, "orchestrators": ["no-such-*"]}]

    def setUp(self):
        super().setUp()
        self.host.edit("table: default ", "table: flat-95 ")
        self.host.environment |= {"MAX_CONSECUTIVE_FAILURES": "100", "PUNISHMENT_MULTIPLIER": "1.0"}
        self.host.edit("\nlisten:\n", "\nsla: " + json.dumps(self.TARGETS) + "\nlisten:\n")

    def firing(self):
        return {one["id"]: one for one in self.host.status()["alerts"] if one["id"].startswith("sla:")}

    def test_a_budget_that_is_used_up_too_fast_alerts_over_a_restart_and_ends_with_its_target(self):
        self.start()
        self.wait_for_decisions(self.orchestrators)
        self.assertEqual(self.firing(), {})
        self.devnet.fault(0, kind="empty200")
        wait_for(self.firing, "the alert")
        ((name, alert),) = self.firing().items()
        first = self.devnet.addresses.split(",")[0].removeprefix("https://")
        self.assertEqual((name, alert["severity"]), (f"sla:gold:300s:{first}", "critical"))
        self.assertIn("uses up the error budget of gold (99.5 %)", alert["text"])

        code, out, err = self.host.run("report", "sla", "--json")
        self.assertEqual(code, 0, err)
        rows = {row["orchestrator"]: row for row in json.loads(out)["rows"]}
        self.assertEqual(len(rows), self.orchestrators)
        self.assertEqual({row["sla"] for row in rows.values()}, {"gold"})
        self.assertEqual(rows[first]["met"], "no")
        self.assertEqual({row["met"] for name, row in rows.items() if name != first}, {"yes"})
        self.assertEqual({row["credit_usd"] for row in rows.values()}, {"0"})  # the month is not over
        token = self.log_in()["access_token"]
        live = self.get("/api/v1/analytics/sla", token).json()
        self.assertEqual({row["orchestrator"]: row["met"] for row in live["rows"]}, {name: row["met"] for name, row in rows.items()})

        self.assertEqual(self.host.stop(), 0)
        self.start()
        wait_for(self.firing, "the alert after a restart")
        self.host.edit('"target": 99.5', '"target": 50.0')
        code, _, err = self.host.run("reload")
        self.assertEqual(code, 0, err)
        wait_for(lambda: not self.firing(), "the end of the alert of a target that is not missed any more")

    def test_a_credit_lowers_what_is_owed_once_and_hides_no_gap(self):
        self.start()
        self.wait_for_decisions(self.orchestrators)
        key = self.host.decisions()[0]["orchestrator"]
        credit = ["adjust", "--orchestrator", key, "--from", "2026-10-31T23:59:59.999Z", "--to", "2026-11-01T00:00:00Z",
                  "--usd", "-12.50", "--reason", "gold missed in 2026-10"]
        code, _, err = self.host.run(*credit)
        self.assertEqual(code, 0, err)
        code, _, err = self.host.run(*credit)
        self.assertEqual((code, "recorded already" in err), (1, True))
        code, out, err = self.host.run("report", "cost", "--by", "orchestrator", "--json")
        self.assertEqual(code, 0, err)
        (row,) = [row for row in json.loads(out)["rows"] if row["orchestrator"] == key]
        self.assertEqual(row["adjustments_usd"], "-12.5")
        self.assertEqual(self.host.stop(), 0)
        self.assertTrue(self.host.verified()["clean"])


if __name__ == "__main__":
    unittest.main()
