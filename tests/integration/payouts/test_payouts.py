"""The whole host pays what it decides: a devnet, a real chain, the real signer, and a host with `settlement: ethereum`."""
import json
import pathlib
import sqlite3
import subprocess
import sys
import unittest
import urllib.parse

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS / folder) for folder in ("integration/host", "integration/signer", "contracts", "soak/money")]
import proxy  # noqa: E402
import rig  # noqa: E402
import needed  # noqa: E402
import scrape  # noqa: E402
import solidity  # noqa: E402
from network import STIPEND, Devnet, Host, wait_for  # noqa: E402
from rig import CHAIN, GWEI, PAYER, SignerProcess  # noqa: E402

RECEIVERS = ["0x" + str(i) * 39 + "e" for i in (1, 2, 3)]


@needed.program(rig.ANVIL, "anvil")
class PayoutTest(unittest.TestCase):
    orchestrators = 3
    rules = {"min": "0.004 ETH"}
    settlement = "ethereum"
    signer_more = ""
    plugin_more = {}

    @staticmethod
    def new_chain():
        return rig.Chain(mines=True)

    def setUp(self):
        self.chain = self.enterContext(self.new_chain())
        self.signer = self.enterContext(SignerProcess(more=self.signer_more))
        self.devnet = Devnet(self.orchestrators)
        self.addCleanup(self.devnet.end)
        self.host = Host(self.devnet)
        self.addCleanup(self.host.end)
        self.host.environment["ORCHESTRATOR_ADDRESSES"] = ""
        self.addresses = self.devnet.addresses.split(",")
        self.configure()

    def configure(self, **more):
        text = (pathlib.Path(rig.__file__).resolve().parents[3] / "config.yaml").read_text()
        text = text.replace('folder: ""', f"folder: {self.host.plugins}")
        text = text.replace("settlement: dry-run", f"settlement: {self.settlement}")
        plugin = {"chain_id": CHAIN, "payer": PAYER, "rpc": [self.chain.url], "signer": {"socket": str(self.signer.socket)},
                  "max_fee_per_gas_wei": 100 * GWEI, "final": {"tag": "latest-depth", "depth": 2}, "timeout": "5s"} | self.plugin_more
        rules = {"per_payment": "0.5 ETH", "per_payee_day": "1 ETH", "per_day": "2 ETH", "max_gas_price": "50 gwei",
                 "max_fee_share": 0.2, "every": "1s", "look_every": "100ms", "resend_after": "1s", "confirmations": 1}
        entries = [{"address": address, "id": f"orch-{i}", "payout_address": RECEIVERS[i - 1]}
                   for i, address in enumerate(self.addresses, 1)]
        text = text.replace("\norchestrators: []", "\norchestrators: " + json.dumps(entries))
        assert entries[0]["address"] in text
        self.host.config.write_text(text + "\npayouts: " + json.dumps(rules | self.rules | more | {"config": plugin}) + "\n")

    # What the ledger says, read without the host's help.
    def rows(self, query, *values):
        database = sqlite3.connect(f"file:{self.host.folder}/state/ledger.db?mode=ro", uri=True)
        try:
            return database.execute(query, values).fetchall()
        finally:
            database.close()

    def paid(self):
        """By receiver: the sum of its payouts that are paid."""
        out = dict.fromkeys(RECEIVERS[:self.orchestrators], 0)
        for to, wei in self.rows("SELECT to_address, wei FROM payout WHERE state = 7"):
            out[to] += int.from_bytes(wei, "big")
        return out

    def payouts(self, *options):
        code, out, err = self.host.run("payouts", "list", "--json", *options)
        self.assertEqual(code, 0, err)
        return [json.loads(line) for line in out.splitlines()]

    def alerts(self):
        return {alert["id"] for alert in self.host.status()["alerts"]}

    def shown(self, payout):
        code, out, err = self.host.run("payouts", "show", str(payout), "--json")
        self.assertEqual(code, 0, err)
        return json.loads(out)

    def mine(self):
        self.chain.call("evm_mine")

    def until(self, condition, what):
        """Blocks come meanwhile, as on a chain that others use."""
        def found():
            self.mine()
            return condition()
        wait_for(found, what)

    def until_paid(self, times):
        def all_paid():
            counts = dict(self.rows("SELECT to_address, count(*) FROM payout WHERE state = 7 GROUP BY 1"))
            return len(counts) == self.orchestrators and min(counts.values()) >= times
        self.until(all_paid, f"{times} payouts of each")

    def settle(self):
        """Nothing new is reserved; all that is open becomes final."""
        self.configure(min="0.5 ETH", per_payment="0.5 ETH")
        code, out, err = self.host.run("reload")
        self.assertEqual(code, 0, out + err)
        self.until(lambda: not self.payouts(), "that no payout is open")

    def reconciled(self, want=0):
        code, out, err = self.host.run("reconcile", "--json")
        self.assertEqual(code, want, out + err)
        report, = json.loads(out)["networks"]
        return report

    def check_money(self):
        for receiver, wei in self.paid().items():
            self.assertEqual(self.chain.balance(receiver), wei, receiver)
        gas = sum(int.from_bytes(fee, "big") for fee, in self.rows("SELECT fee_wei FROM slot_end"))
        self.assertEqual(10_000 * 10**18 - self.chain.balance(PAYER), sum(self.paid().values()) + gas)
        self.host.verified()


class Whole(PayoutTest):
    def test_what_is_owed_is_paid_to_the_wei(self):
        self.host.start()
        self.assertTrue(self.host.said("settlement is ethereum: debts on chain 42161 are paid from 0.004 ETH on"))
        self.until_paid(2)
        self.settle()
        self.check_money()
        report = self.reconciled()
        self.assertTrue(report["clean"], report)
        self.assertEqual((report["transactions"], report["next_nonce"]), (len(self.payouts("--all")),) * 2)
        status = self.host.status()["payouts"]
        self.assertEqual((status["open"], status["waits_for"], int(status["funds_wei"])), (0, None, self.chain.balance(PAYER)))
        one = self.shown(1)
        self.assertEqual(one["state"], "paid")
        self.assertEqual([step["state"] for step in one["steps"]][:2], ["bound", "sent"])
        receipt = self.chain.call("eth_getTransactionReceipt", one["transaction"])
        self.assertEqual((receipt["status"], receipt["to"], int(receipt["blockNumber"], 16)),
                         ("0x1", one["to"], one["nonce"]["end"]["block"]))
        self.check_receipt(one)
        self.check_metrics()
        self.host.stop()
        decided = sum(int(line["amount_wei"]) for line in self.host.decisions())
        owed = sum(int.from_bytes(wei, "big") for wei, in self.rows("SELECT owed FROM engine_state"))
        self.assertEqual(decided, owed + sum(self.paid().values()))

    def check_metrics(self):
        page = scrape.read(self.host.wait_line("metrics at http").split(" at ")[1].strip())
        self.assertEqual(scrape.check(page), "")
        listed = {name: kind for name, kind in scrape.documented().items() if scrape.PAYOUTS.match(name)}
        self.assertEqual({name: kind for name, kind in page.types.items() if scrape.PAYOUTS.match(name)}, listed)
        self.assertEqual(page.value("stipend_payouts_paid_total"), len(self.payouts("--all")))
        self.assertEqual((page.value("stipend_payouts_open"), page.value("stipend_payouts_blocked")), (0, 0))
        self.assertAlmostEqual(page.value("stipend_payer_funds_eth"), self.chain.balance(PAYER) / 10**18, places=6)

    def check_receipt(self, payout):
        code, text, err = self.host.run("receipt", "show", "--payout", str(payout["payout"]))
        self.assertEqual(code, 0, err)
        signed = json.loads(text)["receipt"]
        self.assertEqual((signed["wei"], signed["transaction"], signed["to"].lower(), signed["block"]),
                         (payout["amount_wei"], payout["transaction"], payout["to"], payout["nonce"]["end"]["block"]))
        self.assertNotEqual(signed["signer"].lower(), PAYER.lower())
        file = self.host.folder / "receipt.json"
        file.write_text(text)
        verify = [STIPEND, "receipt", "verify", file, "--address", signed["signer"]]
        good = subprocess.run(verify, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(good.returncode, 0, good)
        file.write_text(text.replace(signed["wei"], signed["wei"][:-1] + "1", 1))
        self.assertEqual(subprocess.run(verify, capture_output=True, timeout=60, check=False).returncode, 1)
        month = payout["reserved_at"][:7]
        code, text, err = self.host.run("statement", "--orchestrator", payout["orchestrator"], "--month", month, "--format", "json")
        self.assertEqual(code, 0, err)
        paid = sum(int(line["amount_wei"]) for line in self.payouts("--all", "--orchestrator", payout["orchestrator"]))
        self.assertIn(f'"{paid}"', text)

    def test_after_a_kill_at_any_time_the_sums_are_right(self):
        self.host.start()
        for times in range(1, 4):
            self.until_paid(times)
            self.host.kill()
            self.host.start()
        self.settle()
        self.check_money()
        self.assertTrue(self.reconciled()["clean"])


class Batches(PayoutTest):
    rules = {"min": "0.004 ETH", "mode": "batch", "every": "5s"}
    contract = "0x" + "b" * 40
    signer_more = f"batch_contract: {contract}\n"
    plugin_more = {"batch_contract": contract}

    def setUp(self):
        super().setUp()
        self.chain.call("anvil_setCode", self.contract, "0x" + solidity.committed("runtime").hex())

    def test_all_that_is_due_is_paid_by_one_nonce(self):
        self.host.start()
        self.until_paid(2)
        self.settle()
        self.check_money()
        self.assertTrue(self.reconciled()["clean"])
        largest, = self.rows("SELECT max(payouts) FROM slot")[0]
        self.assertEqual(largest, 3)
        slots, = self.rows("SELECT count(*) FROM slot")[0]
        self.assertLess(slots, len(self.payouts("--all")))

    def test_a_payee_that_rejects_waits_and_the_others_are_paid(self):
        rejects = RECEIVERS[1]
        self.host.start()
        self.until_paid(1)
        self.chain.call("anvil_setCode", rejects, "0x60006000fd")
        self.until(lambda: any(one["orchestrator"] == "orch-2" and one["state"] == "held" for one in self.payouts()),
                   "that it is held")
        held = next(one for one in self.payouts() if one["state"] == "held")
        self.assertEqual(held["orchestrator"], "orch-2")
        before = self.chain.balance(RECEIVERS[0])
        self.until(lambda: self.chain.balance(RECEIVERS[0]) > before, "that the others are paid")
        self.chain.call("anvil_setCode", rejects, "0x")
        code, out, err = self.host.run("payouts", "release", str(held["payout"]))
        self.assertEqual(code, 0, out + err)
        self.until(lambda: self.shown(held["payout"])["state"] == "paid", "that it is paid")
        self.settle()
        self.check_money()


class Orders(PayoutTest):
    rules = {"min": "0.004 ETH", "stopped": True}
    orchestrators = 1

    def one(self):
        wait_for(lambda: self.payouts(), "a payout")
        return self.payouts()[0]["payout"]

    def order(self, *arguments, want=0):
        code, out, err = self.host.run("payouts", *map(str, arguments))
        self.assertEqual(code, want, out + err)
        return out + err

    def test_a_stopped_host_reserves_nothing_and_goes_on_when_it_is_let(self):
        self.host.start()
        wait_for(lambda: self.host.decisions(), "a decision")
        self.assertEqual(self.payouts(), [])
        self.assertIn("stopped", self.host.status()["payouts"]["waits_for"])
        self.host.stop()
        self.host.start()
        self.assertTrue(self.host.said("payouts are stopped"))
        self.configure(stopped=False)
        self.assertEqual(self.host.run("reload")[0], 0)
        self.until_paid(1)
        self.assertEqual(self.chain.call("eth_getTransactionCount", PAYER, "latest"), "0x1")

    def test_a_payout_is_held_released_and_returned(self):
        # A cap below what the chain takes: a payout stays reserved.
        self.configure(stopped=False, max_gas_price="1 gwei")
        self.chain.call("anvil_setNextBlockBaseFeePerGas", hex(20 * GWEI))
        self.mine()
        self.host.start()
        payout = self.one()
        self.assertIn("gas costs more", self.shown(payout)["waits_for"])
        self.assertIn("want", self.order("hold", payout, "--reason", "", want=1))
        self.order("hold", payout, "--reason", "a look at its invoice")
        held = self.shown(payout)
        self.assertEqual((held["state"], held["reason"]), ("held", "a look at its invoice"))
        self.assertTrue(held["by"])
        self.assertIn(f"stipend payouts release {payout}", held["command"])
        wait_for(lambda: any(a["id"] == "payout-held:orch-1" for a in self.host.status()["alerts"]), "the alert")
        self.host.stop()
        self.assertEqual(self.shown(payout)["state"], "held")
        self.order("release", payout)  # where no host runs
        self.assertIn("is reserved", self.order("release", payout, want=1))
        self.host.start()
        self.order("return", payout, "--reason", "paid otherwise")
        self.assertEqual(self.shown(payout)["state"], "returned")
        self.assertIn("there is none", self.order("show", payout + 1000, want=1))
        self.host.verified()

    def test_limits_hold_over_a_restart(self):
        self.configure(stopped=False, per_payment="0.02 ETH", per_payee_day="0.02 ETH", per_day="0.02 ETH")
        self.host.start()

        def waits_for_tomorrow():
            return any("limits of this UTC day" in self.shown(one["payout"]).get("waits_for", "")
                       for one in self.payouts() if one["state"] == "reserved")
        self.until(waits_for_tomorrow, "that a payout waits for tomorrow")
        first = sum(self.paid().values())
        self.assertGreater(first, 0)
        self.assertLessEqual(first, 2 * 10**16)
        self.host.stop()
        self.host.start()
        wait_for(waits_for_tomorrow, "that it waits for tomorrow again")
        self.assertEqual(self.chain.balance(RECEIVERS[0]), first)


class Garbler(proxy.Proxy):
    """A node whose answers about one transaction are not what they should be."""

    def __init__(self, url):
        self.transaction = None
        super().__init__(urllib.parse.urlsplit(url).port, 1, 0, lambda raw: None)

    def forward(self, calls):
        out = super().forward(calls)
        for call, answer in zip(calls, out):
            if call["method"] == "eth_getTransactionReceipt" and call["params"] == [self.transaction] and answer.get("result"):
                answer["result"]["blockNumber"] = "soon"
        return out


class Unread(PayoutTest):
    orchestrators = 2

    def test_one_that_cannot_be_read_is_named_and_the_others_go_on(self):
        node = Garbler(self.chain.url)
        self.addCleanup(node.close)
        self.plugin_more = {"rpc": node.urls}
        self.configure()
        self.chain.call("evm_setAutomine", False)
        self.host.start()

        def sent():
            rows = self.rows("SELECT a.id, p.id, p.to_address FROM attempt a JOIN payout p ON p.slot = a.slot WHERE p.state < 7 ORDER BY a.seq")
            return rows[0] if rows else None
        wait_for(sent, "an attempt")
        transaction, payout, to = sent()
        node.transaction = "0x" + transaction.hex()
        self.chain.call("evm_setAutomine", True)
        alert = f"payout-unread:orch-{RECEIVERS.index(to) + 1}"

        def raised():
            return next((one["text"] for one in self.host.status()["alerts"] if one["id"] == alert), None)
        self.until(raised, "the alert")
        self.assertIn(f"what the chain says of payout {payout} cannot be read", raised())
        self.assertIn("a receipt's block: want a quantity", raised())
        other = RECEIVERS[1 - RECEIVERS.index(to)]
        before = self.paid()[other]
        self.until(lambda: self.paid()[other] > before, "a payout of the other one")
        self.assertEqual(self.paid()[to], 0)
        node.transaction = None
        self.until(lambda: self.shown(payout)["state"] == "paid", "that it is paid")
        wait_for(lambda: not raised(), "the alert's end")
        self.settle()
        self.check_money()


class Faults(PayoutTest):
    orchestrators = 1

    def test_without_a_signer_deciding_goes_on_and_nothing_is_paid_twice(self):
        self.host.start()
        self.until_paid(1)
        self.signer.kill()
        self.until(lambda: any(one["state"] == "bound" for one in self.payouts()), "a payout that waits for its signature")
        before = len(self.host.decisions())
        wait_for(lambda: len(self.host.decisions()) > before + 1, "decisions meanwhile")
        waiting = next(one for one in self.payouts() if one["state"] == "bound")["payout"]
        self.assertIn("signer", self.shown(waiting)["waits_for"])
        wait_for(lambda: any(a["id"] == "payouts:unanswered" for a in self.host.status()["alerts"]), "the alert")
        self.signer.start()
        self.until(lambda: self.shown(waiting)["state"] == "paid", "that it is paid")
        wait_for(lambda: not any(a["id"] == "payouts:unanswered" for a in self.host.status()["alerts"]), "its end")
        self.settle()
        self.check_money()

    def test_a_foreign_transaction_freezes_with_what_to_do(self):
        self.host.start()
        self.until_paid(1)
        self.settle()
        self.chain.call("eth_sendTransaction", {"from": PAYER, "to": RECEIVERS[1], "value": "0x1"})
        self.mine()
        wait_for(lambda: any(a["id"] == "payouts:foreign" for a in self.host.status()["alerts"]), "the alert")
        report = self.reconciled(want=1)
        self.assertIn("the last one of this ledger is", report["findings"][0])
        status = self.host.status()["payouts"]
        self.assertIn("something else uses the payer's key", status["waits_for"])
        self.assertIn("stipend reconcile", status["command"])
        self.configure()
        self.assertEqual(self.host.run("reload")[0], 0)
        self.mine()
        before = self.chain.balance(RECEIVERS[0])
        wait_for(lambda: len(self.host.decisions()) > 3, "decisions meanwhile")
        self.assertEqual(self.chain.balance(RECEIVERS[0]), before)
        # An operator who knows what it was says so, and it goes on behind that nonce.
        for _ in range(3):
            self.mine()
        code, out, err = self.host.run("reconcile", "--accept-foreign")
        self.assertEqual(code, 0, out + err)
        self.until(lambda: self.chain.balance(RECEIVERS[0]) > before, "that it is paid again")
        self.settle()
        self.assertTrue(self.reconciled()["clean"])
        self.host.verified()
        self.assertEqual(self.chain.balance(RECEIVERS[0]), self.paid()[RECEIVERS[0]])

    def test_a_restored_backup_freezes(self):
        self.host.start()
        self.until_paid(1)
        backup = self.host.folder / "backup.db"
        self.assertEqual(self.host.run("ledger", "backup", str(backup))[0], 0)
        self.until_paid(3)
        self.host.stop()
        code, out, err = self.host.run("ledger", "restore", str(backup), "--replace")
        self.assertEqual(code, 0, out + err)
        self.host.start()
        wait_for(lambda: {"payouts:foreign", "payouts:restored"} <= self.alerts(), "the alerts")
        self.assertIn("old backup", self.host.status()["payouts"]["waits_for"])
        self.reconciled(want=1)
        self.assertIsNone(self.host.status()["restored"]["accepted"])

    def test_another_chain_is_refused(self):
        self.host.edit(f'"chain_id": {CHAIN}', '"chain_id": 1')
        code, out, err = self.host.run("check")
        self.assertEqual(code, 1, out)
        self.assertIn("network.chain_id, 42161", out + err)

    def test_an_asset_of_the_plugin_that_is_not_the_networks_is_refused(self):
        self.host.edit('"timeout": "5s"', '"timeout": "5s", "asset": {"token": "0x' + "a" * 40 + '", "decimals": 6}')
        code, out, err = self.host.run("check")
        self.assertEqual(code, 1, out)
        self.assertIn("payouts.config.asset: got {token: 0x", out + err)
        self.assertIn("decimals: 6}, want network.asset, native", out + err)


class Start(PayoutTest):
    settlement = "accrue"
    orchestrators = 1

    def test_debts_of_accrue_are_paid_and_those_of_a_dry_run_never(self):
        self.settlement = "dry-run"
        self.configure()
        self.host.start()
        wait_for(lambda: len(self.host.decisions()) >= 2, "decisions of a dry run")
        self.host.stop()
        self.settlement = "accrue"
        self.configure()
        self.host.start()
        wait_for(lambda: len(self.host.decisions()) >= 2, "decisions that are owed")
        self.assertTrue(self.host.said("paid once settlement is switched on"))
        self.host.stop()
        owed = sum(int(line["amount_wei"]) for line in self.host.decisions())
        self.settlement = "ethereum"
        self.configure(min="0.5 ETH", max_age="1m")  # the first sight of it is younger: nothing is due
        self.host.start()
        self.configure()
        self.assertEqual(self.host.run("reload")[0], 0)
        self.until_paid(1)
        self.settle()
        self.check_money()
        first = int.from_bytes(self.rows("SELECT wei FROM payout WHERE id = 1")[0][0], "big")
        self.assertGreaterEqual(first, owed)

    def test_without_a_daily_limit_nothing_starts(self):
        self.settlement = "ethereum"
        self.configure(per_day="0 ETH")
        code, out, err = self.host.run("check")
        self.assertEqual(code, 1)
        self.assertIn("payouts.per_day", out + err)
        self.assertIn("got no limit", out + err)


if __name__ == "__main__":
    needed.main()
