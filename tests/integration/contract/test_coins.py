#!/usr/bin/env python3
"""A batch of coins: each payee once, whatever its code does, and what was not paid goes back to the caller."""
from batches import (ETHER, ContractCase, OnHardhat, account, arguments, needed, needs_chain, needs_hardhat, needs_solc, selector, solidity,
                 topic, word)

A, B, C = (account(number) for number in range(3))
NEW = 0x1001  # a batch's id


@needs_chain
class Batches(ContractCase):
    def test_payees_get_their_amounts_to_the_wei(self):
        before = self.chain.balance(self.payer)
        payments = [(A, 1), (B, 123_456_789_012_345_678), (C, ETHER)]
        receipt = self.pay(NEW, payments)
        self.assert_outcome(receipt, NEW, payments, [])
        self.assertEqual([self.chain.balance(to) for to, _ in payments], [amount for _, amount in payments])
        self.assertEqual(before - self.chain.balance(self.payer), sum(amount for _, amount in payments) + self.price(receipt))
        self.assertEqual(self.chain.balance(self.contract), 0)

    def test_a_batch_executes_once_for_each_caller(self):
        self.pay(NEW, [(A, 5)])
        for payments in ([(A, 5)], [(B, 6)]):
            got = self.refused("AlreadyExecuted(bytes32)", self.pay_data(NEW, payments), payments[0][1])
            self.assertEqual(got, [NEW])
        self.assert_outcome(self.pay(NEW, [(A, 5)], caller=self.other), NEW, [(A, 5)], [], caller=self.other)
        self.assert_outcome(self.pay(NEW + 1, [(A, 5)]), NEW + 1, [(A, 5)], [])
        self.assertEqual((self.chain.balance(A), self.chain.balance(B)), (15, 0))

    def test_a_batch_that_was_reverted_can_be_sent_again(self):
        self.refused("ValueTooLow(uint256)", self.pay_data(NEW, [(A, 5)]), 4)
        self.assertEqual(self.executed(NEW), 0)
        self.assert_outcome(self.pay(NEW, [(A, 5)]), NEW, [(A, 5)], [])

    def test_the_sum_is_the_value(self):
        data = self.pay_data(NEW, [(A, 5), (B, 6)])
        self.assertEqual(self.refused("ValueTooLow(uint256)", data, 10), [1])
        self.assertEqual(self.refused("ValueTooHigh(uint256)", data, 12), [1])
        # A sum of more than 256 bits does not wrap around.
        data = self.pay_data(NEW, [(A, 1), (B, 2 ** 256 - 1), (C, 1)])
        self.assertEqual(self.refused("ValueTooLow(uint256)", data, 1), [1])
        self.assertEqual((self.chain.balance(A), self.chain.balance(B)), (0, 0))

    def test_wrong_payees_and_amounts_revert_the_batch(self):
        for wrong in (0, self.payer, self.contract):
            data = self.pay_data(NEW, [(A, 5), (wrong, 6)])
            self.assertEqual(self.refused("WrongPayee(uint256)", data, 11), [1])
        self.assertEqual(self.refused("WrongAmount(uint256)", self.pay_data(NEW, [(A, 5), (B, 0)]), 5), [1])
        self.refused(None, self.pay_data(NEW, [(2 ** 160 + 7, 5)]), 5)
        self.assertEqual(self.chain.balance(A), 0)

    def test_lists_of_different_lengths_and_empty_ones_are_refused(self):
        pay = selector("pay(bytes32,address[],uint256[])")
        error = "WrongLengths(uint256,uint256)"
        self.assertEqual(self.refused(error, pay + arguments(word(NEW), [A, B], [5]), 5), [2, 1])
        self.assertEqual(self.refused(error, pay + arguments(word(NEW), [A], [5, 6]), 11), [1, 2])
        self.assertEqual(self.refused(error, pay + arguments(word(NEW), [], [])), [0, 0])

    def test_a_payee_may_be_there_several_times(self):
        payments = [(A, 5), (B, 1), (A, 5), (A, 7)]
        self.assert_outcome(self.pay(NEW, payments), NEW, payments, [])
        self.assertEqual((self.chain.balance(A), self.chain.balance(B)), (17, 1))

    def test_coins_and_unknown_calls_are_refused(self):
        for data in (b"", b"\0\0\0\1", selector("pay()")):
            self.refused(None, data, 1)
        # payToken takes no coins.
        self.refused(None, self.token_data(A, NEW, [(B, 1)]), 1)
        self.assertEqual(self.chain.balance(self.contract), 0)

    def test_a_gas_limit_that_is_too_low_reverts_the_whole_batch(self):
        payments = [(account(number), 5) for number in range(20)]
        data = self.pay_data(NEW, payments)
        used = int(self.pay(NEW + 1, [(account(100 + number), 5) for number in range(20)])["gasUsed"], 16)
        # Two new accounts cost less than what has to be left for one payee.
        self.assertEqual(self.refused("GasTooLow(uint256)", data, 100, gas=used), [18])
        self.refused(None, data, 100, gas=used // 2)
        self.assertEqual([self.chain.balance(to) for to, _ in payments], [0] * 20)
        self.assert_outcome(self.pay(NEW, payments, gas=used + 100_000), NEW, payments, [])

    def test_two_hundred_payees(self):
        payments = [(account(number), 10 ** 15 + number) for number in range(200)]
        self.assert_outcome(self.pay(NEW, payments), NEW, payments, [])
        self.assertEqual([self.chain.balance(to) for to, _ in payments], [amount for _, amount in payments])


@needs_chain
@needs_solc
class HostilePayees(ContractCase):
    def skipped(self, payee, most=55_000):
        """A batch of A, the payee, and B; the payee gets nothing, the others all, and the caller the rest."""
        batch = self.batch = getattr(self, "batch", NEW) + 1
        payments = [(A, 5), (payee, 2 * ETHER), (B, 6)]
        before = {who: self.chain.balance(who) for who in (A, B, payee, self.payer)}
        receipt = self.pay(batch, payments)
        self.assert_outcome(receipt, batch, payments, [1])
        after = {who: self.chain.balance(who) - before[who] for who in before}
        self.assertEqual(after, {A: 5, B: 6, payee: 0, self.payer: -11 - self.price(receipt)})
        self.assertEqual(self.chain.balance(self.contract), 0)
        # What the payee cost is bounded: its gas, the call itself, the event, and the way back.
        self.assertLess(int(receipt["gasUsed"], 16) - self.base, most)
        return receipt

    def setUp(self):
        super().setUp()
        self.pay(NEW, [(A, 5), (B, 6)])
        self.base = int(self.pay(NEW - 1, [(A, 5), (B, 6)])["gasUsed"], 16)  # with accounts that exist

    def test_one_that_rejects(self):
        self.skipped(self.deploy_test("Rejects"), 22_000)
        self.skipped(self.deploy_test("RefusesBack"), 22_000)  # no function for coins at all

    def test_one_that_burns_all_gas(self):
        self.skipped(self.deploy_test("BurnsGas"))

    def test_one_that_returns_a_megabyte(self):
        self.skipped(self.deploy_test("ReturnsMuch", 1 << 20, 0))
        self.skipped(self.deploy_test("ReturnsMuch", 1 << 20, 1))

    def test_one_that_returns_as_much_as_its_gas_suffices_for(self):
        # 90,000 bytes take some 24,000 gas to make, and would take as much again to copy.
        self.skipped(self.deploy_test("ReturnsMuch", 90_000, 0), 46_000)
        payee = self.deploy_test("ReturnsMuch", 90_000, 1)
        receipt = self.pay(NEW + 100, [(A, 5), (payee, 7), (B, 6)])
        self.assert_outcome(receipt, NEW + 100, [(A, 5), (payee, 7), (B, 6)], [])
        self.assertLess(int(receipt["gasUsed"], 16) - self.base, 36_000)

    def test_all_of_them_at_once(self):
        payments = [(self.deploy_test("BurnsGas"), 3), (A, 5), (self.deploy_test("ReturnsMuch", 90_000, 0), 4),
                    (self.deploy_test("Rejects"), 9), (B, 6), (self.deploy_test("Accepts"), 8)]
        self.assert_outcome(self.pay(NEW + 1, payments), NEW + 1, payments, [0, 2, 3])

    def test_a_batch_of_which_nothing_is_paid(self):
        payee = self.deploy_test("Rejects")
        before = self.chain.balance(self.payer)
        receipt = self.pay(NEW + 1, [(payee, 5)])
        self.assert_outcome(receipt, NEW + 1, [(payee, 5)], [0])
        self.assertEqual(before - self.chain.balance(self.payer), self.price(receipt))

    def test_a_nodes_estimate_of_the_gas_suffices(self):
        payments = [(A, 5), (self.deploy_test("Frugal", 30_000), 6), (self.deploy_test("BurnsGas"), 7), (B, 8)]
        call = {"from": self.payer, "to": self.contract, "data": "0x" + self.pay_data(NEW + 1, payments).hex(), "value": hex(26)}
        gas = int(self.chain.call("eth_estimateGas", call), 16)
        self.assert_outcome(self.pay(NEW + 1, payments, gas=gas), NEW + 1, payments, [2])

    def test_each_payee_gets_its_gas_whatever_the_gas_limit(self):
        """With any limit by which the batch is not reverted, a payee that needs nearly all of its gas is paid."""
        payments = [(A, 5), (self.deploy_test("Frugal", 30_000), 6)]
        seen = set()
        for gas in range(100_000, 260_000, 2_000):
            receipt = self.pay(NEW + gas, payments, gas=gas)
            seen.add(receipt["status"])
            if receipt["status"] == "0x1":
                self.assert_outcome(receipt, NEW + gas, payments, [])
        self.assertEqual(seen, {"0x0", "0x1"})
        # And none gets more.
        self.skipped(self.deploy_test("Frugal", 32_500))


@needs_chain
@needs_solc
class Reentry(ContractCase):
    def answers(self, receipt):
        """What the calls out of the payees' code got: (succeeded, the first bytes of the answer)."""
        out = []
        for log in receipt["logs"]:
            if log["topics"][0] == topic("Answered(bool,bytes)"):
                data = bytes.fromhex(log["data"][2:])
                out.append((data[31] == 1, data[96:100]))
        return out

    def test_a_payee_cannot_enter_again_with_the_same_batch_or_another(self):
        for batch, again in ((NEW, NEW), (NEW + 1, NEW + 2)):
            payee = self.deploy_test("Reenters", self.contract, word(again), 0, value=ETHER)
            payments = [(A, 5), (payee, 6), (B, 7)]
            receipt = self.pay(batch, payments)
            self.assert_outcome(receipt, batch, payments, [])
            self.assertEqual(self.answers(receipt), [(False, selector("Reentered()"))])
            self.assertEqual(self.executed(again, payee), 0)

    def test_a_payee_that_insists_is_not_paid(self):
        payee = self.deploy_test("Reenters", self.contract, word(NEW), 1, value=ETHER)
        payments = [(A, 5), (payee, 6), (B, 7)]
        receipt = self.pay(NEW, payments)
        self.assert_outcome(receipt, NEW, payments, [1])

    def test_a_caller_cannot_enter_again_when_coins_come_back(self):
        caller = self.deploy_test("Reenters", self.contract, word(NEW + 1), 0, value=ETHER)
        payments = [(self.deploy_test("Rejects"), 6), (A, 5)]
        data = selector("start(bytes32,address[],uint256[])") + arguments(word(NEW), *map(list, zip(*payments)))
        receipt = self.transact(data, caller, 11)
        self.assert_outcome(receipt, NEW, payments, [0], caller=caller)
        self.assertEqual(self.answers(receipt), [(False, selector("Reentered()"))])
        self.assertEqual(self.executed(NEW + 1, caller), 0)

    def test_a_caller_pays_two_batches_one_after_the_other_in_a_transaction(self):
        caller = self.deploy_test("PaysTwice")
        start = selector("start(address,bytes32[2],address[],uint256[])")
        twice = start + arguments(self.contract, word(NEW), word(NEW + 1), [A, B], [5, 6])
        receipt = self.transact(twice, caller, 22)
        self.assertEqual([event.batch for event in self.events(receipt)], [NEW, NEW + 1])
        self.assertEqual((self.chain.balance(A), self.chain.balance(B)), (10, 12))
        self.refused("AlreadyExecuted(bytes32)", start + arguments(self.contract, word(8), word(8), [A, B], [5, 6]), 22, to=caller)

    def test_a_caller_that_takes_nothing_back_reverts_its_batch(self):
        caller = self.deploy_test("RefusesBack")
        payments = [(A, 5), (self.deploy_test("Rejects"), 6)]
        data = selector("start(address,bytes32,address[],uint256[])") + arguments(
            self.contract, word(NEW), *map(list, zip(*payments)))
        got = self.refused("CallerRefusesCoins(uint256)", data, 11, to=caller)
        self.assertEqual(got, [6])
        self.assertEqual(self.chain.balance(A), 0)

    def test_coins_that_were_forced_upon_the_contract_pay_nothing(self):
        self.transact(solidity.compiled("tests/contracts/Payees.sol")["Forces"].creation + arguments(self.contract), value=ETHER)
        self.assertEqual(self.chain.balance(self.contract), ETHER)
        self.assertEqual(self.refused("ValueTooLow(uint256)", self.pay_data(NEW, [(A, 6)]), 5), [0])
        payments = [(A, 5), (self.deploy_test("Rejects"), 6)]
        self.assert_outcome(self.pay(NEW, payments), NEW, payments, [1])
        self.assertEqual(self.chain.balance(self.contract), ETHER)


@needs_hardhat
class BatchesOnHardhat(OnHardhat, Batches):
    pass


@needs_hardhat
class HostilePayeesOnHardhat(OnHardhat, HostilePayees):
    pass


@needs_hardhat
class ReentryOnHardhat(OnHardhat, Reentry):
    pass


if __name__ == "__main__":
    needed.main()
