#!/usr/bin/env python3
"""ethereum.so, as the host would run it, pays on a real chain with what the real signer signs."""
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "signer"))
import rig  # noqa: E402
import needed  # noqa: E402
from rig import BUILD, CHAIN, GWEI, OTHER, PAYEE, PAYER, SignerProcess  # noqa: E402

UNAVAILABLE, TIMEOUT = -7, -5
NONE, WAITING, IN_BLOCK = 0, 1, 2
REJECTS = "0x00000000000000000000000000000000000000ee"


class Plugin:
    def __init__(self, urls, socket, **more):
        self.folder = tempfile.TemporaryDirectory(prefix="stipend-settle-")
        config = {"chain_id": CHAIN, "payer": PAYER, "rpc": urls, "signer": {"socket": str(socket)},
                  "max_fee_per_gas_wei": 100 * GWEI, "final": {"tag": "latest-depth", "depth": 2}, "timeout": "5s"} | more
        self.process = subprocess.Popen(
            [BUILD / "tests" / "drive-settlement", BUILD / "lib" / "stipend" / "plugins", BUILD / "bin" / "stipend-probe",
             pathlib.Path(self.folder.name) / "staging", "ethereum", json.dumps(config)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, op, **members):
        self.process.stdin.write(json.dumps({"op": op} | members) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"{op}: the driver has ended"
        return json.loads(line)

    def slot(self, op, number, to=PAYEE, wei=10**15, **how):
        return self.pay(op, number, [(to, wei)] if wei else [], **how)

    def pay(self, op, number, payments, fee=2 * GWEI, gas=50_000, **members):
        return self.ask(op, slot=number, payer=PAYER, payments=[[to, str(amount)] for to, amount in payments], tip=str(GWEI),
                        cap=str(fee), gas=gas, **members)

    def sight(self, made):
        return self.ask("sight", id=made["id"])[0]

    def close(self):
        self.process.stdin.close()
        status = self.process.wait(rig.PATIENCE)
        self.process.stdout.close()
        self.folder.cleanup()
        assert status == 0, status


@needed.program(rig.ANVIL, "anvil")
class OnAChain(unittest.TestCase):
    def setUp(self):
        self.chain = self.enterContext(rig.Chain())
        self.signer = self.enterContext(SignerProcess())

    def plugin(self, urls=None, **more):
        made = Plugin(urls or [self.chain.url], self.signer.socket, **more)
        self.addCleanup(made.close)
        return made

    def mine(self, blocks=1):
        for _ in range(blocks):
            self.chain.call("evm_mine")

    def test_a_payment_becomes_final(self):
        plugin = self.plugin()
        self.mine(5)
        account = plugin.ask("account")
        self.assertEqual((account["flags"], account["chain_id"], account["next"], account["head"], account["final_head"]),
                         (0, CHAIN, 0, 5, 3))
        self.assertEqual(int(account["coins"]), self.chain.balance(PAYER))
        self.assertGreater(int(account["cap"]), int(account["tip"]))
        estimate = plugin.slot("estimate", 0)
        self.assertEqual((estimate["accepted"], estimate["gas"]), (1, 25_200))
        made = plugin.slot("sign", 0, gas=estimate["gas"])
        self.assertEqual(made["kind"], 0, made)
        self.assertEqual(plugin.sight(made)["phase"], NONE)
        before = self.chain.balance(PAYEE)
        self.assertIsNone(plugin.ask("send", raw=made["raw"]))
        self.assertIsNone(plugin.ask("send", raw=made["raw"]), "a second time the node refuses, and has it")
        self.assertEqual(plugin.sight(made)["phase"], WAITING)
        self.mine()
        seen = plugin.sight(made)
        self.assertEqual((seen["phase"], seen["block"], seen["depth"], seen["executed"], seen["final"]),
                         (IN_BLOCK, 6, 0, 1, 0))
        self.assertEqual(self.chain.balance(PAYEE) - before, 10**15)
        self.assertEqual(int(account["coins"]) - self.chain.balance(PAYER), 10**15 + int(seen["fee"]))
        self.assertEqual((plugin.ask("account")["next"], plugin.ask("account")["final_next"]), (1, 0))
        self.mine(2)
        self.assertEqual((plugin.sight(made)["final"], plugin.sight(made)["depth"]), (1, 2))
        self.assertEqual(plugin.ask("account")["final_next"], 1)
        self.assertIsNone(plugin.ask("send", raw=made["raw"]), "what is mined is known")

    def test_a_replacement_is_mined_and_the_first_is_not(self):
        plugin = self.plugin()
        first = plugin.slot("sign", 0)
        second = plugin.slot("sign", 0, fee=4 * GWEI)
        self.assertEqual(plugin.slot("sign", 0), first)
        lower = plugin.slot("sign", 0, fee=3 * GWEI)
        self.assertEqual((lower["kind"], lower["raw"], lower["reason"].split(":")[0]), (2, "0x", "fee_lower"))
        self.assertEqual([one["id"] for one in plugin.ask("recall", slot=0)], [first["id"], second["id"]])
        self.assertEqual(plugin.slot("sign", 0, to=OTHER, fee=8 * GWEI)["reason"].split(":")[0], "nonce_used")
        plugin.ask("send", raw=first["raw"])
        plugin.ask("send", raw=second["raw"])
        self.mine(3)
        self.assertEqual((plugin.sight(first)["phase"], plugin.sight(second)["phase"]), (NONE, IN_BLOCK))
        noop = plugin.slot("sign", 1, wei=0)
        plugin.ask("send", raw=noop["raw"])
        self.mine()
        self.assertEqual(plugin.sight(noop)["executed"], 1)

    def test_a_payee_that_rejects_is_refused_before_it_is_signed_and_a_revert_is_seen(self):
        plugin = self.plugin()
        self.chain.call("anvil_setCode", REJECTS, "0x60006000fd")
        refused = plugin.slot("estimate", 0, to=REJECTS)
        self.assertEqual((refused["accepted"], refused["gas"]), (0, 0))
        made = plugin.slot("sign", 0, to=REJECTS)
        plugin.ask("send", raw=made["raw"])
        self.mine()
        seen = plugin.sight(made)
        self.assertEqual((seen["phase"], seen["executed"]), (IN_BLOCK, 0))
        self.assertGreater(int(seen["fee"]), 0)

    def test_a_reorganization_takes_the_block_back(self):
        plugin = self.plugin()
        snapshot = self.chain.call("evm_snapshot")
        made = plugin.slot("sign", 0)
        plugin.ask("send", raw=made["raw"])
        self.mine()
        self.assertEqual(plugin.sight(made)["phase"], IN_BLOCK)
        self.chain.call("evm_revert", snapshot)
        self.mine()
        self.assertNotEqual(plugin.sight(made)["phase"], IN_BLOCK)
        plugin.ask("send", raw=made["raw"])
        self.mine()
        self.assertEqual(plugin.sight(made)["phase"], IN_BLOCK)

    def test_two_chains_that_differ_decide_nothing(self):
        with rig.Chain() as other:
            plugin = self.plugin([self.chain.url, other.url])
            self.assertEqual(plugin.slot("estimate", 0)["accepted"], 1)
            made = plugin.slot("sign", 0)
            self.chain.call("eth_sendRawTransaction", made["raw"])
            self.mine()
            other.call("evm_mine")
            self.assertEqual(plugin.sight(made)["phase"], WAITING)
            self.assertEqual(plugin.ask("account")["status"], UNAVAILABLE)

    def test_a_signer_that_stops_ends_the_operation(self):
        plugin = self.plugin(timeout="500ms")
        self.signer.process.send_signal(signal.SIGSTOP)
        self.assertEqual(plugin.slot("sign", 0)["status"], TIMEOUT)
        self.signer.process.send_signal(signal.SIGCONT)
        self.assertEqual(plugin.slot("sign", 0)["kind"], 0)
        self.signer.kill()
        self.assertEqual(plugin.slot("sign", 0)["status"], UNAVAILABLE)
        self.signer.start()
        self.assertEqual(plugin.slot("sign", 0)["kind"], 0)


if __name__ == "__main__":
    needed.main()
