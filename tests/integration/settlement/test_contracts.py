#!/usr/bin/env python3
"""ethereum.so, as the host would run it, pays batches by the contract, and tokens, with the real signer on a real chain."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "contract"))
from batches import (ContractCase, OnHardhat, account, arguments, needs_chain, needs_hardhat, needs_solc,  # noqa: E402
                     selector)
import needed  # noqa: E402
from test_settlement import IN_BLOCK, NONE, UNAVAILABLE, Plugin, rig  # noqa: E402

INVALID = -1
OTHER = 2  # an outcome: it did something else than it should
BATCH = "0x" + 31 * "00" + "07"
A, B, C = (account(number) for number in range(3))
SUPPLY = 10 ** 15


class Payments(ContractCase):
    def pays(self, more="", **config):
        """The plugin, and the signer that it has."""
        signer = self.enterContext(rig.SignerProcess(more=more, max_gas=16_000_000))
        self.plugin = Plugin([self.chain.url], signer.socket, **config)
        self.addCleanup(self.plugin.close)

    def pays_batches(self):
        self.pays(f"batch_contract: {self.contract}\n", batch_contract=self.contract)

    def token(self, name, blocked=(), decimals=6):
        token = self.deploy_test(name)
        for payee in blocked:
            self.transact(selector("block_(address)") + arguments(payee), token)
        self.pays(f"  - {{asset: \"{token}\", per_payment: {SUPPLY}, per_payee_day: {SUPPLY}, per_day: {SUPPLY}}}\n",
                  asset={"token": token, "decimals": decimals})
        return token

    def nonce(self):
        return self.plugin.ask("account")["next"]

    def sign(self, payments, batch=None):
        """The estimate, and what is signed with its gas."""
        how = {"batch": batch} if batch else {}
        nonce = self.nonce()
        estimate = self.plugin.pay("estimate", nonce, payments, **how)
        self.assertEqual(estimate.get("accepted"), 1, estimate)
        made = self.plugin.pay("sign", nonce, payments, gas=estimate["gas"], **how)
        self.assertEqual(made.get("kind"), 0, made)
        return estimate, made

    def send(self, made):
        self.assertIsNone(self.plugin.ask("send", raw=made["raw"]))
        return rig.wait_for(lambda: self.chain.call("eth_getTransactionReceipt", made["id"]), "the transaction is mined")

    def look(self, made, payments=0):
        seen = self.plugin.ask("sight", id=made["id"], batch_of=payments)
        return seen[0] if isinstance(seen, list) else seen

    def mine(self, blocks):
        for _ in range(blocks):
            self.chain.call("evm_mine")


@needs_chain
@needs_solc
class Batches(Payments):
    def test_a_batch_of_three_of_which_one_rejects(self):
        self.pays_batches()
        payments = [(A, 10 ** 15), (self.deploy_test("Rejects"), 2 * 10 ** 15), (B, 3 * 10 ** 15)]
        before = self.plugin.ask("account")
        nonce = before["next"]
        _, made = self.sign(payments, BATCH)
        self.assertEqual(self.look(made, 3)["phase"], NONE)
        receipt = self.send(made)
        seen = self.look(made, 3)
        self.assertEqual((seen["phase"], seen["executed"], seen["final"], seen["paid"]), (IN_BLOCK, 1, 0, [1, 0, 1]))
        self.assertEqual(int(seen["fee"]), self.price(receipt))
        self.mine(2)
        self.assertEqual(self.look(made, 3), seen | {"final": 1, "depth": 2})
        self.assertEqual([self.chain.balance(to) for to, _ in payments], [10 ** 15, 0, 3 * 10 ** 15])
        after = self.plugin.ask("account")
        self.assertEqual(int(before["coins"]) - int(after["coins"]), 4 * 10 ** 15 + int(seen["fee"]))
        self.assertEqual([(one["id"], one["kind"]) for one in self.plugin.ask("recall", slot=nonce)], [(made["id"], 0)])
        # What the count says has to be what was signed.
        wrong = self.look(made, 2)
        self.assertEqual(wrong["status"], INVALID)
        self.assertIn("it is a batch of 3 payments, want 2", wrong["error"])

    def test_two_hundred_payees(self):
        self.pays_batches()
        payments = [(account(1000 + number), 10 ** 15 + number) for number in range(200)]
        for to, _ in payments:
            self.chain.call(f"{'hardhat' if self.kind is OnHardhat.kind else 'anvil'}_setBalance", to, "0x1")
        estimate, made = self.sign(payments, BATCH)
        receipt = self.send(made)
        self.assertEqual(self.look(made, 200)["paid"], [1] * 200)
        self.assertEqual([self.chain.balance(to) for to, _ in payments], [1 + amount for _, amount in payments])
        used = int(receipt["gasUsed"], 16)
        self.assertLess(used, 200 * 10_500)
        self.assertAlmostEqual(estimate["likely"], used, delta=20_000)
        print(f"\n200 payees: {used / 200:.0f} gas for each; the limit {estimate['gas']:,}, used {used:,}", file=sys.stderr)

    def test_what_a_batch_likely_takes_says_whether_it_takes_less_than_single_payments(self):
        self.pays_batches()
        for payees in (3, 4, 5, 8):
            for exist in (True, False):
                with self.subTest(payees=payees, exist=exist):
                    first = (1 << 40) + 100 * payees + 50 * exist
                    payments = [(account(first + number), 1) for number in range(payees)]
                    for to, _ in payments if exist else ():
                        self.chain.call(f"{'hardhat' if self.kind is OnHardhat.kind else 'anvil'}_setBalance", to, "0x1")
                    single = self.plugin.pay("estimate", self.nonce(), payments[:1])["likely"]
                    estimate, made = self.sign(payments, f"0x{0xb000 + 10 * payees + exist:064x}")
                    used = int(self.send(made)["gasUsed"], 16)
                    self.assertAlmostEqual(single, 21_000, delta=500)
                    self.assertEqual(estimate["likely"] < payees * single, used < payees * single, (estimate, used))

    def test_payees_that_burn_their_gas_after_the_estimate_stop_no_other(self):
        self.pays_batches()
        turning = [self.deploy_test("Turns") for _ in range(12)]
        payments = [(to, 5) for to in turning] + [(A, 6)]
        _, made = self.sign(payments, BATCH)
        for to in turning:
            self.transact(selector("turn()"), to, caller=self.other)
        self.send(made)
        self.assertEqual(self.look(made, 13)["paid"], [0] * 12 + [1])

    def test_a_batch_that_is_reverted_pays_nothing(self):
        self.pays_batches()
        payments = [(A, 5), (B, 6)]
        nonce = self.nonce()
        made = self.plugin.pay("sign", nonce, payments, gas=100_000, batch=BATCH)
        self.send(made)
        seen = self.look(made, 2)
        self.assertEqual((seen["phase"], seen["executed"], seen["paid"]), (IN_BLOCK, 0, [0, 0]))
        self.assertGreater(int(seen["fee"]), 0)
        # The id is free again.
        _, made = self.sign(payments, BATCH)
        self.send(made)
        self.assertEqual(self.look(made, 2)["paid"], [1, 1])

    def test_another_contract_in_its_place_is_called_by_nothing(self):
        other = self.deploy_test("Accepts")
        self.pays(f"batch_contract: {other}\n", batch_contract=other)
        account_now = self.plugin.ask("account")
        self.assertEqual(account_now["status"], INVALID)
        self.assertRegex(account_now["error"], "^batch_contract 0x.*: the hash of its code is 0x.*, want 0x")
        for op in ("estimate", "sign"):
            refused = self.plugin.pay(op, 5, [(A, 5), (B, 6)], batch=BATCH)
            self.assertIn(refused["status"], (INVALID, UNAVAILABLE))
            self.assertIn("the hash of its code is", refused["error"])


@needs_chain
@needs_solc
class Tokens(Payments):
    def test_a_token_of_six_decimals(self):
        token = self.token("Token")
        before = self.plugin.ask("account")
        self.assertEqual(int(before["funds"]), SUPPLY)
        self.assertEqual(int(before["coins"]), self.chain.balance(self.payer))
        _, made = self.sign([(A, 25_000_000)])
        receipt = self.send(made)
        seen = self.look(made)
        self.assertEqual((seen["phase"], seen["executed"], seen["paid"]), (IN_BLOCK, 1, []))
        self.assertEqual(int(seen["fee"]), self.price(receipt))
        self.assertEqual(self.tokens(token, A), 25_000_000)
        after = self.plugin.ask("account")
        self.assertEqual(int(after["funds"]), SUPPLY - 25_000_000)
        self.assertEqual(int(before["coins"]) - int(after["coins"]), int(seen["fee"]))
        # More than there is; and a slot that is given up.
        self.assertEqual(self.plugin.pay("estimate", after["next"], [(A, SUPPLY)])["status"], UNAVAILABLE)
        noop = self.plugin.pay("sign", after["next"], [])
        self.send(noop)
        self.assertEqual(self.look(noop)["executed"], 1)

    def test_a_transfer_that_is_reverted(self):
        token = self.token("Token")
        _, made = self.sign([(A, 5)])
        self.transact(selector("block_(address)") + arguments(A), token, caller=self.other)
        self.send(made)
        self.assertEqual((self.look(made)["phase"], self.look(made)["executed"]), (IN_BLOCK, 0))

    def test_a_token_that_moves_something_else_is_seen_with_what_it_did(self):
        for name, payee, blocked, want in (
                ("FeeToken", A, [], "the token wrote 2 Transfer events, want one"),
                ("LyingToken", B, [B], "the token wrote 0 Transfer events, want one"),
                ("SenderFeeToken", A, [], "the token wrote 2 Transfer events, want one")):
            with self.subTest(name):
                self.token(name, blocked)
                _, made = self.sign([(payee, 1000)])
                self.send(made)
                seen = self.look(made)
                self.assertEqual((seen["phase"], seen["executed"], seen["reason"]), (IN_BLOCK, OTHER, want))

    def test_a_token_of_other_decimals_and_no_token(self):
        self.token("Token", decimals=18)
        account_now = self.plugin.ask("account")
        self.assertEqual(account_now["status"], INVALID)
        self.assertIn("it has 6 decimals, and the configuration says 18", account_now["error"])
        self.pays(asset={"token": C, "decimals": 6})
        self.assertIn("no token is there that states its decimals", self.plugin.ask("account")["error"])


@needs_chain
@needs_solc
class Refusals(Payments):
    """What the chain would refuse, by the codes of errors that nodes have: Hardhat has its own."""

    def test_a_batch_is_accepted_once(self):
        self.pays_batches()
        payments = [(A, 5), (B, 6)]
        _, made = self.sign(payments, BATCH)
        self.send(made)
        again = self.plugin.pay("estimate", self.nonce(), payments, batch=BATCH)
        self.assertEqual((again["accepted"], again["reason"]), (0, "the chain refuses a batch of 2 payments"))

    def refused(self, name, reason, **how):
        self.token(name, **how)
        estimate = self.plugin.pay("estimate", self.nonce(), [(B, 700)])
        self.assertEqual((estimate["accepted"], estimate["gas"], estimate["reason"].lower()),
                         (0, 0, reason.format(to=f"a payment to {B}").lower()))

    def test_tokens_that_do_not_say_true_are_not_paid(self):
        self.refused("Token", "the token reverts {to}", blocked=[B])
        self.refused("SilentToken", "the token returns nothing for {to}, want true")
        self.refused("FalseToken", "the token returns false for {to}", blocked=[B])


@needs_hardhat
class BatchesOnHardhat(OnHardhat, Batches):
    pass


@needs_hardhat
class TokensOnHardhat(OnHardhat, Tokens):
    pass


if __name__ == "__main__":
    needed.main()
