#!/usr/bin/env python3
"""The web page in a real browser, while a host pays on a real chain: each payout down to its transaction, as the chain has it."""
import datetime
import json
import sys
import unittest

import steered
from packages import PROJECT

sys.path.insert(0, str(PROJECT / "tests/integration/payouts"))
import test_payouts  # noqa: E402
from network import wait_for  # noqa: E402
from test_dashboard import eth  # noqa: E402


class OnChain(steered.Page, test_payouts.PayoutTest):
    orchestrators = 2

    def setUp(self):
        super().setUp()
        address = steered.free_address()
        self.host.environment.update(API_LISTEN=address, ADMIN_PASSWORD=steered.PASSWORD)
        self.page = f"http://{address}/ui/"
        self.open_browser()

    def test_payouts_down_to_the_transaction_and_the_flow_before_them(self):
        self.host.start()
        self.until_paid(2)
        self.settle()
        self.begin()
        self.enter()
        one = self.shown(1)
        self.show("orchestrators/" + one["orchestrator"], f"[data-payout='{one['payout']}']")
        row = self.browser.value(code=f"[...document.querySelector('[data-payout=\"{one['payout']}\"]').cells].slice(0, 3).map(one => one.innerText.trim())")
        self.assertEqual(row, [str(one["payout"]), "paid", eth(one["amount_wei"])])
        mine = [int(each["amount_wei"]) for each in self.payouts("--all", "--orchestrator", one["orchestrator"])]
        wait_for(lambda: self.figure("final") == eth(sum(mine)), "what is final")
        self.browser.click(at=f"[data-payout='{one['payout']}'] button")
        self.browser.wait(at="[data-figure=transaction]")
        transaction = self.figure("transaction")
        receipt = self.chain.call("eth_getTransactionReceipt", transaction)
        self.assertEqual((receipt["status"], receipt["to"]), ("0x1", one["to"]))
        self.assertEqual(int(self.chain.call("eth_getTransactionByHash", transaction)["value"], 16), int(one["amount_wei"]))
        steps = self.browser.value(code="[...document.querySelectorAll('.steps li .mark')].map(one => one.innerText)")
        self.assertEqual(steps, [step["state"] for step in one["steps"]])
        self.look()
        file = self.browser.download(at=f"[data-payout='{one['payout']}'] button:text-is('Download')")
        code, text, err = self.host.run("receipt", "show", "--payout", str(one["payout"]))
        self.assertEqual((code, file["text"].strip()), (0, text.strip()), err)
        month = one["reserved_at"][:7]
        self.browser.choose(at="select[name=format]", value="json")
        file = self.browser.download(at="button:text-is('Download it')")
        code, text, err = self.host.run("statement", "--orchestrator", one["orchestrator"], "--month", month, "--format", "json")
        self.assertEqual(code, 0, err)
        self.assertEqual(file["name"], f"statement-{one['orchestrator']}-{month}.json")
        said, shown = json.loads(text)["statement"], json.loads(file["text"])["statement"]
        self.assertEqual([shown[key] for key in ("payouts", "payouts_wei", "signer")], [said[key] for key in ("payouts", "payouts_wei", "signer")])
        # What is final on the page is on the chain.
        self.show("flow", "[data-row]")
        finals = lambda: {row["id"]: row["final"] for row in self.browser.value(
            code="[...document.querySelectorAll('[data-row]')].map(row => ({ id: row.dataset.row, final: row.querySelector('[data-column=final]').innerText }))")}
        wait_for(lambda: finals() == {f"orch-{at}": eth(self.chain.balance(to)) for at, to in enumerate(test_payouts.RECEIVERS[:2], 1)}, "the flow")
        # As it was before the last payout became final, but a second after the first was reserved at the earliest.
        paid = {number: next(step["at"] for step in self.shown(number)["steps"] if step["state"] == "paid")
                for number in (each["payout"] for each in self.payouts("--all"))}
        reserved, last = (datetime.datetime.fromisoformat(text[:19]) for text in (one["reserved_at"], max(paid.values())))
        then = max(last, reserved + datetime.timedelta(seconds=1))
        sums = dict.fromkeys(("orch-1", "orch-2"), 0)
        for each in self.payouts("--all"):
            if datetime.datetime.fromisoformat(paid[each["payout"]][:19]) < then:
                sums[each["orchestrator"]] += int(each["amount_wei"])
        self.assertLess(sum(sums.values()), sum(int(each["amount_wei"]) for each in self.payouts("--all")))
        at = then.isoformat() + "Z"
        self.show(f"flow?at={at}", f"[data-past='{at}']")
        self.assertEqual(finals(), {id: eth(wei) if wei else "0" for id, wei in sums.items()})
        self.assert_quiet()


if __name__ == "__main__":
    steered.need_browser()
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
