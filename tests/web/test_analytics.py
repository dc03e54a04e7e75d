#!/usr/bin/env python3
"""The pages of analyses in a real browser: what they show is what the API says, at each size and in both schemes."""
import json
import unittest

import steered
from network import wait_for
from steered import WebTest

WIDTHS = (375, 1600)
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
