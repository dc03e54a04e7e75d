"""A payout counts as paid once its block is the node's `finalized` one or below it, or its `safe` one: in that block, and not
one earlier."""
import test_payouts
from chain import Chain
from test_payouts import RECEIVERS

import needed
import rig
from network import wait_for

EPOCH = 3  # blocks; the safe block is so many behind the newest, and the finalized one twice as many


@needed.program(rig.ANVIL, "anvil")
class Final(test_payouts.PayoutTest):
    orchestrators = 1
    rules = {"min": "0.02 ETH"}
    plugin_more = {"final": {"tag": "finalized"}}

    @staticmethod
    def new_chain():
        return Chain(options=["--slots-in-an-epoch", str(EPOCH)])

    def number(self, tag):
        return int(self.chain.call("eth_getBlockByNumber", tag, False)["number"], 16)

    def depth_is(self, payout, depth):
        return f"{depth} blocks are above it" in (self.shown(payout).get("waits_for") or "")

    def paid_at(self, tag, behind):
        """The next payout is paid when its block is `behind` blocks below the newest."""
        wait_for(lambda: any(one["state"] == "sent" for one in self.payouts()), "a payout that is sent")
        payout = next(one["payout"] for one in self.payouts() if one["state"] == "sent")
        transaction = self.shown(payout)["nonce"]["attempts"][-1]["transaction"]
        wait_for(lambda: self.chain.call("eth_getTransactionByHash", transaction), "that the node has it")
        self.mine()
        block = int(self.chain.call("eth_getTransactionReceipt", transaction)["blockNumber"], 16)
        for _ in range(behind - 1):
            self.mine()
        self.assertEqual(self.number(tag), block - 1)
        wait_for(lambda: self.depth_is(payout, behind - 1), "that the host has seen the newest block")
        self.assertEqual(self.shown(payout)["state"], "confirmed")
        self.mine()
        self.assertEqual(self.number(tag), block)
        wait_for(lambda: self.shown(payout)["state"] == "paid", "that it is paid")
        self.assertEqual(self.shown(payout)["nonce"]["end"]["block"], block)

    def test_by_either_tag(self):
        for _ in range(2 * EPOCH):
            self.mine()
        self.host.start()
        self.paid_at("finalized", 2 * EPOCH)
        self.plugin_more = {"final": {"tag": "safe"}}
        self.configure()
        code, out, err = self.host.run("reload")
        self.assertEqual(code, 0, out + err)
        self.paid_at("safe", EPOCH)
        self.settle()
        self.check_money()
        self.assertTrue(self.reconciled()["clean"])
        self.assertGreater(self.chain.balance(RECEIVERS[0]), 0)


if __name__ == "__main__":
    needed.main()
