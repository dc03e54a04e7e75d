"""The batch contract on a development chain: deployed from the code in the sources, called, and its events read."""
import collections
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "host"), str(HERE.parents[1] / "contracts")]
import solidity  # noqa: E402
import needed  # noqa: E402
from chain import ANVIL, HARDHAT, Chain, Hardhat, wait_for  # noqa: E402
from wallet import keccak256  # noqa: E402

ETHER = 10 ** 18
GAS = 16_000_000
PAYEES, TOKENS = "tests/contracts/Payees.sol", "tests/contracts/Tokens.sol"
ZERO = "0x" + 40 * "0"

needs_chain = needed.program(ANVIL, "anvil")
needs_hardhat = needed.program(HARDHAT, "Hardhat")
needs_solc = needed.program(solidity.SOLC, "solc")

Batch = collections.namedtuple("Batch", "caller batch token payees not_paid paid call")
NotPaid = collections.namedtuple("NotPaid", "caller batch to index amount")


def topic(signature):
    return "0x" + keccak256(signature.encode()).hex()


BATCH = topic("Batch(address,bytes32,address,uint256,uint256,uint256,bytes32)")
NOT_PAID = topic("NotPaid(address,bytes32,address,uint256,uint256)")


def selector(signature):
    return keccak256(signature.encode())[:4]


def word(value):
    if isinstance(value, str):
        value = int(value, 16)
    return value.to_bytes(32, "big") if isinstance(value, int) else value.rjust(32, b"\0")


def address_of(text):
    """The address in the last bytes of a word."""
    return "0x" + text[-40:]


def account(number):
    """An account that no contract has, with a byte of each value in its address."""
    return "0x" + keccak256(b"payee %d" % number)[12:].hex()


def arguments(*values):
    """Arguments by the ABI: numbers, addresses, 32 bytes, and lists of the first two."""
    head, tail = [], b""
    for value in values:
        if isinstance(value, list):
            head.append(word(32 * len(values) + len(tail)))
            tail += word(len(value)) + b"".join(map(word, value))
        else:
            head.append(word(value))
    return b"".join(head) + tail


class OnHardhat:
    """For a class that is derived from the tests: they run on the other chain."""

    kind = Hardhat


class ContractCase(unittest.TestCase):
    """A chain with the contract on it for each test."""

    kind = Chain

    def setUp(self):
        self.chain = self.enterContext(self.kind(mines=True))
        self.payer, self.other, *_ = self.chain.call("eth_accounts")
        self.contract = self.deploy(solidity.committed("creation"))

    # Transactions

    def transact(self, data, to=None, value=0, caller=None, gas=GAS):
        sent = {"from": caller or self.payer, "data": "0x" + data.hex(), "value": hex(value), "gas": hex(gas)}
        if to:
            sent["to"] = to
        digest = self.chain.call("eth_sendTransaction", sent)
        return wait_for(lambda: self.chain.call("eth_getTransactionReceipt", digest), "the transaction is mined")

    def deploy(self, code, *values, value=0):
        receipt = self.transact(code + arguments(*values), value=value)
        self.assertEqual(receipt["status"], "0x1")
        return receipt["contractAddress"]

    def deploy_test(self, name, *values, value=0):
        """One of the contracts in tests/contracts."""
        return self.deploy(solidity.compiled(PAYEES, TOKENS)[name].creation, *values, value=value)

    def pay_data(self, batch, payments):
        return selector("pay(bytes32,address[],uint256[])") + arguments(
            word(batch), [to for to, _ in payments], [amount for _, amount in payments])

    def token_data(self, token, batch, payments):
        return selector("payToken(address,bytes32,address[],uint256[])") + arguments(
            token, word(batch), [to for to, _ in payments], [amount for _, amount in payments])

    def pay(self, batch, payments, value=None, **options):
        if value is None:
            value = sum(amount for _, amount in payments)
        return self.transact(self.pay_data(batch, payments), self.contract, value, **options)

    def pay_token(self, token, batch, payments, **options):
        return self.transact(self.token_data(token, batch, payments), self.contract, **options)

    def approve(self, token, amount, caller=None):
        receipt = self.transact(selector("approve(address,uint256)") + arguments(self.contract, amount), token, caller=caller)
        self.assertEqual(receipt["status"], "0x1")

    def refused(self, error, data, value=0, caller=None, gas=GAS, to=None):
        """The call is reverted with this error of the contract, as a transaction too."""
        call = {"from": caller or self.payer, "to": to or self.contract, "data": "0x" + data.hex(), "value": hex(value),
                "gas": hex(gas)}
        got = self.chain.answer("eth_call", call, "latest")
        self.assertIn("error", got, f"want {error}")
        found = got["error"].get("data") or ""
        if isinstance(found, dict):  # of Hardhat
            found = found["data"]
        if error is not None:
            self.assertEqual(found[:10], "0x" + selector(error).hex(), f"want {error}, got {got['error']}")
        receipt = self.transact(data, call["to"], value, caller, gas)
        self.assertEqual((receipt["status"], receipt["logs"]), ("0x0", []))
        return [int(found[at:at + 64], 16) for at in range(10, len(found), 64)]

    # What the chain says

    def view(self, to, signature, *values):
        got = self.chain.call("eth_call", {"to": to, "data": "0x" + (selector(signature) + arguments(*values)).hex()}, "latest")
        return int(got, 16)

    def tokens(self, token, who):
        return self.view(token, "balanceOf(address)", who)

    def executed(self, batch, caller=None):
        return self.view(self.contract, "executed(address,bytes32)", caller or self.payer, word(batch))

    def price(self, receipt):
        return int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)

    def events(self, receipt):
        """The contract's events of a receipt, in their order."""
        out = []
        for log in receipt["logs"]:
            if log["address"].lower() != self.contract.lower():
                continue
            signature, caller, batch, address = log["topics"]
            data = [int(log["data"][at:at + 64], 16) for at in range(2, len(log["data"]), 64)]
            kind = {BATCH: Batch, NOT_PAID: NotPaid}[signature]
            out.append(kind(address_of(caller), int(batch, 16), address_of(address), *data))
        return out

    def assert_outcome(self, receipt, batch, payments, failed, token=ZERO, caller=None):
        """The batch was executed, and its events name these indices, and no others, as not paid."""
        self.assertEqual(receipt["status"], "0x1")
        *skipped, end = self.events(receipt)
        caller = (caller or self.payer).lower()
        self.assertEqual(skipped, [NotPaid(caller, batch, payments[at][0].lower(), at, payments[at][1]) for at in failed])
        paid = sum(amount for at, (_, amount) in enumerate(payments) if at not in failed)
        call = self.token_data(token, batch, payments) if token != ZERO else self.pay_data(batch, payments)
        digest = int.from_bytes(keccak256(call), "big")
        self.assertEqual(end, Batch(caller, batch, token.lower(), len(payments), len(failed), paid, digest))
        self.assertEqual(self.executed(batch, caller), digest)
