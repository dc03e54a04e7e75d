#!/usr/bin/env python3
"""A batch by the signer and the contract together: what the one signs, the other pays."""
import pathlib
import sys

from batches import ETHER, ContractCase, account, arguments, needed, needs_chain, needs_solc, selector, wait_for

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "signer"))
from rig import CHAIN, GWEI, SignerProcess  # noqa: E402

A, B = account(0), account(1)
NEW = 0x3001  # a batch's id


@needs_chain
@needs_solc
class Signed(ContractCase):
    def send(self, nonce, asset, payments, to, data, value=0):
        """Has a transaction signed, and sends it: its receipt."""
        signed = self.signer.ask({
            "op": "sign",
            "transaction": {"chain_id": CHAIN, "nonce": nonce, "max_priority_fee_per_gas": "0", "max_fee_per_gas": str(5 * GWEI),
                            "gas_limit": 900_000, "to": to, "value": str(value), "data": "0x" + data.hex()},
            "pays": {"asset": asset, "payments": [{"to": payee, "amount": str(amount)} for payee, amount in payments]}})
        self.assertIn("raw", signed)
        self.assertEqual(self.chain.call("eth_sendRawTransaction", signed["raw"]), signed["hash"])
        return wait_for(lambda: self.chain.call("eth_getTransactionReceipt", signed["hash"]), "the transaction is mined")

    def test_batches_of_coins_and_of_tokens(self):
        token, rejects = self.deploy_test("Token"), self.deploy_test("Rejects")
        nonce = int(self.chain.call("eth_getTransactionCount", self.payer, "latest"), 16)
        more = (f"  - {{asset: {token}, per_payment: 1000, per_payee_day: 1000, per_day: 1000}}\n"
                f"batch_contract: {self.contract}\n")
        self.signer = self.enterContext(SignerProcess(more=more))
        coins = [(A, 5), (rejects, 7), (B, ETHER // 1000)]
        receipt = self.send(nonce, "native", coins, self.contract, self.pay_data(NEW, coins), sum(amount for _, amount in coins))
        self.assert_outcome(receipt, NEW, coins, [1])
        units = [(A, 500), (B, 499)]
        approve = selector("approve(address,uint256)") + arguments(self.contract, 999)
        self.assertEqual(self.send(nonce + 1, token, units, token, approve)["status"], "0x1")
        receipt = self.send(nonce + 2, token, units, self.contract, self.token_data(token, NEW + 1, units))
        self.assert_outcome(receipt, NEW + 1, units, [], token)
        self.assertEqual([self.tokens(token, to) for to in (A, B)], [500, 499])


if __name__ == "__main__":
    needed.main()
