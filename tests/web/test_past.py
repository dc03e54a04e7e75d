#!/usr/bin/env python3
"""The web page in a real browser: the past by the ledger, services, changes, orders with their previews, and what an
orchestrator settles by itself, its login by wallet included."""
import datetime
import decimal
import json
import sys
import unittest
import urllib.parse

import steered
from network import wait_for
from steered import ADMIN, PASSWORD, WebTest
from test_api import LIST
from test_checks import Service
from test_dashboard import eth, percent
from test_registry import NEW
from wallet import Wallet

PAST = "/api/v1/livepeer/past"
# A wallet whose calls wait for the test.
WALLET = """window.ethereum = { calls: [], request(call) {
  return new Promise((resolve, reject) => { this.calls.push({ ...call, resolve, reject }); }); } };"""


class PastTest(WebTest):
    def rows(self, *keys):
        shown = self.browser.value(code="[...document.querySelectorAll('[data-row]')].map(row => Object.fromEntries("
                                        "[...row.querySelectorAll('[data-column]')].map(cell => [cell.dataset.column, cell.innerText.trim()])))")
        return [{key: row[key] for key in keys} for row in shown]


class Flow(PastTest):
    def then(self, at):
        answer = self.get(f"{PAST}?at={at}", self.token)
        self.assertEqual(answer.status, 200, answer.body)
        self.assertIsNone(answer.json()["next_cursor"])
        return answer.json()["orchestrators"]

    def test_the_flow_is_wound_back_and_forward(self):
        self.start()
        self.wait_for_decisions(16)
        decisions = self.host.decisions()
        # A whole second with some decisions before it and some behind.
        middle = datetime.datetime.fromisoformat(decisions[len(decisions) // 2]["decided_at"]).replace(microsecond=0)
        at = middle.strftime("%Y-%m-%dT%H:%M:%SZ")
        said = self.then(at)
        # By the decisions themselves, not by what the host adds up.
        for one in said:
            before = [each for each in decisions if each["orchestrator"] == one["orchestrator"]
                      and datetime.datetime.fromisoformat(each["decided_at"]) <= middle]
            self.assertEqual(one["last"], before[-1] if before else None)
            owed = sum(int(each["amount_wei"]) for each in before)
            self.assertEqual([amounts["owed"] for amounts in one["amounts"]], [str(owed)] if owed else [])
        self.assertGreater(sum(one["last"] is not None for one in said), 0)
        self.begin()
        self.enter()
        self.show(f"flow?at={at}", f"[data-past='{at}']")
        keys = ("id", "uptime", "tier", "amount", "owed", "sent", "final")

        def shown_of(one):
            last = one["last"]
            return {"id": one["orchestrator"], "uptime": percent(last and last["uptime_percent"]), "tier": last["tier"] if last else "–",
                    "amount": f"{last['amount_usd']} USD" if last else "–",
                    "owed": eth(one["amounts"][0]["owed"]) if one["amounts"] else "0", "sent": "0", "final": "0"}
        wait_for(lambda: self.rows(*keys) == [shown_of(one) for one in said], "the lanes of that time")
        self.look()
        self.browser.click(at="button:text-is('−1 min')")
        earlier = (middle - datetime.timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.browser.wait(at=f"[data-past='{earlier}']")
        wait_for(lambda: self.rows(*keys) == [shown_of(one) for one in self.then(earlier)], "the lanes of a minute before")
        self.browser.click(at="button:text-is('Now')")
        self.browser.gone(at="[data-past]")
        self.browser.wait(at="[data-row]")
        self.assertNotIn("at=", self.browser.value(code="location.href"))
        # What is refused says why, in place of lanes.
        self.show("flow?at=1970-01-01T00:00:00Z", "[data-past]")
        self.assertEqual(self.rows(*keys), [])
        self.assert_quiet()


class OneOrchestrator(PastTest):
    def test_services_changes_and_a_payment_beside_the_decisions(self):
        service = Service()
        self.addCleanup(service.end)
        self.host.edit("monitors: []", "monitors: [{ name: web, plugin: monitor, id: org.stipend.monitor, config: { timeout: 1s } }]")
        self.host.edit("orchestrators: []", f"""orchestrators:
  - {{ id: watched, address: "{self.endpoints[3]}", checks: [{{ monitor: web, target: "{service.url}", every: 1s }}] }}""")
        self.start()
        self.wait_for_decisions(6)
        service.status = 503
        path = f"{LIST}/watched/observations"
        verdicts = lambda: [span["verdict"] for target in self.get(path, self.token).json()["targets"] for span in target["spans"]]
        wait_for(lambda: verdicts()[-2:] == ["up", "down"], "a service that went down")
        self.begin()
        self.enter()
        self.show("orchestrators/watched", f"[data-service='{service.url}']")
        self.assertEqual(self.browser.value(code="document.querySelector('[data-service]').cells[1].innerText"), "down")
        self.assertIn("down", self.browser.value(code="document.querySelector('[data-service] svg').ariaLabel"))
        self.assertGreater(self.browser.value(code="document.querySelectorAll('[data-service] svg path.failed').length"), 0)
        # No orchestrator of this network can be asked for its price.
        self.assertFalse(self.get(f"{LIST}/watched/offer", self.token).json()["reachable"])
        self.browser.until(code="document.querySelector('[data-figure=offer]').parentElement.innerText.includes('it names no price')")
        # Its only change so far is that it was added.
        self.browser.wait(at="[data-change]")
        self.assertEqual(self.browser.value(code="document.querySelectorAll('[data-change]').length"), 1)
        self.assertIn(f"address: {self.endpoints[3]}", self.text("[data-change]"))
        self.look()
        self.pay()
        self.assert_quiet()

    def pay(self):
        self.browser.click(at=".head button:text-is('pay')")
        for field, text in (("amount", "12.5"), ("call_type", "bonus"), ("reference", "invoice 7")):
            self.browser.fill(at=f"dialog [name={field}]", text=text)
        self.browser.click(at="dialog button:text-is('Preview')")
        self.browser.wait(at="[data-figure=preview]")
        self.assertIn("pays 12.5 USD to watched", self.figure("preview"))
        self.assertEqual(self.manual(), [])
        self.browser.click(at="dialog [role=group] button:text-is('Pay')")
        self.browser.wait(at="[data-figure=outcome]")
        paid, = self.manual()
        self.assertEqual((paid["amount_usd"], paid["reference"], paid["by"]), ("12.5", "invoice 7", "api:" + ADMIN))
        self.assertIn(f"recorded: 12.5 USD, {paid['amount_wei']} of the smallest unit", self.figure("outcome"))
        self.browser.click(at="dialog button:text-is('Close')")
        self.browser.until(code="document.querySelectorAll('[data-change]').length === 2")
        changes = self.get(f"{LIST}/watched/changes", self.token).json()["changes"]
        self.assertEqual([one["kind"] for one in changes], ["manual_payment", "orchestrator"])
        self.assertEqual((changes[0]["details"]["amount_usd"], changes[0]["at"]), ("12.5", paid["decided_at"]))
        self.assertIn("amount usd: 12.5", self.text("[data-change]"))

    def manual(self):
        code, out, err = self.host.run("ledger", "export", "--kind", "manual")
        self.assertEqual(code, 0, err)
        return [json.loads(line) for line in out.splitlines()]

    def test_the_preview_of_an_adjustment_is_what_the_manager_would_record(self):
        self.start()
        self.wait_for_decisions(4)
        self.begin()
        self.enter()
        id = self.get(LIST, self.token).json()["orchestrators"][0]["orchestrator_id"]
        self.show("orchestrators/" + urllib.parse.quote(id, safe=""), "[data-figure=owed]")
        rate = decimal.Decimal(self.get("/api/v1/status", self.token).json()["usd_per_eth"])
        self.browser.click(at=".head button:text-is('adjust')")
        for field, text in (("from", "2026-01-01T06:00:00Z"), ("to", "2026-01-01T06:10:00Z"), ("reason", "a bonus"), ("amount", "3")):
            self.browser.fill(at=f"dialog [name={field}]", text=text)
        self.browser.click(at="dialog button:text-is('Preview')")
        self.browser.wait(at="[data-figure=preview]")
        wei = int(3 * 10**18 / rate)
        self.assertIn(f"would record 3 USD, {wei} of the smallest unit", self.figure("preview"))
        self.assertEqual(self.get(f"{LIST}/{urllib.parse.quote(id, safe='')}/changes", self.token).json()["changes"][0]["kind"], "orchestrator")
        self.browser.click(at="dialog [role=group] button:text-is('Adjust')")
        self.browser.wait(at="[data-figure=outcome]")
        newest = self.get(f"{LIST}/{urllib.parse.quote(id, safe='')}/changes", self.token).json()["changes"][0]
        self.assertEqual((newest["kind"], newest["details"]["amount_wei"]), ("adjustment", str(wei)))
        self.assert_quiet()


class Owner(PastTest):
    def join(self):
        self.start()
        self.wallet = Wallet("an orchestrator's")
        self.secret = self.made(eth_address=self.wallet.address)["secret"]
        self.order("approve")
        route = f"{LIST}/{NEW}/payout-address"
        wanted = self.ask("POST", route + "/challenge", {}, token=self.secret).json()
        answer = self.ask("POST", route, {"nonce": wanted["nonce"], "signature": self.wallet.sign(wanted["message"])}, token=self.secret)
        self.assertEqual(answer.status, 200, answer.body)
        self.wait_paid()

    def answer(self, number, method, value):
        """Answers the wallet's call of that number."""
        self.browser.until(code=f"window.ethereum.calls.length > {number}")
        call = self.browser.value(code=f"(({{ method, params }}) => ({{ method, params }}))(window.ethereum.calls[{number}])")
        self.assertEqual(call["method"], method)
        self.browser.value(code=f"void window.ethereum.calls[{number}].resolve({json.dumps(value(call.get('params')))})")

    def test_a_login_by_wallet_and_what_it_settles(self):
        self.join()
        self.browser.begin(patience=steered.PATIENCE * 1000)
        self.browser.init(code=WALLET)
        self.browser.goto(url=self.page)
        self.browser.click(at="label:has-text('an orchestrator')")
        # One that the wallet's owner refuses.
        self.browser.click(at="button:text-is('Log in by wallet')")
        self.browser.until(code="window.ethereum.calls.length === 1")
        self.browser.value(code="void window.ethereum.calls[0].reject({ code: 4001, message: 'User rejected <b>it</b>' })")
        self.browser.wait(at=".problem")
        self.assertEqual(self.text(".problem"), "the wallet: User rejected <b>it</b>")
        self.browser.click(at="button:text-is('Log in by wallet')")
        self.answer(1, "eth_requestAccounts", lambda _: [self.wallet.address])
        self.answer(2, "personal_sign", lambda params: self.wallet.sign(bytes.fromhex(params[0][2:]).decode()))
        self.browser.wait(at="[data-figure=owed]")
        self.assertEqual(self.text("h1"), NEW)
        self.browser.wait(at="[data-stream=live]")
        self.wait_same(lambda: self.figure("owed"), lambda: eth(self.get(f"{LIST}/{NEW}/status", self.token).json()["owed_wei"]), "what it is owed")
        self.assertEqual(self.figure("lacks"), "nothing")
        # A payee's page knows the manager's clock by its answers.
        self.browser.until(code="/^(in|now|\\d+ s ago)/.test(document.querySelector('[data-figure=due]').innerText)")
        self.look()
        self.browser.fill(at="input[name=target]", text="https://127.0.1.1:1/hook")
        self.browser.click(at="button:text-is('Set')")
        self.browser.wait(at="[data-figure=target]")
        said = self.get(f"{LIST}/{NEW}/alert-target", self.token).json()
        self.assertEqual(self.figure("target"), said["webhook"])
        self.browser.click(at="button:text-is('Send none')")
        self.browser.gone(at="[data-figure=target]")
        self.assert_problem(self.get(f"{LIST}/{NEW}/alert-target", self.token), 404)
        self.show("flow", "[data-row]")
        self.assertEqual([row["id"] for row in self.rows("id")], [NEW])
        self.assert_quiet("alert-target")

    def test_its_secret_is_rotated_and_the_page_goes_on_by_the_new_one(self):
        self.join()
        self.begin()
        self.enter(NEW, self.secret, own=True)
        self.browser.fill(at="input[name=present]", text="not the secret")
        self.browser.click(at="button:text-is('Rotate the secret')")
        self.browser.wait(at="form[aria-label=secret] .problem")
        self.browser.fill(at="input[name=present]", text=self.secret)
        self.browser.click(at="button:text-is('Rotate the secret')")
        self.browser.wait(at="[data-figure=secret]")
        fresh = self.figure("secret")
        self.assertRegex(fresh, "^[0-9a-f]{64}$")
        self.assertEqual(self.get(f"{LIST}/{NEW}/status", fresh).status, 200)
        self.assert_problem(self.get(f"{LIST}/{NEW}/status", self.secret), 401)
        # The page goes on by the new one.
        self.browser.wait(at="[data-stream=live]")
        self.wait_same(lambda: self.figure("owed"), lambda: eth(self.get(f"{LIST}/{NEW}/status", self.token).json()["owed_wei"]), "what it is owed")
        self.assert_quiet("401", "alert-target")


if __name__ == "__main__":
    steered.need_browser()
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
