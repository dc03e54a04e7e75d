"""A ledger and a chain as they are, read without any code of the host."""
import contextlib
import sqlite3
import typing

import rig_path  # noqa: F401
from wallet import keccak256

RESERVED, HELD, BOUND, SENT, MINED, CONFIRMED, PAID, RETURNED, FROZEN = range(1, 10)
FREE = 2
PAY = keccak256(b"pay(bytes32,address[],uint256[])")[:4]
NOT_PAID = "0x" + keccak256(b"NotPaid(address,bytes32,address,uint256,uint256)").hex()


class Payment(typing.NamedTuple):
    to: str
    wei: int
    paid: bool


class Transaction(typing.NamedTuple):
    hash: bytes
    nonce: int
    executed: bool
    fee: int
    payments: list  # several of a batch, in its order; none of one that pays nothing


def payee(number):
    return f"0xfeed{number:036}"


def amount(blob):
    """Signed, 32 bytes."""
    return int.from_bytes(blob, "big", signed=True)


class Books:
    def __init__(self, file):
        self.file = file

    def rows(self, sql, *values):
        with contextlib.closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=20)) as database:
            return database.execute(sql, values).fetchall()

    def recorded(self, raw):
        return bool(self.rows("SELECT 1 FROM attempt WHERE raw = ?", raw))

    def paid(self):
        return self.rows("SELECT count(*) FROM payout WHERE state = ?", PAID)[0][0]

    def open(self):
        return self.rows("SELECT count(*) FROM payout WHERE state NOT IN (?, ?)", PAID, RETURNED)[0][0]

    def batches(self):
        """How many were executed, and the payouts in them that were paid, and that were not."""
        return self.rows(
            "SELECT count(DISTINCT s.id), ifnull(sum(p.state = ?), 0), ifnull(sum(p.state = ?), 0) FROM slot s "
            "JOIN slot_end e ON e.slot = s.id JOIN payout p ON p.slot = s.id WHERE s.payouts > 1 AND e.executed", PAID,
            RETURNED)[0]

    def decisions(self):
        return {(who, epoch): wei for who, epoch, wei in self.rows("SELECT orchestrator, epoch, wei FROM decision")}

    def balances(self):
        """By account; of all entries."""
        out = {}
        for name, wei in self.rows("SELECT a.name, e.wei FROM entry e JOIN account a ON a.id = e.account"):
            out[name] = out.get(name, 0) + amount(wei)
        return out


def calls_of(to, wei, data):
    """What a transaction is to pay: addresses and amounts."""
    if not data:
        return [(to, wei)] if wei else []
    assert data[:4] == PAY, data.hex()
    words = [int.from_bytes(data[at:at + 32], "big") for at in range(4, len(data), 32)]
    payees, amounts = (words[at // 32 + 1:at // 32 + 1 + words[at // 32]] for at in words[1:3])
    assert len(payees) == len(amounts) and sum(amounts) == wei, data.hex()
    return [(f"0x{one:040x}", own) for one, own in zip(payees, amounts)]


def not_paid(receipt):
    """The indices that a batch's contract names."""
    return {int(log["data"][2:66], 16) for log in receipt["logs"]
            if log["topics"][0] == NOT_PAID and log["address"].lower() == receipt["to"].lower()}


def executed_by(chain, payer):
    """All transactions of the payer in the chain as it is now, in their order."""
    out = []
    for number in range(int(chain.call("eth_blockNumber"), 16) + 1):
        for one in chain.call("eth_getBlockByNumber", hex(number), True)["transactions"]:
            if one["from"].lower() != payer:
                continue
            receipt = chain.call("eth_getTransactionReceipt", one["hash"])
            executed, skipped = receipt["status"] == "0x1", not_paid(receipt)
            calls = calls_of(one["to"].lower(), int(one["value"], 16), bytes.fromhex(one["input"][2:]))
            payments = [Payment(to, wei, executed and at not in skipped) for at, (to, wei) in enumerate(calls)]
            out.append(Transaction(bytes.fromhex(one["hash"][2:]), int(one["nonce"], 16), executed,
                                   int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16), payments))
    return out


def read_rlp(raw, at=0):
    """The item at a place, bytes or a list of items, and where the next one begins."""
    first = raw[at]
    if first < 0x80:
        return raw[at:at + 1], at + 1
    is_list = first >= 0xc0
    size = first - (0xc0 if is_list else 0x80)
    at += 1
    if size > 55:
        width = size - 55
        size = int.from_bytes(raw[at:at + width], "big")
        at += width
    end = at + size
    if not is_list:
        return raw[at:end], end
    items = []
    while at < end:
        item, at = read_rlp(raw, at)
        items.append(item)
    return items, end


class Signed(typing.NamedTuple):
    """What signed bytes pay: chain, nonce, to, value and data, without fees."""
    chain: int
    nonce: int
    to: str
    wei: int
    data: bytes


def signed(raw):
    assert raw[0] == 2, raw
    items, end = read_rlp(raw, 1)
    assert end == len(raw) and len(items) == 12, raw
    number = [int.from_bytes(items[at], "big") for at in (0, 1, 6)]
    return Signed(number[0], number[1], "0x" + items[5].hex(), number[2], items[7])
