"""A chain without EIP-1559: payments are legacy transactions, by configuration of the plugin and of the signer."""
import test_payouts
from chain import Chain

import needed
import rig
from network import wait_for
from rig import PAYER


@needed.program(rig.ANVIL, "anvil")
class Legacy(test_payouts.PayoutTest):
    orchestrators = 1
    rules = {"min": "0.02 ETH", "replace_after": "1s"}
    plugin_more = {"transactions": "legacy"}
    signer_more = "transactions: legacy\n"

    @staticmethod
    def new_chain():
        return Chain(options=["--hardfork", "istanbul"])

    def attempts(self):
        return [("0x" + one.hex(), raw[0]) for one, raw in self.rows("SELECT id, raw FROM attempt WHERE slot = 1 ORDER BY seq")]

    def known(self, at):
        return self.chain.call("eth_getTransactionByHash", self.attempts()[at][0])

    def test_what_is_owed_is_paid_and_replaced_by_a_higher_price(self):
        self.assertIsNone(self.chain.call("eth_getBlockByNumber", "latest", False).get("baseFeePerGas"))
        self.host.start()
        wait_for(lambda: len(self.attempts()) > 1 and self.known(1), "that a replacement is taken")
        first = int.from_bytes(self.rows("SELECT cap_wei FROM attempt ORDER BY seq LIMIT 1")[0][0], "big")
        self.assertGreaterEqual(int(self.known(1)["gasPrice"], 16) * 8, first * 9)
        self.assertEqual(int(self.known(1)["type"], 16), 0)
        self.assertTrue(all(first >= 0xc0 for _, first in self.attempts()))  # a list, without the byte of a type
        self.until_paid(2)
        self.settle()
        self.check_money()
        self.assertTrue(self.reconciled()["clean"])

    def test_without_the_option_nothing_is_signed_and_its_name_is_said(self):
        self.plugin_more = {}
        self.configure()
        self.host.start()
        wait_for(lambda: "payouts:unanswered" in self.alerts(), "the alert")
        self.assertIn("wants `transactions: legacy`", self.host.status()["payouts"]["waits_for"])
        self.assertEqual(self.rows("SELECT count(*) FROM slot"), [(0,)])
        self.assertEqual(self.chain.call("eth_getTransactionCount", PAYER, "pending"), "0x0")


if __name__ == "__main__":
    needed.main()
