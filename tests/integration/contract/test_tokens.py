#!/usr/bin/env python3
"""A batch of tokens: from the caller alone, and a payee is paid only if its balance shows it, whatever the token returns."""
from batches import ETHER, ContractCase, OnHardhat, account, arguments, needed, needs_chain, needs_hardhat, needs_solc, selector, topic, word

A, B, C = (account(number) for number in range(3))
NEW = 0x2001  # a batch's id
SUPPLY = 10 ** 15


@needs_chain
@needs_solc
class TokenCase(ContractCase):
    def token(self, name, *values, blocked=()):
        """A token of which the contract may take all that the payer has."""
        token = self.deploy_test(name, *values)
        self.approve(token, SUPPLY)
        for payee in blocked:
            self.transact(selector("block_(address)") + arguments(payee), token)
        return token

    def paid(self, token, payments, failed, batch=NEW):
        """Pays a batch, of which these indices fail, and looks at all balances."""
        payees = {to for to, _ in payments}
        before = {to: self.tokens(token, to) for to in payees | {self.payer}}
        receipt = self.pay_token(token, batch, payments)
        self.assert_outcome(receipt, batch, payments, failed, token)
        grown = dict.fromkeys(payees | {self.payer}, 0)
        for at, (to, amount) in enumerate(payments):
            if at not in failed:
                grown[to] += amount
                grown[self.payer] -= amount
        self.assertEqual({to: self.tokens(token, to) - before[to] for to in grown}, grown)
        self.assertEqual(self.tokens(token, self.contract), 0)
        return receipt


class Kinds(TokenCase):
    payments = [(A, 5_000_000), (B, 7), (C, 123_456_789)]

    def test_a_plain_token(self):
        token = self.token("Token")
        self.paid(token, self.payments, [])
        self.assertEqual(self.view(token, "allowance(address,address)", self.payer, self.contract),
                         SUPPLY - sum(amount for _, amount in self.payments))

    def test_a_token_that_returns_nothing(self):
        self.paid(self.token("SilentToken"), self.payments, [])
        self.paid(self.token("SilentToken", blocked=[B]), self.payments, [1], NEW + 1)

    def test_a_payee_that_the_token_rejects(self):
        self.paid(self.token("Token", blocked=[B]), self.payments, [1])

    def test_a_token_that_returns_false(self):
        self.paid(self.token("FalseToken", blocked=[A, C]), self.payments, [0, 2])

    def test_a_token_that_returns_false_and_moves_all_the_same(self):
        # What moved is undone, so that "not paid" is true.
        self.paid(self.token("FalseButMovesToken", blocked=[B]), self.payments, [1])

    def test_a_token_that_returns_true_and_moves_nothing(self):
        self.paid(self.token("LyingToken", blocked=[B]), self.payments, [1])

    def test_a_token_that_takes_a_fee_of_what_is_sent(self):
        # A fee of 1 % of 7 units is none.
        token = self.token("FeeToken")
        self.paid(token, self.payments, [0, 2])
        self.assertEqual(self.tokens(token, "0x" + 37 * "0" + "fee"), 0)

    def test_a_token_that_takes_more_from_the_caller_reverts_the_batch(self):
        token = self.token("SenderFeeToken")
        got = self.refused("CallerDebited(uint256,uint256)", self.token_data(token, NEW, [(A, 1000), (B, 99)]))
        self.assertEqual(got, [1109, 1099])
        self.assertEqual((self.tokens(token, A), self.tokens(token, self.payer)), (0, SUPPLY))

    def test_a_token_whose_balances_change(self):
        token = self.token("RebasingToken")
        self.paid(token, self.payments, [])
        # A transfer of whole shares of 3.5 each: those of 7 and 10,500 are exact, the one of 10 would be 7.
        self.transact(selector("rebase(uint256)") + arguments(3500), token)
        self.paid(token, [(A, 10), (B, 7), (C, 10_500)], [0], NEW + 1)

    def test_a_token_that_burns_gas_or_returns_much(self):
        for way in (1, 2, 3):
            token = self.token("HeavyToken", way, blocked=[B])
            receipt = self.paid(token, self.payments, [1], NEW + way)
            self.assertLess(int(receipt["gasUsed"], 16), 340_000)

    def test_a_payee_that_the_token_calls_cannot_enter_again(self):
        token = self.token("HookToken")
        for at, rejects in enumerate((0, 1)):
            payee = self.deploy_test("Reenters", self.contract, word(NEW), rejects, value=ETHER)
            receipt = self.paid(token, [(A, 5), (payee, 6), (B, 7)], [1] * rejects, NEW + at)
            answers = [log["data"] for log in receipt["logs"] if log["topics"][0] == topic("Answered(bool,bytes)")]
            self.assertEqual([answer[2 + 3 * 64:][:8] for answer in answers], [selector("Reentered()").hex()] * (1 - rejects))


class Refusals(TokenCase):
    def test_a_batch_executes_once_for_each_caller_with_coins_and_tokens_alike(self):
        token = self.token("Token")
        self.paid(token, [(A, 5)], [])
        self.refused("AlreadyExecuted(bytes32)", self.token_data(token, NEW, [(A, 5)]))
        self.refused("AlreadyExecuted(bytes32)", self.pay_data(NEW, [(A, 5)]), 5)
        self.pay(NEW + 1, [(A, 5)])
        self.refused("AlreadyExecuted(bytes32)", self.token_data(token, NEW + 1, [(A, 5)]))
        self.assertEqual(self.tokens(token, A), 5)

    def test_nothing_is_paid_without_allowance_or_balance_for_all(self):
        token = self.deploy_test("Token")
        data = self.token_data(token, NEW, [(A, 5), (B, 6)])
        self.assertEqual(self.refused("AllowanceTooLow(uint256,uint256)", data), [0, 11])
        self.approve(token, 10)
        self.assertEqual(self.refused("AllowanceTooLow(uint256,uint256)", data), [10, 11])
        # Another caller has no tokens, and takes none of the payer's by the payer's allowance.
        self.approve(token, 11)
        self.approve(token, 11, caller=self.other)
        self.assertEqual(self.refused("BalanceTooLow(uint256,uint256)", data, caller=self.other), [0, 11])
        self.assertEqual(self.tokens(token, A), 0)
        self.paid(token, [(A, 5), (B, 6)], [])

    def test_the_tokens_are_those_of_the_caller_not_of_the_account_that_began_the_transaction(self):
        token, caller = self.token("Token"), self.deploy_test("PaysTokens")
        self.transact(selector("transfer(address,uint256)") + arguments(caller, 11), token)
        start = selector("start(address,address,bytes32,address[],uint256[])")
        receipt = self.transact(start + arguments(self.contract, token, word(NEW), [A, B], [5, 6]), caller)
        self.assert_outcome(receipt, NEW, [(A, 5), (B, 6)], [], token, caller)
        self.assertEqual((self.tokens(token, caller), self.tokens(token, self.payer)), (0, SUPPLY - 11))

    def test_the_part_that_moves_tokens_is_for_the_contract_alone(self):
        token = self.token("Token")
        data = selector("transferChecked(address,address,address,uint256)") + arguments(token, self.payer, self.other, 5)
        for caller in (self.other, self.payer):
            self.refused("OnlyForItself()", data, caller=caller)
        self.assertEqual(self.tokens(token, self.other), 0)

    def test_what_is_no_token_is_refused(self):
        self.refused("NoToken(address)", self.token_data(A, NEW, [(B, 5)]))
        for other in (self.contract, self.deploy_test("Accepts")):
            self.refused("TokenFailed()", self.token_data(other, NEW, [(B, 5)]))

    def test_wrong_payees_and_amounts_revert_the_batch(self):
        token = self.token("Token")
        for wrong in (0, self.payer, self.contract, token):
            got = self.refused("WrongPayee(uint256)", self.token_data(token, NEW, [(A, 5), (B, 6), (wrong, 7)]))
            self.assertEqual(got, [2])
        self.assertEqual(self.refused("WrongAmount(uint256)", self.token_data(token, NEW, [(A, 0)])), [0])
        self.refused("Panic(uint256)", self.token_data(token, NEW, [(A, 2 ** 256 - 1), (B, 2)]))
        head = selector("payToken(address,bytes32,address[],uint256[])")
        self.assertEqual(self.refused("WrongLengths(uint256,uint256)", head + arguments(token, word(NEW), [A, B], [5])), [2, 1])
        self.assertEqual(self.tokens(token, self.payer), SUPPLY)

    def test_a_gas_limit_that_is_too_low_reverts_the_whole_batch(self):
        token = self.token("Token")
        data = self.token_data(token, NEW, [(account(number), 5) for number in range(10)])
        self.refused("GasTooLow(uint256)", data, gas=600_000)
        self.assertEqual(self.tokens(token, self.payer), SUPPLY)

    def test_two_hundred_payees_some_of_them_twice(self):
        blocked = [account(number) for number in (0, 7, 99)]
        token = self.token("Token", blocked=blocked)
        payments = [(account(number % 100), 1000 + number) for number in range(200)]
        self.paid(token, payments, [0, 7, 99, 100, 107, 199])


@needs_hardhat
class KindsOnHardhat(OnHardhat, Kinds):
    pass


@needs_hardhat
class RefusalsOnHardhat(OnHardhat, Refusals):
    pass


if __name__ == "__main__":
    needed.main()
