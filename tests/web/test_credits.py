#!/usr/bin/env python3
"""Credits that a report on targets proposes, in a real browser: looked at, confirmed, and recorded once."""
import contextlib
import datetime
import json
import sqlite3
import sys
import unittest

import steered
from network import wait_for
from steered import WebTest

HOUR = 3600 * 10**9  # ns
HOURS = 70  # that are decided in the month before


def month_before():
    """Its name, and its end in ns."""
    first = datetime.datetime.now(datetime.timezone.utc).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first - datetime.timedelta(days=1)).strftime("%Y-%m"), int(first.timestamp()) * 10**9


class Credits(WebTest):
    def setUp(self):
        super().setUp()
        self.host.edit("\nlisten:\n", "\nsla: " + json.dumps([{"name": "gold", "target": 99.5, "credit": 10}]) + "\nlisten:\n")

    def begin_with_a_miss(self):
        """One orchestrator was down in every seventh hour of the end of last month."""
        self.start()
        self.wait_for_decisions(4)
        self.host.stop()
        self.month, end = month_before()
        self.id = self.host.decisions()[0]["orchestrator"]
        with contextlib.closing(sqlite3.connect(self.host.folder / "state" / "ledger.db")) as ledger:
            names = [row[1] for row in ledger.execute("PRAGMA table_info(decision)")]
            number, = ledger.execute("SELECT id FROM orchestrator WHERE key = ?", [self.id]).fetchone()
            row = dict(zip(names, ledger.execute("SELECT * FROM decision WHERE orchestrator = ? ORDER BY seq LIMIT 1", [number]).fetchone()))
            ledger.execute("DELETE FROM decision WHERE orchestrator = ?", [number])
            ledger.execute("UPDATE orchestrator SET first_seen_at = ? WHERE id = ?", [end - 100 * HOUR, number])
            ledger.execute("UPDATE engine_state SET due_at = due_at + ?", [HOUR])  # nothing is decided soon
            for hour in range(HOURS):
                to = end - (HOURS - hour) * HOUR
                row |= {"seq": 10**9 + hour, "epoch": 10**6 + hour, "period_from": to - HOUR, "due_at": to, "decided_at": to,
                        "uptime_ppm": 0 if hour % 7 == 6 else 1_000_000}
                ledger.execute(f"INSERT INTO decision VALUES({','.join('?' * len(names))})", [row[name] for name in names])
            ledger.commit()
        self.start()

    def adjustments(self):
        with contextlib.closing(sqlite3.connect(f"file:{self.host.folder}/state/ledger.db?mode=ro", uri=True)) as ledger:
            return ledger.execute("SELECT o.key, a.usd_e8, a.reason FROM adjustment a JOIN orchestrator o ON o.id = a.orchestrator").fetchall()

    def test_a_credit_is_recorded_once_for_two_clicks(self):
        self.begin_with_a_miss()
        self.begin()
        self.enter()
        self.show("sla", "section h2")
        self.assertIsNone(self.text("[data-credit]"))  # this month is not over
        self.browser.choose(at="select[name=month]", value=self.month)
        self.browser.wait(at="button[data-credit]")
        row = next(row for row in self.get(f"/api/v1/analytics/sla?month={self.month}", self.token).json()["rows"] if row["orchestrator"] == self.id)
        self.assertEqual(row["met"], "no")
        credit = row["credit_usd"]
        self.assertGreater(float(credit), 0)
        self.browser.click(at="button[data-credit]")
        self.browser.wait(at="dialog textarea[name=reason]")
        reason = self.browser.value(code="document.querySelector('dialog textarea').value")
        self.assertEqual(reason, f"gold missed in {self.month}: {shown(row['uptime'])} %")
        self.browser.click(at="dialog button[type=submit]")
        self.browser.wait(at="[data-figure=preview]")
        self.assertIn(f"would record -{credit} USD for {self.id}", self.figure("preview"))
        self.assertEqual(self.adjustments(), [])
        self.assertEqual(self.browser.axe(), [])
        self.browser.value(code="(() => { const button = [...document.querySelectorAll('dialog [role=group] button')].find(one => one.innerText === 'Order the credit'); "
                                "button.click(); button.click(); return true; })()")
        self.browser.wait(at="[data-figure=outcome]")
        self.assertIn(f"recorded: -{credit} USD", self.figure("outcome"))
        self.browser.click(at="dialog button:text-is('Close')")
        self.browser.wait(at="span[data-credit]")
        self.assertEqual([(key, -usd_e8, said) for key, usd_e8, said in self.adjustments()], [(self.id, e8(credit), reason)])
        # Once more, from a page that does not know of it: the ledger has one for this time.
        self.browser.goto(url=f"{self.page}#/overview")
        self.show(f"sla?month={self.month}", "button[data-credit]")
        self.browser.click(at="button[data-credit]")
        self.browser.click(at="dialog button[type=submit]")
        self.browser.wait(at="[data-figure=preview]")
        self.browser.click(at="dialog [role=group] button:text-is('Order the credit')")
        self.browser.wait(at="dialog .problem")
        self.assertEqual(len(self.adjustments()), 1)
        self.assert_quiet("status of 409", "status of 422")

    def test_a_viewer_orders_none(self):
        self.begin_with_a_miss()
        code, out, err = self.host.run("user", "add", "view@example.com", "--role", "viewer", "--generate", "--json")
        self.assertEqual(code, 0, err)
        self.begin()
        self.enter("view@example.com", json.loads(out)["password"])
        self.show(f"sla?month={self.month}", "[data-analysis=sla]")
        wait_for(lambda: self.browser.value(code=f"document.body.innerText.includes({json.dumps(self.id)})"), "the rows")
        self.assertIsNone(self.text("[data-credit]"))
        self.look("credits")
        self.assert_quiet()


def e8(usd):
    whole, _, rest = usd.partition(".")
    return int(whole + rest.ljust(8, "0"))


def shown(value):
    """As a script prints it: 2.0 is 2."""
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)


if __name__ == "__main__":
    steered.need_browser()
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
