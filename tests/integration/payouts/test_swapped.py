"""Limits and the kill switch hold while the plugin that pays is replaced by another build, and after a kill."""
import hashlib
import json
import os

import test_payouts
from network import wait_for
from rig import BUILD, PAYER
from test_payouts import RECEIVERS


class Swapped(test_payouts.PayoutTest):
    orchestrators = 1

    def swap(self, tail):
        """Other bytes, the same code."""
        build = (BUILD / "lib" / "stipend" / "plugins" / "ethereum.so").read_bytes() + tail
        new = self.host.folder / "new.so"
        new.write_bytes(build)
        new.chmod(0o644)
        os.replace(new, self.host.plugins / "ethereum.so")
        wanted = hashlib.sha256(build).hexdigest()

        def serves():
            code, out, err = self.host.run("plugins", "status", "--json")
            self.assertEqual(code, 0, err)
            return any(one["sha256"] == wanted for one in json.loads(out)["plugins"])
        wait_for(serves, "that the other build serves")

    def decided_more(self):
        decided = len(self.host.decisions())
        self.until(lambda: len(self.host.decisions()) >= decided + 6, "decisions of more than one payout")

    def reload(self, **more):
        self.configure(**more)
        code, out, err = self.host.run("reload")
        self.assertEqual(code, 0, out + err)

    def test_limits_and_the_kill_switch_hold_over_another_build_and_a_kill(self):
        limits = {"per_payment": "0.02 ETH", "per_payee_day": "0.02 ETH", "per_day": "0.02 ETH"}
        self.configure(**limits)
        self.host.start()

        def waits_for_tomorrow():
            return any("limits of this UTC day" in self.shown(one["payout"]).get("waits_for", "")
                       for one in self.payouts() if one["state"] == "reserved")
        self.until(waits_for_tomorrow, "that a payout waits for tomorrow")
        self.until(lambda: all(one["state"] == "reserved" for one in self.payouts()), "that what was sent is final")
        received = self.chain.balance(RECEIVERS[0])
        self.assertEqual(received, sum(self.paid().values()))
        self.assertLessEqual(received, 2 * 10**16)
        self.swap(b"1")
        self.host.kill()
        self.host.start()
        self.swap(b"2")
        self.until(waits_for_tomorrow, "that it still waits for tomorrow")
        self.decided_more()
        self.assertEqual(self.chain.balance(RECEIVERS[0]), received)

        self.reload(stopped=True)
        self.swap(b"3")
        self.host.kill()
        self.host.start()
        self.assertIn("stopped", self.host.status()["payouts"]["waits_for"])
        self.swap(b"4")
        self.decided_more()
        self.assertEqual(self.chain.balance(RECEIVERS[0]), received)
        sent = int(self.chain.call("eth_getTransactionCount", PAYER, "pending"), 16)
        self.assertEqual(sent, len(self.rows("SELECT 1 FROM payout WHERE state = 7")))

        self.reload()
        self.until(lambda: self.chain.balance(RECEIVERS[0]) > received, "that it is paid again")
        self.settle()
        self.check_money()
        self.assertTrue(self.reconciled()["clean"])


if __name__ == "__main__":
    test_payouts.needed.main()
