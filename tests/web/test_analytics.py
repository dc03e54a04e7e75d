#!/usr/bin/env python3
"""The pages of analyses in a real browser: what they show is what the API says, at each size and in both schemes."""
import contextlib
import json
import sqlite3
import unittest
import urllib.parse

import steered
from network import wait_for
from steered import WebTest

WIDTHS = (375, 1600)
HOUR = 3600 * 10**9  # ns
REPORTS = ("cost", "uptime", "failures", "latency", "forecast", "sla", "prediction")


def shown(value):
    """As a script prints it: 2.0 is 2."""
    if value is None:
        return "–"
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value)


class Analyses(WebTest):
    def setUp(self):
        super().setUp()
        self.host.edit("\nlisten:\n", "\nsla: " + json.dumps([{"name": "gold", "target": 99.5}]) + "\nlisten:\n")

    def cells(self, at):
        return self.browser.value(code=f"[...document.querySelectorAll({json.dumps(at)})].map(row => [...row.cells].map(cell => cell.innerText.trim()))")

    def said(self, query):
        return self.get("/api/v1/analytics/" + query, self.token).json()

    def test_each_figure_is_that_of_the_api(self):
        self.start()
        self.wait_for_decisions(8)
        self.begin()
        self.enter()
        for report in REPORTS:
            self.show(f"analytics?report={report}", "section h2")
            # An answer is given again for 30 seconds: the page and this test get the same one, or the next.
            self.wait_same(lambda report=report: self.cells(f"[data-analysis={report}]"),
                           lambda report=report: [[shown(value) for value in row.values()] for row in self.said(report)["rows"]], report)
        self.show("analytics?report=cost&by=orchestrator", "[data-total=cost]")
        self.wait_same(lambda: self.cells("[data-total=cost]"),
                       lambda: [[shown(value) for value in self.said("cost?by=orchestrator")["total"].values()]], "the total")
        self.show("sla", "[data-analysis=sla]")
        self.assertEqual(self.text("h1"), "Targets of uptime")
        self.assertEqual({row[0] for row in self.cells("[data-analysis=sla]")}, {"gold"})
        self.show("analytics?report=cost&by=tier", "[data-analysis=cost]")
        self.assertEqual(self.browser.value(code="document.querySelector('select[name=by]').value"), "tier")
        file = self.browser.download(at="a:has-text('CSV')")
        self.assertTrue(file["text"].startswith("tier,checks,paid,"))
        self.assert_quiet()

    def add_hours(self, orchestrator, hours):
        """Has one orchestrator decided once for each of so many hours until now, up but for every seventh, and nothing decided soon."""
        with contextlib.closing(sqlite3.connect(self.host.folder / "state" / "ledger.db")) as ledger:
            names = [row[1] for row in ledger.execute("PRAGMA table_info(decision)")]
            row = dict(zip(names, ledger.execute("SELECT d.* FROM decision d JOIN orchestrator o ON o.id = d.orchestrator WHERE o.key = ? "
                                                 "ORDER BY seq LIMIT 1", [orchestrator]).fetchone()))
            begin = row["period_from"] // HOUR * HOUR - hours * HOUR
            ledger.execute("DELETE FROM decision WHERE orchestrator = ?", [row["orchestrator"]])
            ledger.execute("UPDATE engine_state SET due_at = due_at + ?", [HOUR])
            for hour in range(hours):
                row |= {"seq": 10**9 + hour, "epoch": 10**6 + hour, "period_from": begin + hour * HOUR, "due_at": begin + (hour + 1) * HOUR,
                        "decided_at": begin + (hour + 1) * HOUR, "uptime_ppm": 0 if hour % 7 == 6 else 1_000_000}
                ledger.execute(f"INSERT INTO decision VALUES({','.join('?' * len(names))})", [row[name] for name in names])
            ledger.commit()

    def test_the_chance_of_an_orchestrator_is_that_of_the_api(self):
        self.start()
        self.wait_for_decisions(8)
        self.host.stop()
        id = self.host.decisions()[0]["orchestrator"]
        self.add_hours(id, 72)
        self.start()
        self.begin()
        self.enter()
        quoted = urllib.parse.quote(id, safe="")
        self.show("orchestrators/" + quoted, "[data-figure=chances]")
        (row,) = self.said("prediction?orchestrator=" + quoted)["rows"]
        self.assertGreaterEqual(row["known_hours"], 72)
        text = {name: shown(value) for name, value in row.items()}
        self.assertEqual(self.figure("chances"), (
            "Next hour {hour_percent} % ({hour_low} to {hour_high}), next day {day_percent} % ({day_low} to {day_high}). Mean {mean_percent} %; "
            "at this hour of the week {by_hour_of_week} %; after an hour like the last one, which was {now}, {by_what_was_last} %.").format(**text))
        self.show("analytics?report=prediction", "[data-analysis=prediction]")
        self.wait_same(lambda: [row[0] for row in self.cells("[data-analysis=calibration]")],
                       lambda: [row["horizon"] for row in self.said("prediction")["calibration"]], "the calibration")
        self.assert_quiet()

    def test_no_finding_of_axe_in_light_and_dark(self):
        self.start()
        self.wait_for_decisions(8)
        self.begin()
        self.enter()
        for report in REPORTS:
            self.show("sla" if report == "sla" else f"analytics?report={report}", "section h2")
            wait_for(lambda: not self.browser.value(code="document.body.innerText.includes('Asking the manager')"), "the answer")
            for scheme in ("light", "dark"):
                self.browser.scheme(scheme=scheme)
                for width in WIDTHS:
                    self.browser.size(width=width, height=1000)
                    with self.subTest(report=report, scheme=scheme, width=width):
                        self.assertEqual(self.browser.axe(), [])
                        self.assertEqual(self.browser.value(
                            code="document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0)
                    self.shot(f"analytics-{report}-{scheme}-{width}")
        self.assert_quiet()


if __name__ == "__main__":
    steered.need_browser()
    unittest.main()
