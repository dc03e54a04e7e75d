#!/usr/bin/env python3
"""The code of the batch contract: what solc makes of the source is what is built in and deployed, and what it costs."""
import re
import unittest

from batches import ETHER, ContractCase, account, arguments, keccak256, needed, needs_chain, needs_solc, selector, solidity

DOCUMENT = (solidity.PROJECT / "docs" / "batch-contract.md").read_text(encoding="utf-8")
GOAL = 10_400  # gas for each payee of a batch of 200 whose accounts exist


class Code(unittest.TestCase):
    @needs_solc
    def test_the_code_in_the_sources_is_what_solc_makes(self):
        contract = solidity.compiled("ethereum/contract/BatchPayer.sol")["BatchPayer"]
        for kind, code in (("creation", contract.creation), ("runtime", contract.runtime)):
            self.assertEqual(solidity.committed(kind).hex(), code.hex(), "python3 tests/contracts/solidity.py writes it")

    def test_the_document_has_the_hash_of_the_code(self):
        hashes = {kind: "0x" + keccak256(solidity.committed(kind)).hex() for kind in ("creation", "runtime")}
        self.assertEqual(set(re.findall("0x[0-9a-f]{64}", DOCUMENT)), set(hashes.values()))


@needs_chain
class Deployed(ContractCase):
    def test_the_code_on_the_chain_is_the_code_in_the_sources(self):
        got = bytes.fromhex(self.chain.call("eth_getCode", self.contract, "latest")[2:])
        self.assertEqual(got, solidity.committed("runtime"))

    def test_the_deployment_proxy_gives_it_the_address_of_the_document(self):
        proxy = "0x4e59b44847b379578588920cA78FbF26c0B4956C"
        creation = solidity.committed("creation")
        receipt = self.transact(bytes(32) + creation, proxy)
        self.assertEqual(receipt["status"], "0x1")
        address = keccak256(b"\xff" + bytes.fromhex(proxy[2:]) + bytes(32) + keccak256(creation))[12:].hex()
        self.assertIn("0x" + address, DOCUMENT.lower())
        got = bytes.fromhex(self.chain.call("eth_getCode", "0x" + address, "latest")[2:])
        self.assertEqual(got, solidity.committed("runtime"))


@needs_chain
@needs_solc
class Gas(ContractCase):
    """The table of the document, which is what the contract costs on this chain."""

    def used(self, *what, **how):
        receipt = self.transact(*what, **how)
        self.assertEqual(receipt["status"], "0x1")
        return int(receipt["gasUsed"], 16)

    def setUp(self):
        super().setUp()
        self.known = [account(number) for number in range(200)]
        for payee in self.known:
            self.chain.call("anvil_setBalance", payee, "0x1")
        self.token = self.deploy_test("Token")
        self.approve(self.token, 10 ** 15)
        # About 0.02 ETH, and about 50 USDC, no two the same.
        self.coins = [ETHER // 50 + number * 123_456_789_011 for number in range(200)]
        self.units = [50_000_000 + number * 12_345 for number in range(200)]

    def coin_batch(self, count, payees):
        payments = list(zip(payees, self.coins))[:count]
        return self.used(self.pay_data(count + int(payees[0], 16), payments), self.contract,
                         value=sum(amount for _, amount in payments))

    def token_batch(self, count, payees):
        payments = list(zip(payees, self.units))[:count]
        return self.used(self.token_data(self.token, count + int(payees[0], 16), payments), self.contract)

    def measured(self):
        fresh = [[account(1000 * serial + number) for number in range(200)] for serial in range(1, 9)]
        transfer = selector("transfer(address,uint256)")
        holders = fresh.pop()
        alone = self.used(transfer + arguments(holders[0], self.units[0]), self.token)
        for payee in holders[1:]:
            self.used(transfer + arguments(payee, self.units[0]), self.token)
        return {
            "coins, accounts that exist": [self.used(b"", self.known[0], value=self.coins[0])] +
                                          [self.coin_batch(count, self.known) for count in (1, 20, 200)],
            "coins, new accounts": [self.used(b"", fresh[0][199], value=self.coins[0])] +
                                   [self.coin_batch(count, fresh[at]) for at, count in enumerate((1, 20, 200))],
            "tokens, payees that hold some": [self.used(transfer + arguments(holders[0], self.units[1]), self.token)] +
                                             [self.token_batch(count, holders) for count in (1, 20, 200)],
            "tokens, payees that hold none": [alone] +
                                             [self.token_batch(count, fresh[3 + at]) for at, count in enumerate((1, 20, 200))],
        }

    def test_the_table_of_the_document_is_what_is_measured(self):
        rows = []
        for name, (alone, one, twenty, many) in self.measured().items():
            cells = [alone, one, twenty / 20, many / 200]
            rows.append(f"| {name} | " + " | ".join(f"{round(cell):,}" for cell in cells) + " |")
            if name == "coins, accounts that exist":
                self.assertLessEqual(many / 200, GOAL)
        self.maxDiff = None
        self.assertEqual([line for line in DOCUMENT.splitlines() if re.match(r"\| (coins|tokens), ", line)], rows)


if __name__ == "__main__":
    needed.main()
