"""Orchestrators that joined over the network are paid to the address that their wallet has proven, and to no other."""
import json
import pathlib
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS / folder) for folder in ("integration/host", "integration/signer")]
import rig  # noqa: E402
import test_registry  # noqa: E402
from network import wait_for  # noqa: E402
from test_api import LIST  # noqa: E402
from wallet import Wallet  # noqa: E402


@unittest.skipUnless(rig.ANVIL.exists(), "no anvil: ./dev test installs it")
class Registered(test_registry.RegistryTest):
    def setUp(self):
        super().setUp()
        self.chain = self.enterContext(rig.Chain(mines=True))
        self.signer = self.enterContext(rig.SignerProcess())
        rules = {"min": "0.004 ETH", "per_payment": "0.9 ETH", "per_day": "1 ETH", "max_gas_price": "50 gwei",
                 "max_fee_share": 0.2, "every": "1s", "look_every": "100ms",
                 "config": {"chain_id": rig.CHAIN, "payer": rig.PAYER, "rpc": [self.chain.url],
                            "signer": {"socket": str(self.signer.socket)}, "max_fee_per_gas_wei": 100 * rig.GWEI,
                            "final": {"tag": "latest-depth", "depth": 2}}}
        self.host.edit("settlement: dry-run", "settlement: ethereum\npayouts: " + json.dumps(rules))

    def alert(self):
        return next((one["text"] for one in self.host.status()["alerts"] if one["id"] == "payouts:address"), "")

    def test_an_address_without_proof_is_not_paid(self):
        wallet = Wallet("an orchestrator's")
        self.start()
        secret = self.made(eth_address=wallet.address)["secret"]
        self.assertEqual(self.order("approve").status, 200)
        self.wait_paid(3)
        wait_for(self.alert, "the alert about it")
        # Those of the variable have no address at all; the newcomer states one that is not proven.
        wait_for(lambda: self.host.status()["payouts"]["without_address"] == 3, "all three without an address")
        self.assertEqual(self.chain.balance(wallet.address), 0)
        route = f"{LIST}/{test_registry.NEW}/payout-address"
        wanted = self.ask("POST", route + "/challenge", {}, token=secret).json()
        proven = self.ask("POST", route, {"nonce": wanted["nonce"], "signature": wallet.sign(wanted["message"])}, token=secret)
        self.assertEqual(proven.status, 200, proven.body)

        def paid():
            self.chain.call("evm_mine")
            return self.chain.balance(wallet.address) > 0
        wait_for(paid, "that the proven address is paid")
        wait_for(lambda: self.host.status()["payouts"]["without_address"] == 2, "two without an address")


if __name__ == "__main__":
    unittest.main()
