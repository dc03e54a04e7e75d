"""One host pays on two networks, the coin of a chain and a token on it, both from one payer; one orchestrator is moved."""
import json
import subprocess
import unittest

import test_payouts
from test_payouts import RECEIVERS

import needed
import rig
import scrape
import solidity
from deployed import Token
from rig import CHAIN, ETHER, GWEI, PAYER

COIN, TOKEN = 0, 1  # ids in the ledger


@needed.program(solidity.SOLC, "solc")
class NetworksTest(test_payouts.PayoutTest):
    token_rules = {"min": "8 USDC", "per_payment": "400 USDC", "per_payee_day": "800 USDC", "per_day": "2000 USDC",
                   "max_fee": "0.01 ETH"}
    on_token = (2, 3)

    def setUp(self):
        self.chain = self.enterContext(rig.Chain(mines=True))
        self.supply = 5_000 * 10 ** 6
        self.token = Token(self.chain, "Token", PAYER, self.supply)
        most = 2_000 * 10 ** 6
        asset = f"  - {{asset: {self.token.address}, per_payment: {most}, per_payee_day: {most}, per_day: {most}}}\n"
        self.signer = self.enterContext(rig.SignerProcess(more=asset))
        self.devnet = test_payouts.Devnet(self.orchestrators)
        self.addCleanup(self.devnet.end)
        self.host = test_payouts.Host(self.devnet)
        self.addCleanup(self.host.end)
        self.host.environment["ORCHESTRATOR_ADDRESSES"] = ""
        self.addresses = self.devnet.addresses.split(",")
        self.configure()

    def configure(self, token_min="8 USDC", **more):
        super().configure(**more)
        plugin = {"chain_id": CHAIN, "payer": PAYER, "rpc": [self.chain.url],
                  "signer": {"socket": str(self.signer.socket)}, "max_fee_per_gas_wei": 100 * GWEI,
                  "final": {"tag": "latest-depth", "depth": 2}, "timeout": "5s",
                  "asset": {"token": self.token.address, "decimals": 6}}
        rules = {"max_gas_price": "50 gwei", "every": "1s", "look_every": "100ms", "resend_after": "1s",
                 "confirmations": 1} | self.token_rules | {"min": token_min, "config": plugin}
        network = {"name": "usdc", "chain_id": CHAIN, "payouts": rules,
                   "asset": {"token": self.token.address, "decimals": 6, "symbol": "USDC"},
                   "price": {"min": "0.5 USD", "max": "2 USD", "config": {"asset": "USDC", "usd_per_eth": 1}}}
        text = self.host.config.read_text()
        for i in self.on_token:
            text = text.replace(f'"id": "orch-{i}"', f'"id": "orch-{i}", "network": "usdc"')
        self.host.config.write_text(text + "networks: " + json.dumps([network]) + "\n")

    def reload(self):
        code, out, err = self.host.run("reload")
        self.assertEqual(code, 0, out + err)

    def settle(self):
        self.configure(token_min="400 USDC", min="0.5 ETH", per_payment="0.5 ETH")
        self.reload()
        self.until(lambda: not self.payouts(), "that no payout is open")

    def paid_on(self, network):
        """By receiver: the sum of its payouts on one network that are paid."""
        out = dict.fromkeys(RECEIVERS, 0)
        for to, wei in self.rows("SELECT to_address, wei FROM payout WHERE state = 7 AND network = ?", network):
            out[to] += int.from_bytes(wei, "big")
        return out

    def until_paid_on(self, network, receivers, times):
        def all_paid():
            counts = dict(self.rows("SELECT to_address, count(*) FROM payout WHERE state = 7 AND network = ? GROUP BY 1",
                                    network))
            return all(counts.get(RECEIVERS[i - 1], 0) >= times for i in receivers)
        self.until(all_paid, f"{times} payouts of {receivers} on network {network}")

    def check_money(self):
        """What each has received is what the ledger says is paid, of both assets; gas is coins alone."""
        coins, tokens = self.paid_on(COIN), self.paid_on(TOKEN)
        for receiver in RECEIVERS:
            self.assertEqual(self.chain.balance(receiver), coins[receiver], receiver)
            self.assertEqual(self.token.balance(receiver), tokens[receiver], receiver)
        gas = sum(int.from_bytes(fee, "big") for fee, in self.rows("SELECT fee_wei FROM slot_end"))
        self.assertEqual(10_000 * ETHER - self.chain.balance(PAYER), sum(coins.values()) + gas)
        self.assertEqual(self.supply - self.token.balance(PAYER), sum(tokens.values()))
        self.host.verified()

    def check_reconciled(self):
        code, out, err = self.host.run("reconcile", "--json")
        self.assertEqual(code, 0, out + err)
        found = json.loads(out)
        self.assertEqual([(one["network"], one["asset"], one["clean"]) for one in found["networks"]],
                         [("", "ETH", True), ("usdc", "USDC", True)])
        self.assertGreater(min(one["transactions"] for one in found["networks"]), 0)
        code, out, err = self.host.run("reconcile", "--network", "usdc")
        self.assertEqual(code, 0, err)
        self.assertIn("network usdc: ", out)
        code, out, err = self.host.run("reconcile", "--network", "usdt")
        self.assertIn('want one of "", "usdc"', err)
        code, out, err = self.host.run("reconcile", "--accept-foreign")
        self.assertNotEqual(code, 0)
        self.assertIn("want the one whose nonces are accepted", err)


class Both(NetworksTest):
    def test_each_is_paid_in_the_asset_of_its_network(self):
        self.host.start()
        self.until_paid_on(COIN, (1,), 2)
        self.until_paid_on(TOKEN, (2, 3), 2)
        page = scrape.read(self.host.wait_line("metrics at http").split(" at ")[1].strip())
        for name in ("open", "today", "limit"):
            self.assertEqual({labels["asset"] for labels, _ in page.all(f"stipend_network_payouts_{name}")},
                             {"ETH", "USDC"})
        self.settle()
        self.check_money()
        self.check_reconciled()
        # Nonces of one payer are one row, whatever they pay.
        nonces = sorted(nonce for nonce, in self.rows("SELECT nonce FROM slot WHERE state != 2"))
        self.assertEqual(nonces, list(range(nonces[0], nonces[0] + len(nonces))))
        code, out, err = self.host.run("payouts", "list", "--all", "--json", "--network", "usdc")
        self.assertEqual(code, 0, err)
        self.assertEqual({json.loads(line)["asset"] for line in out.splitlines()}, {"USDC"})
        status = self.host.status()
        self.assertEqual([one["asset"] for one in status["rates"]], ["ETH", "USDC"])
        self.assertEqual(status["payouts"]["networks"][0]["payouts"]["asset"], "USDC")


class Moved(NetworksTest):
    on_token = ()

    def test_one_that_is_moved_is_paid_on_both_and_no_period_twice(self):
        self.host.start()
        self.until_paid_on(COIN, (1, 2, 3), 1)
        # Some of what it is owed in coins is not paid when it leaves.
        kept = {"min": "0.5 ETH", "per_payment": "0.5 ETH"}
        self.configure(**kept)
        self.reload()
        since = self.decided()
        self.until(lambda: self.decided() > since + 1, "two more decisions")
        self.on_token = (1,)
        self.configure(**kept)
        self.reload()
        self.until_paid_on(TOKEN, (1,), 1)
        self.host.stop()
        self.host.start()
        self.until_paid_on(TOKEN, (1,), 2)
        # Its next payout in coins pays decisions of before and of after.
        self.on_token = ()
        self.configure(**kept)
        self.reload()
        since = self.decided()
        self.until(lambda: self.decided() > since + 2, "three more decisions")
        self.configure()
        self.reload()
        before = self.paid_on(COIN)[RECEIVERS[0]]
        self.until(lambda: self.paid_on(COIN)[RECEIVERS[0]] > before, "a payout in coins after it was moved back")
        self.settle()
        self.check_money()
        self.check_reconciled()
        periods = self.rows("SELECT d.epoch, d.period_from, d.due_at FROM decision d JOIN orchestrator o ON "
                            "o.id = d.orchestrator WHERE o.key = 'orch-1' ORDER BY d.epoch")
        self.assertEqual([epoch for epoch, *_ in periods], list(range(1, len(periods) + 1)))
        for (_, _, due), (_, start, _) in zip(periods, periods[1:]):
            self.assertGreaterEqual(start, due - 1)
        # Each of its payouts has a receipt that proves itself, also behind the decisions that another network owes.
        code, out, err = self.host.run("payouts", "list", "--all", "--json", "--orchestrator", "orch-1")
        self.assertEqual(code, 0, err)
        kinds = set()
        for payout in (json.loads(line) for line in out.splitlines()):
            self.check_one_receipt(self.shown(payout["payout"]), kinds)
        self.assertIn("elsewhere", kinds)
        # A statement for each network has what was received there; what it is owed elsewhere is in none of the other's.
        for network, symbol in ((COIN, "ETH"), (TOKEN, "USDC")):
            code, out, err = self.host.run("statement", "--orchestrator", "orch-1", "--network", f"{CHAIN}:{symbol}",
                                           "--month", self.month())
            self.assertEqual(code, 0, err)
            self.assertEqual(int(json.loads(out)["statement"]["payouts_wei"]), self.paid_on(network)[RECEIVERS[0]])
        code, out, err = self.host.run("statement", "--orchestrator", "orch-1", "--network", "1:USDC", "--month", self.month())
        self.assertIn(f"got 1:USDC, want one of {CHAIN}:ETH, {CHAIN}:USDC", err)

    def month(self):
        return self.shown(1)["reserved_at"][:7]

    def decided(self):
        (count,), = self.rows("SELECT count(*) FROM decision d JOIN orchestrator o ON o.id = d.orchestrator "
                              "WHERE o.key = 'orch-1'")
        return count

    def check_one_receipt(self, payout, kinds):
        code, text, err = self.host.run("receipt", "show", "--payout", str(payout["payout"]))
        self.assertEqual(code, 0, err)
        receipt = json.loads(text)
        self.assertEqual((receipt["receipt"]["wei"], receipt["receipt"]["transaction"]),
                         (payout["amount_wei"], payout["transaction"]))
        kinds |= {item["kind"] for item in receipt["items"]}
        file = self.host.folder / "receipt.json"
        file.write_text(text)
        verify = [test_payouts.STIPEND, "receipt", "verify", file, "--address", receipt["receipt"]["signer"]]
        good = subprocess.run(verify, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(good.returncode, 0, good)


if __name__ == "__main__":
    needed.main()
