"""Another payer: what the earlier one has sent is watched and sent again, debts stay, and the new one pays what comes. What is stuck
is signed with higher fees by its own key, once that is the payer again."""
import test_payouts
from network import wait_for
from rig import ETHER, GWEI, PAYER, SignerProcess
from test_payouts import RECEIVERS

# The third account of the development chain's mnemonic.
NEXT_KEY = "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"
NEXT = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
DEAR = 5 * GWEI  # of a base fee: more than what is signed before it bids


class Payer(test_payouts.PayoutTest):
    orchestrators = 2
    rules = {"min": "0.02 ETH", "replace_after": "1s"}

    def setUp(self):
        super().setUp()
        self.next_signer = self.enterContext(SignerProcess(key=NEXT_KEY))
        self.base_fee = None
        self.everyone = self.addresses
        self.addresses = self.everyone[:1]
        self.configure()

    def mine(self):
        if self.base_fee:
            self.chain.call("anvil_setNextBlockBaseFeePerGas", hex(self.base_fee))
        super().mine()

    def pay_by(self, payer, signer):
        self.plugin_more = {"payer": payer, "signer": {"socket": str(signer.socket)}}
        self.configure()
        code, out, err = self.host.run("reload")
        self.assertEqual(code, 0, out + err)

    def attempts(self, payout):
        return ["0x" + one.hex() for one, in self.rows("SELECT a.id FROM attempt a JOIN payout p ON p.slot = a.slot WHERE p.id = ? "
                                                       "ORDER BY a.seq", payout)]

    def is_known(self, transaction):
        return self.chain.call("eth_getTransactionByHash", transaction) is not None

    def nonces(self, payer):
        return int(self.chain.call("eth_getTransactionCount", payer, "latest"), 16)

    def test_the_earlier_payers_nonces_end_and_debts_stay(self):
        self.host.start()
        self.until(lambda: self.paid()[RECEIVERS[0]] > 0, "a payout")
        self.chain.call("evm_setAutomine", False)
        wait_for(lambda: any(one["state"] == "sent" for one in self.payouts()), "a payment that is sent")
        stuck = next(one for one in self.payouts() if one["state"] == "sent")
        payout = stuck["payout"]
        first, = self.attempts(payout)
        wait_for(lambda: self.is_known(first), "that the node has it")
        self.base_fee = DEAR

        self.addresses = self.everyone  # the second one has nothing under way
        self.pay_by(NEXT, self.next_signer)
        self.chain.call("anvil_dropAllTransactions")
        wait_for(lambda: self.is_known(first), "that it is sent again")
        wait_for(lambda: "an earlier payer" in self.shown(payout)["waits_for"], "that it says so")
        self.assertIn(f"`payouts.config.payer` back to {PAYER.lower()}", self.shown(payout)["command"])
        used = self.nonces(PAYER)
        self.until(lambda: self.nonces(NEXT) >= 2, "that the other payee is paid by the new payer")
        self.assertEqual((self.nonces(PAYER), self.attempts(payout)), (used, [first]))
        self.assertEqual(self.shown(payout)["state"], "sent")

        self.pay_by(PAYER, self.signer)
        self.until(lambda: self.shown(payout)["state"] == "paid", "that it is paid")
        self.assertGreater(len(self.attempts(payout)), 1)
        self.pay_by(NEXT, self.next_signer)
        more = self.nonces(NEXT)
        self.until(lambda: self.nonces(NEXT) > more, "that the new payer goes on")
        self.settle()
        self.check_sums()
        self.assertTrue(self.reconciled()["clean"])

    def check_sums(self):
        """As check_money, of both payers."""
        for receiver, wei in self.paid().items():
            self.assertEqual(self.chain.balance(receiver), wei, receiver)
        self.assertEqual(set(self.paid()), set(RECEIVERS[:2]))
        for payer in (PAYER, NEXT):
            gas, paid = (sum(int.from_bytes(wei, "big") for wei, in self.rows(query, payer.lower())) for query in (
                "SELECT e.fee_wei FROM slot_end e JOIN slot s ON s.id = e.slot WHERE s.payer = ?",
                "SELECT p.wei FROM payout p JOIN slot s ON s.id = p.slot WHERE p.state = 7 AND s.payer = ?"))
            self.assertEqual(10_000 * ETHER - self.chain.balance(payer), paid + gas, payer)
        self.host.verified()


if __name__ == "__main__":
    test_payouts.needed.main()
