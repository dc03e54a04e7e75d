"""Orchestrators that joined over the network are paid to the address that their wallet has proven, and to no other."""
import json
import pathlib
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS / folder) for folder in ("integration/host", "integration/signer")]
import rig  # noqa: E402
import needed  # noqa: E402
import test_registry  # noqa: E402
from network import wait_for  # noqa: E402
from test_api import LIST  # noqa: E402
from test_events import Stream  # noqa: E402
from wallet import Wallet  # noqa: E402

PAYOUTS = "/api/v1/livepeer/payouts"


@needed.program(rig.ANVIL, "anvil")
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
        events = Stream(self.address, secret, orchestrator=test_registry.NEW)
        self.addCleanup(events.close)
        events.wait(lambda stream: stream.last_id, "the beginning of the stream")
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
        self.check_reads(events, secret, wallet)
        wait_for(lambda: self.host.status()["payouts"]["without_address"] == 2, "two without an address")

    def check_reads(self, events, secret, wallet):
        """The newcomer reads its payout by its own secret, and follows it by events."""
        def state_of(number):
            self.chain.call("evm_mine")
            return self.get(f"{LIST}/{test_registry.NEW}/payouts/{number}", secret).json()
        number = self.get(f"{PAYOUTS}?orchestrator={test_registry.NEW}", secret).json()["payouts"][-1]["payout"]
        wait_for(lambda: state_of(number)["state"] == "paid", "that it is final")
        one = state_of(number)
        self.assertEqual((one["to"], one["orchestrator"]), (wallet.address.lower(), test_registry.NEW))
        self.assertEqual(int(self.chain.call("eth_getTransactionByHash", one["transaction"])["value"], 16), int(one["amount_wei"]))
        self.assert_problem(self.get(PAYOUTS, secret), 401)
        events.wait(lambda stream: any(step["state"] == "paid" for step in stream.of("payout")), "the event that it is paid")
        steps = [step["state"] for step in events.of("payout") if step["payout"] == number]
        self.assertEqual((steps[0], steps[1], steps[2], steps[-1]), ("reserved", "bound", "sent", "paid"))
        self.assertEqual([step["state"] for step in one["steps"]], steps[1:])


if __name__ == "__main__":
    needed.main()
