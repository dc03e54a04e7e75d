"""The whole host pays in tokens that do not do what a token should: each is refused, held or frozen with its reason, and
what a person says of it is what counts."""
import test_tokens
from test_payouts import RECEIVERS

import deployed
import needed
from network import wait_for
from rig import PAYER

HELD, FROZEN = "held", "frozen"


class OddToken(test_tokens.TokenTest):
    orchestrators = 2

    def stuck(self, state):
        return [one for one in self.payouts() if one["state"] == state]

    def until_stuck(self, state):
        """Only the first payout of each payee is made, so that what comes later does not depend on time."""
        self.until(lambda: self.stuck(state), f"a payout that is {state}")
        return self.stuck(state)[0]

    def order(self, *arguments, want=0):
        code, out, err = self.host.run("payouts", *map(str, arguments))
        self.assertEqual(code, want, out + err)
        return out + err

    def settled_as(self, payout, how):
        """As soon as its block is final."""
        self.until(lambda: self.host.run("payouts", "unfreeze", str(payout), "--as", how)[0] == 0, "that it is settled")
        return self.shown(payout)

    def sent(self):
        return int(self.chain.call("eth_getTransactionCount", PAYER, "latest"), 16)


class TakesFee(deployed.Token):
    @staticmethod
    def received(amount):
        return amount - amount // 100


class Fee(OddToken):
    contract, orchestrators = "FeeToken", 1

    def deployed(self, kind):
        return super().deployed(TakesFee)

    def test_a_token_that_takes_a_fee_is_frozen_and_counts_as_a_person_says(self):
        self.host.start()
        frozen = self.until_stuck(FROZEN)
        payout = frozen["payout"]
        self.assertIn("did something else than it should: the token wrote 2 Transfer events, want one", frozen["reason"])
        wait_for(lambda: "payout-frozen:orch-1" in self.alerts(), "the alert")
        self.assertIn(f"`stipend payouts unfreeze {payout} --as paid`", self.shown(payout)["command"])
        # No other payment is made in it, also after a restart, and to let it go on changes nothing.
        self.host.kill()
        self.host.start()
        decided = len(self.host.decisions())
        self.until(lambda: len(self.host.decisions()) >= decided + 6, "decisions that would be paid")
        self.order("unfreeze", payout)
        self.until_stuck(FROZEN)
        self.assertEqual((self.sent(), len(self.payouts())), (1, 1))
        # Settled as paid: it is never paid again, and the chain is no finding.
        self.configure(min="400 USDC")
        self.assertEqual(self.host.run("reload")[0], 0)
        settled = self.settled_as(payout, "paid")
        self.assertEqual((settled["state"], settled["steps"][-1]["state"]), ("paid", "paid"))
        self.assertTrue(settled["steps"][-1]["by"])
        self.assertIn("there is none that is open", self.order("unfreeze", payout, "--as", "owed", want=1))
        wait_for(lambda: "payout-frozen:orch-1" not in self.alerts(), "the end of the alert")
        self.assertTrue(self.reconciled()["clean"])
        self.host.verified()
        paid = self.paid()[RECEIVERS[0]]
        self.assertEqual(self.token.balance(RECEIVERS[0]), paid - paid // 100)
        self.assertEqual(self.sent(), 1)


class Lying(OddToken):
    contract = "LyingToken"

    def test_one_that_moves_nothing_is_owed_again_and_paid_once_it_does(self):
        self.token.call("block_", int(RECEIVERS[1], 16))
        self.host.start()
        frozen = self.until_stuck(FROZEN)
        self.assertEqual(frozen["orchestrator"], "orch-2")
        self.assertIn("the token wrote 0 Transfer events, want one", frozen["reason"])
        settled = self.settled_as(frozen["payout"], "owed")
        self.assertEqual(settled["state"], "returned")
        held = self.until_stuck(HELD)
        self.assertEqual(held["orchestrator"], "orch-2")
        self.assertIn(f"payout {frozen['payout']} to the same payee failed", held["reason"])
        self.assertGreaterEqual(int(held["amount_wei"]), int(frozen["amount_wei"]))
        self.assertEqual(self.token.balance(RECEIVERS[1]), 0)
        self.token.call("unblock", int(RECEIVERS[1], 16))
        self.order("release", held["payout"])
        self.until(lambda: self.shown(held["payout"])["state"] == "paid", "that it is paid")
        self.settle()
        self.check_money()
        self.assertTrue(self.reconciled()["clean"])


class Refused(OddToken):
    """What a call shows before anything is signed."""
    orchestrators = 1

    def check_held(self, want):
        self.host.start()
        held = self.until_stuck(HELD)
        self.assertIn(want, held["reason"])
        wait_for(lambda: "payout-held:orch-1" in self.alerts(), "the alert")
        self.assertIn(f"stipend payouts release {held['payout']}", self.shown(held["payout"])["command"])
        self.assertEqual(self.sent(), 0)


class ReturnsNothing(Refused):
    contract = "SilentToken"

    def test_a_token_that_returns_nothing_is_held(self):
        self.check_held("the token returns nothing for a payment to")


class ReturnsFalse(Refused):
    contract = "FalseToken"

    def test_a_payee_for_which_a_token_returns_false_is_held(self):
        self.token.call("block_", int(RECEIVERS[0], 16))
        self.check_held("the token returns false for a payment to")


class Rebasing(OddToken):
    contract, orchestrators = "RebasingToken", 1

    def test_balances_that_shrink_by_themselves_stop_all_and_what_a_transfer_rounds_freezes(self):
        self.host.start()
        self.until_paid(1)
        self.settle()
        self.token.call("rebase", 990)
        wait_for(lambda: "payouts:shrunk" in self.alerts(), "the alert")
        self.assertIn("units of the token, but what it had and has paid leaves", self.host.status()["payouts"]["waits_for"])
        sent = self.sent()
        self.configure()
        self.assertEqual(self.host.run("reload")[0], 0)
        held = self.until_stuck(HELD)
        self.assertEqual(self.sent(), sent)
        self.order("release", held["payout"])
        frozen = self.until_stuck(FROZEN)
        self.assertEqual(frozen["payout"], held["payout"])
        self.assertRegex(frozen["reason"], "the token moved [0-9]+, want " + frozen["amount_wei"])
        self.assertNotIn("payouts:shrunk", self.alerts())


if __name__ == "__main__":
    needed.main()
