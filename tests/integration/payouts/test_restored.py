"""A ledger that comes from a backup pays nothing until it was compared with the chain, or a person accepts it."""
import json

import test_payouts
from test_payouts import RECEIVERS

import needed
import rig
from network import wait_for
from rig import PAYER


@needed.program(rig.ANVIL, "anvil")
class Restored(test_payouts.PayoutTest):
    orchestrators = 1

    def owed_more(self):
        """Debts that are high enough to be paid, and that no payout has reserved."""
        count, = self.rows("SELECT count(*) FROM decision")[0]
        self.until(lambda: self.rows("SELECT count(*) FROM decision")[0][0] >= count + 8 * self.orchestrators,
                   "decisions for two payouts of each")

    def restored_from(self, backup):
        self.host.stop()
        code, out, err = self.host.run("ledger", "restore", str(backup), "--replace")
        self.assertEqual(code, 0, out + err)
        self.host.start()
        wait_for(lambda: "payouts:restored" in self.alerts(), "the alert")
        self.assertIn("reconcile --accept-restored", self.host.status()["payouts"]["command"])
        spent = self.chain.balance(PAYER)
        self.owed_more()
        self.assertEqual(self.payouts(), [])
        self.assertEqual(self.chain.balance(PAYER), spent)
        self.assertIn("nothing is paid by it until", self.host.run("status")[1])

    def test_a_restored_ledger_pays_nothing_until_it_was_compared(self):
        self.host.start()
        self.until_paid(1)
        self.settle()
        backup = self.host.folder / "backup.db"
        self.assertEqual(self.host.run("ledger", "backup", str(backup))[0], 0)
        self.host.stop()
        self.configure()
        self.restored_from(backup)
        # A part says nothing of the rest, and another start changes nothing.
        code, out, err = self.host.run("reconcile", "--since", "2020-01-01T00:00:00Z", "--json")
        self.assertEqual((code, json.loads(out)["restored_accepted"]), (0, False), err)
        self.host.stop()
        self.host.start()
        wait_for(lambda: "payouts:restored" in self.alerts(), "the alert after another start")
        code, out, err = self.host.run("reconcile", "--json")
        self.assertEqual((code, json.loads(out)["restored_accepted"]), (0, True), err)
        accepted = self.host.status()["restored"]["accepted"]
        self.assertTrue(accepted["compared"] and accepted["by"], accepted)
        self.until_paid(2)
        self.assertNotIn("payouts:restored", self.alerts())
        code, out, err = self.host.run("reconcile", "--accept-restored")
        self.assertEqual((code, "is accepted already" in err), (1, True), err)
        self.host.stop()
        self.host.start()
        self.until_paid(3)
        self.settle()
        self.check_money()

    def test_a_ledger_from_before_the_first_payout_pays_only_once_a_person_accepts_it(self):
        self.configure(stopped=True)
        self.host.start()
        self.owed_more()
        backup = self.host.folder / "backup.db"
        self.assertEqual(self.host.run("ledger", "backup", str(backup))[0], 0)
        self.configure()
        self.assertEqual(self.host.run("reload")[0], 0)
        self.until_paid(1)
        self.restored_from(backup)
        self.assertIn("which was restored, has none of its nonces", self.reconciled(want=1)["findings"][0])
        self.assertIsNone(self.host.status()["restored"]["accepted"])
        # An order that is wrong in another part accepts nothing.
        for wrong, said in ((["--network", "nowhere"], "no such network"), (["--since", "yesterday"], "yesterday")):
            code, out, err = self.host.run("reconcile", "--accept-restored", *wrong)
            self.assertEqual((code, said in err), (1, True), out + err)
            self.assertIsNone(self.host.status()["restored"]["accepted"])
        paid = self.chain.balance(RECEIVERS[0])
        code, out, err = self.host.run("reconcile", "--accept-restored")
        self.assertEqual((code, "pays again" in out), (0, True), out + err)
        self.assertFalse(self.host.status()["restored"]["accepted"]["compared"])
        self.until(lambda: self.chain.balance(RECEIVERS[0]) > paid, "another payout")


if __name__ == "__main__":
    needed.main()
