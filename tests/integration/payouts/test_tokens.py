"""The whole host pays what it decides in a token: decided in dollars, owed and paid in its smallest units."""
import json
import unittest

import test_payouts
from test_payouts import RECEIVERS, PayoutTest

import needed
import rig
import solidity
from deployed import Token
from rig import ETHER, PAYER


@needed.program(solidity.SOLC, "solc")
class TokenTest(PayoutTest):
    contract, symbol, decimals, usd = "Token", "USDC", 6, "1.0"
    rules = {"min": "8 USDC", "per_payment": "400 USDC", "per_payee_day": "800 USDC", "per_day": "2000 USDC",
             "max_fee": "0.01 ETH"}

    def setUp(self):
        self.chain = self.enterContext(rig.Chain(mines=True))
        self.supply = 5_000 * 10 ** self.decimals
        self.token = self.deployed(Token)
        most = 2_000 * 10 ** self.decimals
        asset = f"  - {{asset: {self.token.address}, per_payment: {most}, per_payee_day: {most}, per_day: {most}}}\n"
        self.signer = self.enterContext(rig.SignerProcess(more=asset))
        self.devnet = test_payouts.Devnet(self.orchestrators)
        self.addCleanup(self.devnet.end)
        self.host = test_payouts.Host(self.devnet)
        self.addCleanup(self.host.end)
        self.host.environment["ORCHESTRATOR_ADDRESSES"] = ""
        self.host.environment["ETH_TO_USD"] = self.usd
        self.addresses = self.devnet.addresses.split(",")
        self.plugin_more = {"asset": {"token": self.token.address, "decimals": self.decimals}}
        self.asset = {"token": self.token.address, "decimals": self.decimals, "symbol": self.symbol}
        self.configure()

    def deployed(self, kind):
        return kind(self.chain, self.contract, PAYER, self.supply)

    def configure(self, **more):
        super().configure(**more)
        text = self.host.config.read_text()
        text = text.replace("min: 100 USD", "min: 0.5 USD").replace("max: 100000 USD", "max: 10 USD")
        text = text.replace("    usd_per_eth:", f"    asset: {self.asset['symbol']}\n    usd_per_eth:")
        self.host.config.write_text(text.replace("\nnetwork:\n", "\nnetwork:\n  asset: " + json.dumps(self.asset) + "\n"))

    def settle(self):
        self.configure(min=f"400 {self.symbol}")
        code, out, err = self.host.run("reload")
        self.assertEqual(code, 0, out + err)
        self.until(lambda: not self.payouts(), "that no payout is open")

    def check_money(self):
        for receiver, units in self.paid().items():
            self.assertGreater(units, 0)
            self.assertEqual(self.token.balance(receiver), units, receiver)
        self.assertEqual(self.supply - self.token.balance(PAYER), sum(self.paid().values()))
        # Fees are coins, and nothing else is: they have accounts of their own.
        gas = sum(int.from_bytes(fee, "big") for fee, in self.rows("SELECT fee_wei FROM slot_end"))
        self.assertEqual(10_000 * ETHER - self.chain.balance(PAYER), gas)
        self.assertEqual(self.account(f"live:{rig.CHAIN}", "treasury:" + PAYER.lower()), gas)
        self.assertEqual(self.account(f"live:{rig.CHAIN}:{self.token.address.lower()}", "treasury:" + PAYER.lower()),
                         sum(self.paid().values()))
        self.host.verified()

    def account(self, space, name):
        rows = self.rows("SELECT e.wei FROM entry e JOIN account a ON a.id = e.account JOIN namespace n ON n.id = a.ns "
                         "WHERE n.name = ? AND a.name = ?", space, name)
        return sum(int.from_bytes(wei, "big", signed=True) for wei, in rows)

    def check_rate(self):
        """Each decision is owed what its dollars are worth, rounded down."""
        rate = int(float(self.usd) * 10 ** 8)
        rows = self.rows("SELECT usd_e8, wei FROM decision WHERE action = 1 OR usd_e8 > 0")
        self.assertTrue(rows)
        for usd, units in rows:
            self.assertEqual(int.from_bytes(units, "big"), usd * 10 ** self.decimals // rate)

    def pay_all(self):
        self.host.start()
        self.until_paid(2)
        self.settle()
        self.check_money()
        self.check_rate()
        report = self.reconciled()
        self.assertTrue(report["clean"], report)
        self.assertEqual((report["asset"], int(report["funds_wei"])), (self.symbol, self.token.balance(PAYER)))


class Usdc(TokenTest):
    def test_what_is_owed_is_paid_to_the_unit(self):
        self.pay_all()
        listed = self.payouts("--all")
        self.assertEqual({(one["asset"], one["decimals"], one["token"]) for one in listed},
                         {("USDC", 6, self.token.address.lower())})
        code, out, err = self.host.run("payouts", "list", "--all")
        self.assertEqual(code, 0, err)
        self.assertIn(" USDC  ", out)
        test_payouts.Whole.check_receipt(self, self.shown(1))
        code, out, err = self.host.run("receipt", "show", "--payout", "1")
        self.assertEqual(code, 0, err)
        body = json.loads(out)["receipt"]
        self.assertEqual((body["asset"].lower(), body["symbol"], body["decimals"]), (self.token.address.lower(), "USDC", 6))

    def test_recorded_decimals_never_change(self):
        self.host.start()
        self.until_paid(1)
        self.host.stop()
        self.asset["symbol"] = "USDT"
        self.rules = {name: text.replace("USDC", "USDT") for name, text in self.rules.items()}
        self.configure()
        code, out, err = self.host.run("run")
        self.assertNotEqual(code, 0)
        self.assertIn("these never change", out + err)


class Wide(TokenTest):
    contract, symbol, decimals, usd = "WideToken", "LPT", 18, "5.0"
    rules = {name: text.replace("USDC", "LPT") for name, text in TokenTest.rules.items()} | {"min": "1.6 LPT"}

    def test_what_is_owed_is_paid_to_the_unit(self):
        self.pay_all()


class Refused(TokenTest):
    def check(self, message):
        code, out, err = self.host.run("check")
        self.assertNotEqual(code, 0)
        self.assertIn(message, out + err)

    def test_a_unit_of_another_asset(self):
        self.configure(min="0.02 ETH")
        self.check("payouts.min: got 0.02 ETH, want an amount of USDC with at most 6 decimals")

    def test_more_decimals_than_the_token_has(self):
        self.configure(min="0.0000001 USDC")
        self.check("payouts.min: got 0.0000001 USDC, want an amount of USDC with at most 6 decimals")

    def test_no_limit_of_a_fee(self):
        self.configure(max_fee="0 ETH")
        self.check("payouts.max_fee: got none")

    def test_a_plugin_that_pays_another_asset(self):
        self.plugin_more = {"asset": {"token": self.token.address, "decimals": 18}}
        self.configure()
        self.check("want network.asset, {token: " + self.token.address + ", decimals: 6}")
        self.plugin_more = {}
        self.configure()
        self.check("got no asset, which is the coin, want network.asset")

    def test_the_rate_of_another_asset(self):
        text = self.host.config.read_text()
        self.host.config.write_text(text.replace("    asset: USDC\n    usd_per_eth:", "    usd_per_eth:"))
        self.check("price.config.asset: got none, want the asset that is priced, USDC")
        self.host.config.write_text(text.replace("    asset: USDC\n", "    asset: LPT\n"))
        self.check("price.config.asset: got \"LPT\", want the asset, USDC")


if __name__ == "__main__":
    needed.main()
