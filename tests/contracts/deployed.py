"""Tokens on a development chain: deployed, given to the payer, and their balances read."""
import sys

import solidity

FILES = ("tests/contracts/Tokens.sol", "tests/contracts/WideToken.sol")
GAS = 5_000_000


class Token:
    """One of the contracts in FILES, of which `holder` has `amount` smallest units."""

    def __init__(self, chain, name, holder, amount):
        self.chain, self.code = chain, solidity.compiled(*FILES)[name]
        # Another account than the payer's: all nonces of that one are its ledger's.
        self.owner = chain.call("eth_accounts")[1]
        self.address = self.transact(self.code.creation)["contractAddress"]
        self.call("transfer", int(holder, 16), amount)
        assert self.balance(holder) == self.received(amount)

    def call(self, function, *numbers):
        """A transaction of the owner."""
        self.transact(self.code.selectors[function] + b"".join(map(self.word, numbers)), self.address)

    @staticmethod
    def received(amount):
        """What arrives of an amount; another number where a token takes a part of it."""
        return amount

    @staticmethod
    def word(value):
        return value.to_bytes(32, "big")

    def transact(self, data, to=None):
        sent = {"from": self.owner, "data": "0x" + data.hex(), "gas": hex(GAS)}
        digest = self.chain.call("eth_sendTransaction", sent | ({"to": to} if to else {}))
        sys.modules["chain"].wait_for(lambda: self.chain.call("eth_getTransactionReceipt", digest), "the transaction is mined")
        receipt = self.chain.call("eth_getTransactionReceipt", digest)
        assert receipt["status"] == "0x1", receipt
        return receipt

    def balance(self, who):
        data = self.code.selectors["balanceOf"] + self.word(int(who, 16))
        return int(self.chain.call("eth_call", {"to": self.address, "data": "0x" + data.hex()}, "latest"), 16)
