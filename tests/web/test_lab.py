#!/usr/bin/env python3
"""The lab of pay by demand in a real browser: each figure is that of `stipend policy replay` over the same time."""
import fractions
import json
import sqlite3
import sys
import unittest

import steered
from network import wait_for
from steered import WebTest

RULES = "  demand: {target: 1, every: 10s, damping: 1, largest_step_per_day: 0.4}\n"
OTHER = {"target": "0.5", "ceiling": "1.25", "largest_step_per_day": "10"}
SPAN = "[...document.querySelectorAll('[data-figure=span] time')].map(one => one.dateTime)"
DISTRIBUTE = "/api/v1/livepeer/calls/distribute"


class Lab(WebTest):
    def setUp(self):
        super().setUp()
        self.host.edit("  policy:\n    plugin: payment", RULES + "  policy:\n    plugin: payment")

    def rows(self):
        with sqlite3.connect(f"file:{self.host.folder}/state/ledger.db?mode=ro", uri=True) as ledger:
            return ledger.execute("SELECT seq FROM demand ORDER BY seq").fetchall()

    def begin_at_lab(self):
        """With two cycles, calls in the first one, and decisions behind the last."""
        self.start()
        self.wait_for_decisions(4)
        for _ in range(2):
            answer = self.ask("POST", DISTRIBUTE, {"call_type": "warm-up", "strategy": "round_robin", "payload": {}}, self.token)
            self.assertEqual(answer.status, 200, answer.body)
        wait_for(lambda: len(self.rows()) >= 2, "two cycles")
        self.wait_for_decisions(len(self.host.decisions()) + 4)
        self.begin()
        self.enter()
        self.show("lab", "button[name=replay]")

    def replay(self):
        """Begins one, and waits for it: its span as the page names it."""
        before = self.browser.value(code=SPAN)
        self.browser.click(at="button[name=replay]")
        self.browser.until(code=f"{SPAN}.length === 2 && {SPAN}.join() !== {json.dumps(','.join(before))}")
        return self.browser.value(code=SPAN)

    def replayed(self, span, ceiling, *more):
        table = self.host.folder / "over.yaml"
        table.write_text(f"ceiling: {ceiling}\n")
        code, out, err = self.host.run("policy", "replay", "--json", "--plugin", str(self.host.plugins / "payment-dynamic.so"), "--keep-config",
                                       "--table", str(table), "--from", span[0], "--to", span[1], *more)
        self.assertEqual(code, 0, out + err)
        return json.loads(out)

    def assert_shown(self, want):
        total, demand = want["total"], want["demand"]
        low, high = total["simulated_usd_low"], total["simulated_usd_high"]
        self.assertEqual([self.figure(name) for name in ("recorded", "again", "simulated", "factor")],
                         [f"{total['recorded_usd']} USD", f"{total['usd_at_these_checks']} USD", f"{low} USD" if low == high else f"{low} to {high} USD",
                          f"{demand['least']} to {demand['most']}"])

        def differs(one):
            return len({one[name] for name in ("recorded_usd", "usd_at_these_checks", "simulated_usd_low", "simulated_usd_high")}) > 1 or one["other_wait"] + one["other_tier"] > 0

        def change(one):
            return abs(fractions.Fraction(one["usd_at_these_checks"]) - fractions.Fraction(one["recorded_usd"]))
        most = sorted((one for one in want["orchestrators"] if differs(one)), key=lambda one: (-change(one), one["orchestrator"]))
        self.assertEqual(self.figure("changed"), str(len(most)))
        self.assertEqual(self.browser.value(code="[...document.querySelectorAll('[data-changed]')].map(row => [row.dataset.changed, row.cells[2].innerText])"),
                         [[one["orchestrator"], one["recorded_usd"]] for one in most[:5]])
        points = self.browser.value(code="[...document.querySelectorAll('[data-point]')].map(row => [row.dataset.point, ...[...row.cells].slice(1).map(cell => cell.textContent)])")
        self.assertEqual(points, [[one["at"], one["factor"], one["recorded"], str(one["up"]), str(one["jobs"]), str(one["failed"])] for one in reversed(demand["series"])])
        self.assertEqual(self.browser.value(code="document.querySelector('.chart').dataset.points"), str(len(points)))
        self.assertGreater(self.browser.value(code="document.querySelector('.chart canvas').width"), 0)

    def test_each_figure_is_that_of_the_command(self):
        self.begin_at_lab()
        for name, text in OTHER.items():
            self.browser.fill(at=f"input[name={name}]", text=text)
        span = self.replay()
        config = self.host.config.read_text()
        self.host.edit(RULES.strip(), "demand: {target: 0.5, every: 10s, damping: 1, ceiling: 1.25, largest_step_per_day: 10}")
        want = self.replayed(span, "1.25", "--demand")
        self.host.config.write_text(config)
        self.assertEqual((want["demand"]["by"], want["demand"]["most"]), ("configured", "1.25"))
        self.assertGreater(sum(one["jobs"] for one in want["demand"]["series"]), 0)
        self.assertNotEqual(want["total"]["usd_at_these_checks"], want["total"]["recorded_usd"])
        self.assert_shown(want)
        # As recorded: by the rules of the configuration, and its ceiling.
        self.browser.choose(at="select[name=by]", value="recorded")
        self.browser.gone(at="input[name=target]")
        span = self.replay()
        want = self.replayed(span, "1.5")
        self.assertEqual(want["demand"]["by"], "recorded")
        self.assert_shown(want)
        self.assertTrue(self.host.verified())
        self.assert_quiet()

    def test_what_is_no_rule_is_refused_in_the_words_of_the_manager(self):
        self.begin_at_lab()
        for name, text in (("floor", "1.5"), ("every", "1s"), ("damping", "0"), ("target", "-1"), ("target", "<b>")):
            self.browser.fill(at=f"input[name={name}]", text=text)
            self.browser.click(at="button[name=replay]")
            self.browser.until(code=f"document.querySelector('.problem')?.innerText.includes({json.dumps(name)}) && document.querySelector('.problem').innerText.includes({json.dumps(text)})")
            self.browser.fill(at=f"input[name={name}]", text="")
        self.browser.fill(at="input[name=target]", text="0")
        self.browser.click(at="button[name=replay]")
        self.browser.until(code="document.querySelector('.problem')?.innerText.includes('want the jobs in a cycle')")
        self.assert_quiet("status of 422")

    def test_administrators_alone_replay(self):
        self.start()
        code, out, err = self.host.run("user", "add", "view@example.com", "--role", "viewer", "--generate", "--json")
        self.assertEqual(code, 0, err)
        self.begin()
        self.enter("view@example.com", json.loads(out)["password"])
        self.show("lab", "h1")
        self.assertEqual(self.browser.value(code="document.querySelectorAll('main input, main button').length"), 0)
        self.assertIsNone(self.text("nav a[href='#/lab']"))
        self.assert_quiet()

    def test_no_finding_of_axe_in_light_and_dark(self):
        self.begin_at_lab()
        self.browser.fill(at="input[name=target]", text="0.5")
        self.replay()
        self.browser.click(at="summary")
        self.look("lab")
        self.assert_quiet()


if __name__ == "__main__":
    steered.need_browser()
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
