"""Replacements at a node that enforces what a replacement has to pay, Hardhat: 10 % more of both fees than what it has."""
import test_payouts

import needed
import rig
from chain import HARDHAT, Hardhat
from network import wait_for
from rig import CHAIN, PAYER


@needed.program(HARDHAT, "hardhat")
class Replacement(test_payouts.PayoutTest):
    orchestrators = 1
    rules = {"min": "0.02 ETH", "replace_after": "1s"}

    @staticmethod
    def new_chain():
        return Hardhat()

    def setUp(self):
        super().setUp()
        # The same key with a memory of its own: what it signs the ledger and its signer do not know.
        self.beside = self.enterContext(rig.SignerProcess())

    def attempts(self):
        """Of the one nonce: transaction, tip and cap."""
        return [("0x" + one.hex(), int.from_bytes(tip, "big"), int.from_bytes(cap, "big"))
                for one, tip, cap in self.rows("SELECT id, tip_wei, cap_wei FROM attempt WHERE slot = 1 ORDER BY seq")]

    def is_waiting(self, transaction):
        return self.chain.call("eth_getTransactionByHash", transaction) is not None

    def replaced_beside(self, percent):
        """The node's answer to the same payment with so much higher fees than the newest attempt that it has."""
        transaction = next(one for one, _, _ in reversed(self.attempts()) if self.is_waiting(one))
        known = self.chain.call("eth_getTransactionByHash", transaction)
        tip, cap = (int(known[name], 16) * (100 + percent) // 100 for name in ("maxPriorityFeePerGas", "maxFeePerGas"))
        value = str(int(known["value"], 16))
        made = self.beside.ask({"op": "sign", "transaction": {
            "chain_id": CHAIN, "nonce": int(known["nonce"], 16), "max_priority_fee_per_gas": str(tip),
            "max_fee_per_gas": str(cap), "gas_limit": int(known["gas"], 16), "to": known["to"], "value": value, "data": "0x"},
            "pays": {"asset": "native", "payments": [{"to": known["to"], "amount": value}]}})
        self.assertEqual(made["kind"], "payment", made)
        return made["hash"], self.chain.answer("eth_sendRawTransaction", made["raw"])

    def test_the_nodes_rule_is_met_and_what_it_refuses_is_signed_again_until_it_is_taken(self):
        self.host.start()
        wait_for(lambda: self.attempts() and self.is_waiting(self.attempts()[0][0]), "the first attempt")
        # The node has that rule: 9 % more of both is refused.
        _, answer = self.replaced_beside(9)
        self.assertIn("error", answer)
        wait_for(lambda: len(self.attempts()) > 1 and self.is_waiting(self.attempts()[1][0]), "that a replacement is taken")
        (first, tip, cap), (_, next_tip, next_cap) = self.attempts()[:2]
        self.assertFalse(self.is_waiting(first))
        self.assertGreaterEqual(next_tip * 100, tip * 110)
        self.assertGreaterEqual(next_cap * 100, cap * 110)
        # One with a third more takes its place: what the host signs next is not enough, and is refused.
        foreign, answer = self.replaced_beside(33)
        self.assertEqual(answer.get("result"), foreign, answer)
        taken = len(self.attempts())

        def is_taken():
            return next((at for at, one in enumerate(self.attempts()) if at >= taken and self.is_waiting(one[0])), None)
        wait_for(is_taken, "that the node takes one of the ledger's again")
        self.assertFalse(self.is_waiting(foreign))
        refused = [one for one, _, _ in self.attempts()[taken:is_taken()]]
        self.assertTrue(refused, "each replacement was taken")
        self.assertEqual(self.chain.call("eth_getTransactionCount", PAYER, "latest"), "0x0")
        self.until_paid(1)
        self.settle()
        self.check_money()
        self.assertTrue(self.reconciled()["clean"])
        self.assertEqual([one for one in refused if self.is_waiting(one)], [])


if __name__ == "__main__":
    needed.main()
