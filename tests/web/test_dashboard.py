#!/usr/bin/env python3
"""The web page in a real browser, beside a real host: what it shows is what the API says, for each role and each size."""
import datetime
import decimal
import json
import re
import sys
import unittest
import urllib.parse

import steered
from network import wait_for
from steered import ADMIN, PASSWORD, WebTest
from test_api import LIST, PAYMENTS
from test_registry import NEW

SCRIPT = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def eth(wei):
    text = format(decimal.Context(prec=100).divide(decimal.Decimal(wei), decimal.Decimal(10**18)), "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) + " ETH"


def percent(value):
    return "–" if value is None else f"{value} %"


class Figures(WebTest):
    def listed(self):
        return self.get(LIST, self.token).json()["orchestrators"]

    def status(self):
        return self.get("/api/v1/status", self.token).json()

    def test_the_overview_shows_what_the_api_says(self):
        self.start()
        self.wait_for_decisions(4)
        self.begin()
        self.enter()
        self.browser.wait(at="[data-payment]")
        self.wait_same(lambda: self.figure("owed"), lambda: eth(sum(int(one["owed_wei"]) for one in self.listed())), "what is owed")
        for name, of in {"settlement": lambda s: s["settlement"], "price": lambda s: f"{s['usd_per_eth']} USD per ETH",
                         "generation": lambda s: str(s["generation"]), "largest": lambda s: s["largest_spend"],
                         "fees": lambda s: f"{eth(s['fees']['used_wei'])[:-4]} of {eth(s['fees']['limit_wei'])}",
                         "accrued": lambda s: f"{s['spend']['accrued_usd']} of {s['spend']['limit_usd']} USD",
                         "unpaid": lambda s: "0 USD" if not s["unpaid"] else None}.items():
            self.wait_same(lambda name=name: self.figure(name), lambda of=of: of(self.status()), name)
        self.wait_same(lambda: self.figure("held"), lambda: str(sum(one["held"] for one in self.listed())), "what is held")
        self.wait_same(lambda: self.browser.value(code="[...document.querySelectorAll('[data-component]')].map(one => "
                                                       "one.cells[0].innerText + ' ' + one.cells[1].innerText)"),
                       lambda: [f"{name} {one['state']}" for name, one in self.get("/health").json()["components"].items()
                                if one["state"] != "not_applicable"], "the parts")
        self.wait_same(lambda: self.browser.value(code="[...document.querySelectorAll('[data-plugin]')].map(one => "
                                                       "[...one.cells].slice(0, 4).map(cell => cell.innerText))"),
                       lambda: [[one["for"], one["id"], one["version"], str(one["generation"])] for one in self.status()["plugins"]["plugins"]],
                       "the plugins")
        self.wait_same(self.decisions_shown, self.decisions_said, "the last decisions")
        self.wait_same(lambda: self.figure("policy"), self.policy, "the policy")
        self.assert_quiet()

    def decisions_shown(self):
        return self.browser.value(code="[...document.querySelectorAll('[data-payment]')].slice(0, 4).map(one => "
                                       "[...one.cells].map(cell => cell.innerText.trim()))")

    def decisions_said(self):
        return [[one["decided_at"][11:19], one["orchestrator"], percent(one["uptime_percent"]), one["tier"],
                 f"{one['amount_usd']} USD", one["reason"]]
                for one in self.get(f"{PAYMENTS}?limit=4", self.token).json()["payments"]]

    def policy(self):
        one = next(one for one in self.status()["plugins"]["plugins"] if one["for"] == "policy")
        return f"{one['id']} {one['version']}"

    def rows(self):
        return self.browser.value(code="[...document.querySelectorAll('[data-row]')].map(row => Object.fromEntries("
                                       "[...row.querySelectorAll('[data-column]')].map(cell => [cell.dataset.column, cell.innerText.trim()])))")

    def test_the_orchestrators_and_their_order_in_the_address(self):
        self.start()
        self.wait_for_decisions(4)
        self.begin()
        self.enter()
        self.show("orchestrators", "[data-row]")

        def said():
            return [{"id": one["orchestrator_id"], "state": one["status"], "tier": one["last_tier"],
                     "uptime": percent(one["last_uptime_percent"]), "failures": str(one["consecutive_failures"]),
                     "owed": eth(one["owed_wei"])} for one in sorted(self.listed(), key=lambda one: one["orchestrator_id"])]

        def shown():
            return [{key: row[key] for key in ("id", "state", "tier", "uptime", "failures", "owed")} for row in self.rows()]
        self.wait_same(shown, said, "the table")
        # Sorted by a title, the other way round by the same one, and kept in the address.
        ids = [row["id"] for row in self.rows()]
        self.browser.click(at="[role=columnheader] button:has-text('Orchestrator')")
        wait_for(lambda: [row["id"] for row in self.rows()] == ids[::-1], "the other order")
        address = self.browser.value(code="location.href")
        self.assertIn("order=falling", address)
        self.browser.fill(at="input[type=search]", text=ids[0])
        wait_for(lambda: [row["id"] for row in self.rows()] == [ids[0]], "the filter")
        self.browser.goto(url=self.browser.value(code="location.href"))
        self.browser.wait(at="[data-row]")
        self.assertEqual([row["id"] for row in self.rows()], [ids[0]])
        self.assert_quiet()

    def test_one_orchestrator_down_to_the_sum_and_the_proof(self):
        with open(self.host.config, "a", encoding="utf-8") as config:
            config.write("\nsigned_heads:\n  every: 1s\n")
        self.start()
        self.wait_for_decisions(6)
        self.begin()
        self.enter()
        id = self.listed()[0]["orchestrator_id"]
        quoted = urllib.parse.quote(id, safe="")
        self.show("orchestrators/" + quoted, ".chart canvas")

        def one():
            return self.get(f"{LIST}/{quoted}/status", self.token).json()
        for name, of in {"owed": lambda o: eth(o["owed_wei"]), "uptime": lambda o: percent(o["last_uptime_percent"]),
                         "failures": lambda o: str(o["consecutive_failures"])}.items():
            self.wait_same(lambda name=name: self.figure(name), lambda of=of: of(one()), name)
        self.wait_same(lambda: [row["epoch"] for row in self.rows()][:2],
                       lambda: [str(each["epoch"]) for each in self.get(f"{PAYMENTS}?orchestrator={quoted}&limit=2", self.token).json()["payments"]],
                       "its decisions")
        self.show(f"orchestrators/{quoted}?decision=1", "[data-figure=sum]")
        explained = self.get(f"{LIST}/{quoted}/payments/1/explanation", self.token).json()
        self.assertEqual(self.figure("sum"), f"{explained['generation']['base_usd']} USD × {explained['multiplier']} = {explained['amount_usd']} USD")
        self.assertEqual(self.figure("owed-by-decision"), explained["conversion"]["amount"])
        proof = f"{LIST}/{quoted}/payments/1/proof"
        wait_for(lambda: self.get(proof, self.token).status == 200, "a signed head")
        file = self.browser.download(at="button:has-text('Download its proof')")
        self.assertEqual(json.loads(file["text"]), self.get(proof, self.token).json())
        self.assert_quiet()

    def test_the_flow(self):
        self.start()
        self.wait_for_decisions(4)
        self.begin()
        self.enter()
        self.show("flow", "[data-row]")

        def said():
            newest = {}
            for one in self.get(f"{PAYMENTS}?limit=50", self.token).json()["payments"]:
                newest.setdefault(one["orchestrator"], one)
            return [{"id": one["orchestrator_id"], "uptime": percent(newest[one["orchestrator_id"]]["uptime_percent"]),
                     "tier": newest[one["orchestrator_id"]]["tier"], "amount": f"{newest[one['orchestrator_id']]['amount_usd']} USD",
                     "owed": eth(one["owed_wei"]), "sent": "0", "final": "0"}
                    for one in sorted(self.listed(), key=lambda one: one["orchestrator_id"])]

        def shown():
            return [{key: row[key] for key in ("id", "uptime", "tier", "amount", "owed", "sent", "final")} for row in self.rows()]
        self.wait_same(shown, said, "the lanes")
        self.assert_quiet()


class Looks(WebTest):
    def test_no_finding_of_axe_at_any_width_in_light_and_dark(self):
        self.start()
        self.wait_for_decisions(8)
        id = self.get(LIST, self.token).json()["orchestrators"][0]["orchestrator_id"]
        pages = {"overview": ("overview", "[data-payment]"), "orchestrators": ("orchestrators", "[data-row]"),
                 "orchestrator": (f"orchestrators/{urllib.parse.quote(id, safe='')}?decision=1", "[data-figure=sum]"), "flow": ("flow", "[data-row]")}
        self.begin()
        self.look("login")
        self.enter()
        for name, (address, at) in pages.items():
            self.show(address, at)
            if name in ("overview", "orchestrators"):
                self.browser.until(code="(document.querySelector('[data-figure=owed], [data-row] [data-column=owed]')?.innerText ?? '0') !== '0'")
            self.look(name)
        self.assert_quiet()


class Keyboard(WebTest):
    def tab_to(self, wanted):
        for _ in range(60):
            self.browser.press(key="Tab")
            if self.browser.value(code=f"document.activeElement.matches({json.dumps(wanted)})"):
                return
        self.fail(f"no way by Tab to {wanted}")

    def test_from_the_login_to_an_order(self):
        self.start()
        self.wait_for_decisions(4)
        self.begin()
        self.browser.until(code="document.activeElement.name === 'name'")
        self.browser.type(text=ADMIN)
        self.tab_to("input[name=secret]")
        self.browser.type(text=PASSWORD)
        self.browser.press(key="Enter")
        self.browser.wait(at="[data-stream=live]")
        self.tab_to("nav a[href='#/orchestrators']")
        self.browser.press(key="Enter")
        self.browser.wait(at="[data-row]")
        self.tab_to("[role=grid]")
        self.browser.press(key="ArrowDown")
        self.browser.wait(at="[role=row].active")
        id = self.browser.value(code="document.querySelector('[role=row].active').dataset.row")
        self.browser.press(key="Enter")
        self.browser.wait(at="[data-figure=owed]")
        self.assertEqual(self.text("h1"), id)
        self.tab_to(".head .buttons button")
        self.browser.press(key="Enter")
        self.browser.wait(at="dialog[open] input[name=from]")
        for field, text in (("from", "2026-01-01T06:00:00Z"), ("to", "2026-01-01T06:10:00Z"), ("reason", SCRIPT), ("amount", "1.25")):
            self.browser.until(code=f"document.querySelector('dialog [name={field}]') !== null")
            if not self.browser.value(code=f"document.activeElement.name === '{field}'"):
                self.tab_to(f"dialog [name={field}]")
            self.browser.type(text=text)
        self.browser.press(key="Enter")
        self.browser.wait(at="[data-figure=preview]")
        self.assertIn("pays 1.25 USD", self.figure("preview"))
        self.assertIn(SCRIPT, self.figure("preview"))
        self.tab_to("dialog [role=group] button.main")
        self.browser.press(key="Enter")
        self.browser.wait(at="[data-figure=outcome]")
        self.assertIn("recorded: 1.25 USD, 625000000000000", self.figure("outcome"))
        self.tab_to("dialog button.main")
        self.browser.press(key="Enter")
        self.browser.gone(at="dialog")
        again = self.ask("POST", "/api/v1/livepeer/adjustments", {
            "orchestrator_id": id, "from": "2026-01-01T06:00:00Z", "to": "2026-01-01T06:10:00Z", "reason": "again",
            "amount_usd": "1.25"}, token=self.token)
        self.assert_problem(again, 409)  # it is in the ledger, once
        self.assertTrue(self.host.verified())
        self.assert_quiet()


class Roles(WebTest):
    def test_a_viewer_is_offered_no_order(self):
        code, out, err = self.before_start()
        self.assertEqual(code, 0, err)
        self.begin()
        self.enter("view@example.com", json.loads(out)["password"])
        id = self.get(LIST, self.token).json()["orchestrators"][0]["orchestrator_id"]
        self.show("orchestrators/" + urllib.parse.quote(id, safe=""), "[data-figure=owed]")
        self.browser.until(code="document.querySelector('[data-figure=owed]').innerText !== '0 ETH'")
        self.assertEqual(self.browser.value(code="document.querySelectorAll('.head .buttons button').length"), 0)
        self.browser.click(at="button:has-text('Log out')")
        self.browser.wait(at="input[name=name]")
        self.browser.goto(url=self.page)
        self.browser.wait(at="input[name=name]")
        self.assert_quiet()

    def before_start(self):
        self.start()
        self.wait_for_decisions(4)
        return self.host.run("user", "add", "view@example.com", "--role", "viewer", "--generate", "--json")

    def test_an_orchestrator_sees_itself_and_objects(self):
        self.start()
        secret = self.made()["secret"]
        self.order("approve")
        self.wait_paid(2)
        self.begin()
        self.enter(NEW, secret, own=True)
        self.browser.wait(at="[data-figure=owed]")
        self.assertEqual(self.text("h1"), NEW)
        self.assertEqual(self.browser.value(code="[...document.querySelectorAll('nav a')].map(one => one.innerText)"), [NEW, "Flow"])
        self.show(f"orchestrators/{NEW}?decision=1", "[data-figure=sum]")
        self.browser.click(at="summary:has-text('Object to this decision')")
        self.browser.fill(at="textarea[name=text]", text=SCRIPT)
        self.browser.click(at="button:text-is('Object')")
        self.browser.wait(at="[data-objection='1']")
        self.assertEqual(self.text("[data-objection='1'] blockquote"), SCRIPT)
        self.assertEqual(self.browser.value(code="document.querySelectorAll('blockquote *').length"), 0)
        self.assert_quiet("alert-target")  # it has none: 404
        # Its payer reads the same text, and answers it.
        self.begin()
        self.enter()
        self.show(f"orchestrators/{NEW}", "[data-objection='1']")
        self.assertEqual(self.text("[data-objection='1'] blockquote"), SCRIPT)
        self.browser.click(at="summary:text-is('Answer')")
        self.browser.fill(at="textarea[name=reason]", text="our gateway was down")
        self.browser.click(at="[data-objection='1'] button:text-is('Preview')")
        self.browser.click(at="[data-objection='1'] button:text-is('Answer')")
        self.browser.until(code="document.querySelectorAll('[data-objection] blockquote').length === 2")
        answered = self.get(f"{LIST}/{NEW}/payments/1/objection", self.token).json()
        self.assertEqual((answered["state"], answered["answer"]), ("answered", "our gateway was down"))
        self.assert_quiet()


class Troubles(WebTest):
    def test_failed_checks_and_gaps_are_shown_as_what_they_are(self):
        self.start()
        self.wait_for_decisions(4)
        self.begin()
        self.enter()
        failing = self.get(LIST, self.token).json()["orchestrators"][0]["orchestrator_id"]
        self.devnet.fault(0, kind="empty200")
        wait_for(lambda: any(one["orchestrator"] == failing and one["job"] != "ok" for one in self.host.decisions()), "a failed check")
        self.devnet.gateway_fault("down")
        wait_for(lambda: self.host.status()["unpaid"], "a gap")
        self.wait_same(lambda: self.figure("held"), lambda: str(sum(one["held"] for one in self.listed())), "what is held")
        self.devnet.gateway_fault("none")
        wait_for(lambda: any(gap["to"] for gap in self.host.status()["unpaid"]), "the end of a gap")
        # Each gap with its amount, and their sum.
        self.wait_same(lambda: self.figure("unpaid"), self.stake, "what stayed unpaid")
        gap = next(gap for gap in self.host.status()["unpaid"] if gap["to"])
        self.show("orchestrators/" + urllib.parse.quote(gap["orchestrator"], safe=""), ".chart canvas")
        self.browser.until(code="/[1-9][0-9]* gaps/.test(document.querySelector('.chart [role=img]').ariaLabel)")
        # An order for unpaid time begins with the gap; its preview says what is in it.
        self.browser.click(at=".head button:text-is('adjust')")
        self.assertEqual(self.browser.value(code="document.querySelector('dialog [name=from]').value"), gap["from"])
        self.browser.fill(at="dialog [name=reason]", text="our gateway was down")
        self.browser.press(key="Enter")
        self.browser.click(at="dialog button:text-is('Preview')")
        self.browser.wait(at="[data-figure=preview]")
        self.assertIn(gap["cause"], self.figure("preview"))
        self.browser.click(at="dialog [role=group] button:text-is('Adjust')")
        self.browser.wait(at="[data-figure=outcome]")
        wait_for(lambda: all((one["orchestrator"], one["from"]) != (gap["orchestrator"], gap["from"]) for one in self.host.status()["unpaid"]),
                 "a gap less")
        self.browser.click(at="dialog button:text-is('Close')")
        self.show("orchestrators/" + urllib.parse.quote(failing, safe=""), ".chart canvas")
        self.browser.until(code="/ [1-9][0-9]* failed checks/.test(document.querySelector('.chart [role=img]').ariaLabel)")
        self.pardon(failing)
        self.assert_quiet()

    def pardon(self, id):
        """The dry run of the manager is the preview."""
        failed = next(one for one in self.host.decisions() if one["orchestrator"] == id and one["job"] != "ok")
        self.browser.click(at=".head button:text-is('pardon')")
        decided = datetime.datetime.fromisoformat(failed["decided_at"])
        for field, at in (("from", decided - datetime.timedelta(minutes=1)), ("to", decided)):
            self.browser.fill(at=f"dialog [name={field}]", text=at.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
        self.browser.fill(at="dialog [name=reason]", text="our gateway was down")
        self.browser.click(at="dialog button:text-is('Preview')")
        self.browser.wait(at="dialog [data-figure=preview], dialog .problem")
        self.assertEqual(self.text("dialog .problem"), None)
        self.assertIn("would pardon", self.figure("preview"))
        self.browser.click(at="dialog [role=group] button:text-is('Cancel')")
        self.browser.gone(at="dialog")

    def listed(self):
        return self.get(LIST, self.token).json()["orchestrators"]

    def stake(self):
        sum_usd = sum(decimal.Decimal(gap["at_stake_usd"] or 0) for gap in self.host.status()["unpaid"])
        text = format(sum_usd, "f")
        return (text.rstrip("0").rstrip(".") if "." in text else text) + " USD"

    def test_a_script_as_an_id_is_only_text(self):
        id = "<img/src=x/onerror=alert(1)>"  # an id has no blanks
        self.host.edit("orchestrators: []", f"orchestrators:\n  - {{ id: '{id}', name: '{SCRIPT}', address: '{self.endpoints[3]}' }}")
        self.start()
        self.wait_for_decisions(6)
        self.begin()
        self.enter()
        for address, at in (("overview", "[data-payment]"), ("orchestrators", "[data-row]"), ("flow", "[data-row]"),
                            ("orchestrators/" + urllib.parse.quote(id, safe=""), "[data-figure=owed]")):
            self.show(address, at)
            self.browser.until(code=f"document.querySelector('main').innerText.includes({json.dumps(id)})")
            self.assertEqual(self.browser.value(code="document.querySelectorAll('body img, body script').length"), 0)
        self.assert_quiet()


# A browser whose clock is an hour ahead.
AHEAD = """const Real = Date; globalThis.Date = class extends Real {
  constructor(...of) { if (of.length > 0) super(...of); else super(Real.now() + 3600000); }
  static now() { return Real.now() + 3600000; } };"""


class Outage(WebTest):
    def due_in(self):
        """The seconds of the first countdown on the page; None: it shows none."""
        shown = re.fullmatch(r"in (\d+) s", self.text("[data-column=due]") or "")
        return int(shown[1]) if shown else None

    def test_the_time_is_that_of_the_manager_where_the_browsers_clock_is_an_hour_ahead(self):
        self.start()
        self.wait_for_decisions(4)
        self.browser.begin(patience=steered.PATIENCE * 1000)
        self.browser.init(code=AHEAD)
        self.browser.goto(url=self.page)
        self.browser.wait(at="input[name=name]")
        self.enter()
        self.show("orchestrators", "[data-row]")
        wait_for(lambda: self.due_in() is not None, "a countdown")
        self.assertLessEqual(self.due_in() or 0, self.interval + 1)
        self.show("flow", "[data-row]")
        self.browser.click(at="button:text-is('−1 min')")
        self.browser.wait(at="[data-past]")
        at = datetime.datetime.fromisoformat(self.browser.value(code="document.querySelector('[data-past]').dataset.past"))
        age = datetime.datetime.now(datetime.timezone.utc) - at
        self.assertLess(abs(age.total_seconds() - 60), 30)
        self.assert_quiet()

    def test_figures_are_right_where_each_answer_takes_long(self):
        self.start()
        self.wait_for_decisions(4)
        self.begin()
        self.browser.slow(latency=800, rate=30_000)
        self.enter()
        self.show("orchestrators", "[data-row]")
        listed = lambda: {one["orchestrator_id"]: one["total_calls_processed"] for one in self.get(LIST, self.token).json()["orchestrators"]}
        before = listed()
        # Decisions come by events, later than they are made.
        wait_for(lambda: sum(self.browser.value(code="[...document.querySelectorAll('[data-column=strip] svg')].map(one => "
                                                     "Number(/last (\\d+) checks/.exec(one.ariaLabel)?.[1] ?? 0))")) >= sum(before.values()) + 8,
                 "checks that were made since")
        self.browser.wait(at="[data-stream=live]")
        self.assert_quiet()

    def test_a_host_that_ends_is_shown_and_its_return_as_well(self):
        self.start()
        self.wait_for_decisions(4)
        self.begin()
        self.enter()
        self.browser.wait(at="[data-payment]")
        self.host.kill()
        self.browser.wait(at="[data-stream=lost]")
        self.assertIn("figures may be old", self.text(".banner"))
        count = len(self.host.decisions())
        self.start()
        self.browser.wait(at="[data-stream=live]")
        self.browser.gone(at=".banner")
        wait_for(lambda: len(self.host.decisions()) >= count + 4, "decisions of the host that came back")
        newest = self.get(f"{PAYMENTS}?limit=1", self.token).json()["payments"][0]
        key = f"{newest['epoch']}:{newest['orchestrator']}"
        self.browser.wait(at=f"[data-payment='{key}']")
        self.assert_quiet("Failed to load resource", "ERR_")


if __name__ == "__main__":
    steered.need_browser()
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
